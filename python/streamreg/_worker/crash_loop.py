"""Worker: finds out whether a worker crashes in a loop: again and again, without progress where it crashes.

A message may crash every worker that processes it (by a function given to `apply`, or by what that calls), while the
other partitions of that worker advance between its crashes. So only progress at the place of the crash counts: after
the first crash the successors announce where each batch begins before they process it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

_STEADY_SECONDS = 60.0
"""A worker that has run so long was healthy, even if its topic had no messages."""


class CrashLoop:
    """The crashes of one place in the pool."""

    def __init__(self) -> None:
        self.any = False
        """Whether there were crashes: from then on the worker announces where each batch begins."""
        self._idle = 0
        self._places: Counter[tuple[int, int]] = Counter()
        """How often it has crashed in a batch that began there: partition and offset."""
        self._batch: Mapping[int, int] = {}

    def batch_begun(self, starts: Mapping[int, int]) -> None:
        """The worker begins a batch, at these offsets of these partitions."""
        self._batch = starts

    def batch_done(self) -> None:
        """The worker has handed in a batch."""
        self._idle, self._batch = 0, {}

    def add(self, lived: float, merged: Mapping[int, int]) -> int:
        """Counts the crash of a process that has run for `lived` seconds; `merged` are the merged offsets.

        Returns how often it has crashed without progress.
        """
        self.any = True
        self._idle = 1 if lived > _STEADY_SECONDS else self._idle + 1
        # A place whose batch was merged since does not count any more.
        still = {place: n for place, n in self._places.items() if merged[place[0]] == place[1]}
        self._places = Counter(still) + Counter(self._batch.items())
        self._batch = {}
        return max(self._idle, *self._places.values(), 0)

    def where(self, name: Callable[[int, int], str]) -> str:
        """Where it has crashed most often, for messages; `name` says what people call a partition and offset."""
        if not self._places:
            return ""
        [(place, _)] = self._places.most_common(1)
        return f" at {name(*place)} or soon after"
