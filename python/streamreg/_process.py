"""Ground: what lets a process start quickly and write large pieces without asking the system for memory each time."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

_KEPT: Final = 1 << 24
_BLAS_PATIENCE: Final = "OPENBLAS_THREAD_TIMEOUT"


@contextmanager
def quick_imports() -> Iterator[None]:
    """Imports large modules without what makes that slow and is of no use meanwhile.

    Python's collector would look for garbage among objects that all stay: a sixth of the time. Threads that NumPy's
    linear algebra starts would each spin for a tenth of a second before they sleep (2^26 ticks; here 2^20), as long as
    the import takes; they are as many as ever.
    """
    collects = gc.isenabled()
    gc.disable()
    ours = _BLAS_PATIENCE not in os.environ
    if ours:
        os.environ[_BLAS_PATIENCE] = "20"
    try:
        yield
    finally:
        if ours:
            os.environ.pop(_BLAS_PATIENCE, None)
        if collects:
            gc.enable()


@contextmanager
def imported_when_used(name: str) -> Iterator[None]:
    """Lets modules that are imported meanwhile import another one by this name only when they use something of it.

    They hold a stand-in, which afterwards nobody else finds. Nothing is done if it was imported before.
    """
    if name in sys.modules:
        yield
        return
    stand_in = sys.modules[name] = _StandIn(name)
    try:
        yield
    finally:
        stand_in.withdraw()


class _StandIn(ModuleType):
    """What has all that a module has, which is imported for it."""

    def withdraw(self) -> None:
        """From now on who imports the module gets the module itself."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]

    def __getattr__(self, attribute: str) -> object:
        self.withdraw()
        return getattr(importlib.import_module(self.__name__), attribute)


def keep_freed_memory() -> None:
    """Lets the allocator keep what is freed, up to twice this, for the next piece.

    The GNU C library gives each large block back to the system when it is freed, so that every frame of rows would be
    made of pages that the kernel has to clear. It stops doing so for blocks as large as one that was freed once
    (mallopt(3): the threshold is dynamic), though nobody has touched it. Elsewhere nothing happens.

    By `bytes`, which asks for cleared memory: a `bytearray` would write all of it, which takes 11 ms.
    """
    bytes(_KEPT)
