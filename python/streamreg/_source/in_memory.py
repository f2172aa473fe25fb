"""Source, in memory: what sources share whose messages are held, or made, in the process that reads them.

There is nothing to connect to or to wait for, and partitions neither come nor go.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from streamreg._source.contract import Watermarks
from streamreg._source.messages import Origin

if TYPE_CHECKING:
    from pathlib import Path

    from streamreg._source.contract import Identity, Range, Reader, Report


class InMemorySource(ABC):
    """A source that derives from it says how long its partitions are, and opens a reader."""

    name: str
    autocommit_duration_ms: int = 0
    mode: Literal["streaming", "static"] = "static"
    goes_on_after_loss: bool = False
    refresh_seconds: float | None = None
    reads: str | None = None

    @abstractmethod
    def lengths(self) -> Mapping[int, int]:
        """For each partition how many messages it has."""

    @abstractmethod
    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        """As `Source.reader`."""

    @property
    def identity(self) -> Identity:
        return None

    @property
    def topics(self) -> tuple[str, ...]:
        return (self.name,)

    def identity_after(
        self, name: str, identity: Identity, partitions: Collection[int]
    ) -> Identity | None:
        return None

    def origin(self, partition: int) -> Origin:
        return Origin(self.name, partition)

    def would_read(self, path: Path) -> bool:
        return False

    def pin(self, identity: Identity, report: Report, stopping: Callable[[], bool]) -> Identity:
        return self.identity

    def check_log(
        self, ranges: Mapping[int, Range], report: Report, stopping: Callable[[], bool]
    ) -> None:
        return

    def watermarks(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Watermarks]:
        return {partition: Watermarks(0, end) for partition, end in self.lengths().items()}

    def starts(
        self, watermarks: Mapping[int, Watermarks], report: Report, stopping: Callable[[], bool]
    ) -> Mapping[int, int]:
        return {partition: at.low for partition, at in watermarks.items()}

    def new_partitions(self, known: Collection[int]) -> dict[int, Watermarks]:
        return {}

    def first_messages(
        self,
        partitions: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Iterator[tuple[int, bytes | None]]:
        yield from ()  # Of formats that ask for none.

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        lengths = self.lengths()
        return {partition: lengths[partition] for partition in partitions}

    def commit_offsets(self, offsets: Mapping[int, int]) -> None:
        return

    def close(self) -> None:
        return
