"""Epoch: says once when results take longer to work out than the time between two epochs."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from streamreg._event import event

_T = TypeVar("_T")
_log = logging.getLogger("streamreg")

_NOTICED: Final = 0.25
"""Seconds below which nobody waits, however short the interval is."""


class SlowResults:
    """Knows how long results take, and tells of the first that take too long."""

    def __init__(self, interval: float) -> None:
        """`interval` is the time between two epochs, in seconds."""
        self._interval = interval
        self._told = False

    @contextmanager
    def watching(self, epoch: int, output: str) -> Iterator[None]:
        """While something is worked out for an output."""
        started = time.monotonic()
        yield
        self._look(time.monotonic() - started, epoch, output)

    def watched(self, found: Iterator[_T], epoch: int, output: str) -> Iterator[_T]:
        """What is worked out for an output, piece by piece; what is done with the pieces does not count."""
        taken = -time.monotonic()
        for one in found:
            taken += time.monotonic()
            yield one
            taken -= time.monotonic()
        self._look(taken + time.monotonic(), epoch, output)

    def _look(self, taken: float, epoch: int, output: str) -> None:
        if self._told or taken <= max(self._interval, _NOTICED):
            return
        self._told = True
        _log.warning(
            "epoch %d: the results of %r took %.1f s to work out, longer than the %g s between epochs "
            "(autocommit_duration_ms, on Spark trigger): rows are read on for those between any two, but results come "
            "later; take fewer features, or scale those of very different sizes",
            epoch,
            output,
            taken,
            self._interval,
            extra=event("slow_results", output=output, seconds=round(taken, 3)),
        )
