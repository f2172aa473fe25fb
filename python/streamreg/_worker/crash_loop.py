"""CrashLoop: of one worker, and whether it gets on in between.

A message may kill whoever works on it (a crash in a function given to `apply`, or in what it calls), and the other
partitions of that worker go on between its crashes. So what counts is whether it gets on where it dies: once it has
died, its successors say of each batch where it begins before they work on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

_STEADY_SECONDS = 60.0
"""A worker that has lived so long was sound, though its topic had no messages."""


class CrashLoop:
    """Those of one place in the crew."""

    def __init__(self) -> None:
        self.any = False
        """Whether there were any: then it is worth saying where a batch begins."""
        self._idle = 0
        self._places: Counter[tuple[int, int]] = Counter()
        """How often it has died in a batch that began there: partition and offset."""
        self._batch: Mapping[int, int] = {}

    def batch_begun(self, starts: Mapping[int, int]) -> None:
        """The worker begins a batch, at these offsets of these partitions."""
        self._batch = starts

    def batch_done(self) -> None:
        """The worker has handed in a batch."""
        self._idle, self._batch = 0, {}

    def add(self, lived: float, merged: Mapping[int, int]) -> int:
        """One more, of a process that has lived for some seconds; `merged` is up to where all was handed in.

        Returns how often it has died without getting on.
        """
        self.any = True
        self._idle = 1 if lived > _STEADY_SECONDS else self._idle + 1
        # A batch that was handed in since is no place to die in any more.
        still = {place: n for place, n in self._places.items() if merged[place[0]] == place[1]}
        self._places = Counter(still) + Counter(self._batch.items())
        self._batch = {}
        return max(self._idle, *self._places.values(), 0)

    @property
    def where(self) -> str:
        """Where it has died most often, for people."""
        if not self._places:
            return ""
        [((partition, offset), _)] = self._places.most_common(1)
        return f" at partition {partition} offset {offset} or soon after"
