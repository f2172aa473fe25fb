"""Serve, pace: how fast a run was over the last minutes: its rows, its lag, how long epochs took to close."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from streamreg._serve.snapshot import Snapshot

MOST_SAMPLES: Final = 600
_APART: Final = 1.0
"""Seconds between two samples, at least."""


class Sample(NamedTuple):
    """A moment of a run."""

    unix: float
    rows_per_second: float
    lag: int | None
    epoch_seconds: float | None
    """The mean of the epochs since the sample before; None if none was closed."""


class Pace:
    """The last samples."""

    def __init__(self) -> None:
        """None yet."""
        self.samples: deque[Sample] = deque(maxlen=MOST_SAMPLES)
        self._closed = 0
        self._seconds = 0.0

    def note(self, now: Snapshot) -> None:
        """A snapshot, of which one a second is kept."""
        if now.phase != "reading" or (self.samples and now.unix < self.samples[-1].unix + _APART):
            return
        closed, seconds = sum(now.epoch_seconds.counts), now.epoch_seconds.total
        since = closed - self._closed
        mean = (seconds - self._seconds) / since if since > 0 else None
        self._closed, self._seconds = closed, seconds
        self.samples.append(Sample(now.unix, now.rows_per_second, now.total_lag, mean))
