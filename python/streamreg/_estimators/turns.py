"""Estimator: one estimator in several threads. Who changes it has his turn; who reads it does so as of one moment.

Rows are held by objects that change in place. A reader marks them as shared, and from then on they stay as they are:
the next writer goes on with a copy (copy on write). So readers wait for nobody but for the batch that is just being
added, they never see half of a change, and no call holds two locks.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Self, TypeVar, cast

_Method = TypeVar("_Method", bound=Callable[..., Any])

_MAKING = threading.Lock()


class Rows:
    """What an estimator knows of its rows."""

    shared = False
    """Whether somebody else may hold it too, so that it is not to be changed any more."""


class Turns:
    """What can be used from several threads, copied and pickled meanwhile."""

    # Beside `__dict__`, so that the lock is neither a parameter nor copied or pickled.
    __slots__ = ("_lock",)
    _lock: AbstractContextManager[bool]

    @property
    def _turn(self) -> AbstractContextManager[bool]:
        """To be held by whoever changes the estimator."""
        try:
            return self._lock
        except AttributeError:
            pass
        with _MAKING:
            if not hasattr(self, "_lock"):
                self._lock = threading.RLock()
        return self._lock

    def _snapshot(self) -> Self:
        """The estimator as it is at this moment; what others change later does not change it."""
        made = object.__new__(type(self))
        with self._turn:
            for value in self.__dict__.values():
                if isinstance(value, Rows):
                    value.shared = True
            made.__dict__.update(self.__dict__)
        return made

    def __getstate__(self) -> dict[str, Any]:
        """For `copy` and `pickle`, without the lock."""
        return self._snapshot().__dict__


def in_turn(method: _Method) -> _Method:
    """Makes a method that changes its object wait for the others."""

    @functools.wraps(method)
    def alone(self: Turns, /, *args: object, **kwargs: object) -> object:
        with self._turn:
            return method(self, *args, **kwargs)

    return cast(_Method, alone)


def as_of_now(method: _Method) -> _Method:
    """Makes a method that only reads its object read that of one moment."""

    @functools.wraps(method)
    def unchanging(self: Turns, /, *args: object, **kwargs: object) -> object:
        return method(self._snapshot(), *args, **kwargs)

    return cast(_Method, unchanging)
