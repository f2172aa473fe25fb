"""Worker: how a process is started, whatever the program is that starts it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import ModuleType
from typing import TYPE_CHECKING, Final

from streamreg._dataclass import dataclass
from streamreg._process import quick_imports
from streamreg._terminal.standard_streams import drop_broken

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

# librdkafka does not survive a fork.
CONTEXT: Final = multiprocessing.get_context("spawn")
"""What processes and their pipes are made by."""
_BLAS_THREADS: Final = "OPENBLAS_NUM_THREADS"
_STARTING: Final = threading.Lock()
"""Held while main module and environment are not the program's own: several threads may start workers."""


@dataclass(slots=True)
class WorkerProcess:
    """A worker's process, which waits for its task, and the parent's ends of its pipes."""

    process: SpawnProcess
    errand: Connection
    """By which it gets its task."""
    inbox: Connection
    """By which its mail comes."""
    control: Connection
    """Which it stops by when it is closed."""

    def kill(self) -> None:
        """Ends it, at once."""
        for end in (self.errand, self.inbox, self.control):
            end.close()
        self.process.kill()
        self.process.join()


def worker_process(index: int) -> WorkerProcess:
    """Starts a worker, which imports what it needs before it has a task.

    Raises:
        OSError: if the system has no room for it.
    """
    tasks, errand = CONTEXT.Pipe(duplex=False)
    inbox, mailbox = CONTEXT.Pipe(duplex=False)
    orders, control = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(
        target=_work, args=(tasks, mailbox, orders), name=f"streamreg-worker-{index}", daemon=True
    )
    start(process)
    for end in (tasks, mailbox, orders):
        end.close()
    return WorkerProcess(process, errand, inbox, control)


def _work(tasks: Connection, mailbox: Connection, control: Connection) -> None:
    # Here, in the child: the parent starts it before it has imported all this itself.
    with quick_imports():
        from streamreg._worker import worker

    worker.main(tasks, mailbox, control)


def start(process: SpawnProcess) -> None:
    """Starts a child that does not run the user's program, nor hear Ctrl-C before it is ready for it."""
    drop_broken()  # `start` flushes the streams, and would fail with them.
    with _STARTING, _without_main_module(), _signals_blocked(), _one_blas_thread():
        process.start()


class _Nameless(ModuleType):
    """The program's main module, which to one thread has neither a file nor a name to be imported by."""

    def __init__(self, main: ModuleType) -> None:
        super().__init__("__main__")
        own = object.__getattribute__(self, "__dict__")
        own["_main"] = main
        own["_thread"] = threading.get_ident()

    def __getattribute__(self, name: str) -> object:
        own = object.__getattribute__(self, "__dict__")
        if name in ("__spec__", "__file__") and own["_thread"] == threading.get_ident():
            return None
        return getattr(own["_main"], name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(object.__getattribute__(self, "__dict__")["_main"], name, value)

    def __delattr__(self, name: str) -> None:
        delattr(object.__getattribute__(self, "__dict__")["_main"], name)


@contextmanager
def _without_main_module() -> Iterator[None]:
    """Keeps `multiprocessing` from running the user's program again in the child.

    A spawned child imports the parent's main module, and a program without an
    `if __name__ == "__main__"` guard would then start itself anew there. Nothing of it is needed:
    functions of the main module travel by value, in the task. Other threads find all of it meanwhile.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = _Nameless(main)
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Lets the child start with these signals blocked, until it has set its own handling."""
    resource_tracker.ensure_running()  # Its start, else within that of the child, unblocks them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Keeps NumPy in the child from starting a thread for each core of the machine, unless the user has said how many.

    They take part in nothing that a worker computes, but memory, and for a moment a core each.
    """
    if _BLAS_THREADS in os.environ:
        yield
        return
    os.environ[_BLAS_THREADS] = "1"
    try:
        yield
    finally:
        os.environ.pop(_BLAS_THREADS, None)
