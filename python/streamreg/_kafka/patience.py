"""Sink, Kafka: for how long the cluster is waited for, before it counts as away."""

from __future__ import annotations

import time
from collections.abc import Callable, Sized
from typing import Final

_LOST_SECONDS: Final = 5.0
"""Seconds where the connection was lost."""

LAST_SECONDS: Final = 3.0
"""Seconds when the run is to end."""


class Patience:
    """Whether something is no longer waited for, from its making on.

    Not if nothing has come for long; or soon, where the connection is lost, so that it is said; or the run is to end.
    """

    def __init__(self, stopping: Callable[[], bool], seconds: float, errors: Sized) -> None:
        """`errors` is what the connection has said meanwhile."""
        self._stopping = stopping
        self._errors = errors
        self._started = time.monotonic()
        self._until = self._started + seconds

    def __call__(self) -> bool:
        now = time.monotonic()
        if self._errors:
            self._until = min(self._until, self._started + _LOST_SECONDS)
        if self._stopping():
            self._until = min(self._until, now + LAST_SECONDS)
            self._stopping = never
        return now >= self._until


class QueuePatience:
    """Whether a queue is no longer waited for: patience begins anew when something has left it, however much it is."""

    def __init__(self, patience: Callable[[], Callable[[], bool]], queue: Sized) -> None:
        """`patience` gives what begins now."""
        self._patience = patience
        self._queue = queue
        self._waiting = len(queue)
        self._given_up = patience()

    def __call__(self) -> bool:
        left = len(self._queue)
        if left < self._waiting:
            self._given_up = self._patience()
        self._waiting = left
        return self._given_up()


def never() -> bool:
    """Nothing ends what is waited for."""
    return False
