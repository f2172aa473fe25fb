"""Run: where the logs of a source end, and for how long what was said of that is believed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from streamreg._source.contract import BELIEVED_SECONDS


class LogEnds:
    """What the source and its readers have said, by the monotonic clock."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self.last: dict[int, int] = {}
        """For each partition what was said last, however long ago."""

        self._said_at: dict[int, float] = {}

    def learn(self, ends: Mapping[int, int], now: float) -> None:
        """Where these logs end, or ended a moment ago: readers and the source are not asked in one order."""
        for partition, end in ends.items():
            self.last[partition] = max(end, self.last.get(partition, end))
            self._said_at[partition] = now

    def known(self, now: float) -> dict[int, int]:
        """Those that were said lately: of the others nobody knows what has come since."""
        since = now - BELIEVED_SECONDS
        return {p: end for p, end in self.last.items() if self._said_at[p] >= since}

    def silent(self, partitions: Collection[int], now: float) -> bool:
        """Whether the end of one of these was known, and is no longer."""
        known = self.known(now)
        return any(p in self.last and p not in known for p in partitions)

    def all_said_after(self, moment: float, partitions: Collection[int]) -> bool:
        """Whether the ends of all of these were said anew after a moment."""
        return all(self._said_at.get(p, moment) > moment for p in partitions)
