"""Run: partitions that have been read to their end, and since when nothing more came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class QuietPartitions:
    """Since when each partition has no more messages, as its broker says, by the wall clock.

    A partition of which nothing is heard is not quiet: its broker may be gone, and its messages still come.
    """

    def __init__(self) -> None:
        """Nothing is known of any."""
        self._since: dict[int, float] = {}
        self._heard: dict[int, float] = {}

    def has_read(self, partitions: Iterable[int]) -> None:
        """Messages of these partitions have come."""
        for partition in partitions:
            self._since.pop(partition, None)

    def learn(self, log_ends: Mapping[int, int], offsets: Mapping[int, int], now: float) -> None:
        """The brokers say where these logs end; `offsets` are the next ones to be merged."""
        for partition, end in log_ends.items():
            if partition in offsets and end <= offsets[partition]:
                self._since.setdefault(partition, now)
                self._heard[partition] = now
            else:
                self._since.pop(partition, None)

    def idle(self, seconds: float) -> list[int]:
        """The partitions that have been known to be quiet for so long."""
        return [p for p, since in self._since.items() if self._heard[p] - since >= seconds]
