"""Worker: how a task travels to a process, with the user's functions in it, and what their tracebacks show there.

A worker does not import the user's program, so that functions of it come as code, and their source with them: a file
may have changed since, and cells of a notebook or lines typed at a prompt are in no file at all.
"""

from __future__ import annotations

import io
import linecache
import pickle
import sys
from typing import Any


def pack(task: object) -> bytes:
    """A task for `unpack` in another process of the same Python.

    Raises:
        Exception: whatever an object that a function refers to raises when it is pickled.
    """
    # Late: a worker unpacks alone, and needs cloudpickle where functions travel, which then name it.
    from streamreg._worker.code_pickler import CodePickler

    with io.BytesIO() as file:
        pickler = CodePickler(file, protocol=pickle.HIGHEST_PROTOCOL)
        pickler.dump(task)
        sources = {name: lines for name in sorted(pickler.files) if (lines := _lines(name))}
        return pickle.dumps((sources, file.getvalue()), protocol=pickle.HIGHEST_PROTOCOL)


def unpack(packed: bytes) -> Any:  # noqa: ANN401  # what was packed
    """What was packed; from here on tracebacks show the source of the functions in it.

    Raises:
        Exception: whatever an object raises when it is unpickled.
    """
    sources, task = pickle.loads(packed)
    for name, lines in sources.items():
        # Without a time of change the entry stays, whether or not there is such a file.
        linecache.cache[name] = (sum(map(len, lines)), None, lines, name)
    return pickle.loads(task)


def _lines(name: str) -> list[str]:
    """The source that a traceback would show of a file, or of what is called so; none if there is none to be had."""
    linecache.checkcache(name)
    lines = linecache.getlines(name)
    if not lines:
        # A program in an archive: its loader has the source.
        for module in list(sys.modules.values()):
            namespace = getattr(module, "__dict__", {})
            if namespace.get("__file__") == name:
                return linecache.getlines(name, namespace)
    return lines
