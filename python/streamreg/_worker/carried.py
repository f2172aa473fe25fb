"""Worker: how a task travels to a process, with the user's functions in it, and what their tracebacks show there.

A worker does not import the user's program, so that functions of it come as code, and their source with them: a file
may have changed since, and cells of a notebook or lines typed at a prompt are in no file at all.
"""

from __future__ import annotations

import io
import linecache
import marshal
import pickle
import sys
from types import CodeType
from typing import Any

import cloudpickle


def pack(task: object) -> bytes:
    """A task for `unpack` in another process of the same Python.

    Raises:
        Exception: whatever an object that a function refers to raises when it is pickled.
    """
    with io.BytesIO() as file:
        pickler = _Pickler(file, protocol=pickle.HIGHEST_PROTOCOL)
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


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # it ships no types
    """Keeps the names of the files that code is from, and notes them: some releases of cloudpickle take them away."""

    def __init__(self, file: io.BytesIO, protocol: int) -> None:
        super().__init__(file, protocol=protocol)
        self.files: set[str] = set()

    def reducer_override(self, found: object) -> Any:  # noqa: ANN401  # as pickle has it
        if isinstance(found, CodeType):
            try:
                code = marshal.dumps(found)
            except ValueError:  # a constant in it is of a type that no compiler puts there
                return NotImplemented
            self.files.add(found.co_filename)
            return marshal.loads, (code,)
        return super().reducer_override(found)


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
