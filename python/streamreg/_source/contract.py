"""Source, the first stage: what a topic looks like to the rest of the flow.

A source is a picklable description. The parent asks it for its partitions; each worker opens a reader
over the ranges it was given. Kafka (`_kafka`), the generator (`demo`) and the public fake
(`streamreg.testing`) are the three there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from streamreg._types import ColumnType

Format = Literal["csv", "json", "raw"]
Report = Callable[[str], None]
"""Takes one line about the connection, for people."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What a partition holds: the offsets from `low`, up to but not including `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Range:
    """Offsets of one partition still to be read: from `start`, up to `end` (None: for ever)."""

    start: int
    end: int | None
    fresh: bool
    """Whether `start` is the beginning of the partition, where a CSV header may stand."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where a message stands in its topic."""

    partition: int
    offset: int
    timestamp: int | None
    """Milliseconds since 1970-01-01 UTC, as the topic has it."""


Headers = Sequence[tuple[str, bytes | None]]
"""Names and values, in the order of the message."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a message carries besides its value."""

    key: bytes | None = None
    headers: Headers = ()


@dataclass(slots=True)
class Batch:
    """Messages in the order of the topic within each partition."""

    values: list[bytes | None]
    progress: dict[int, tuple[int, int]]
    """Partition: the offsets [from, to) that this batch covers, gaps of the log included."""

    locate: Callable[[int], Location]
    """Where the message of this index stands; asked for few messages only."""

    partition_of: Callable[[int], int]
    """Partition of the message of this index."""

    envelope: Callable[[int], Envelope] = lambda index: Envelope()
    """What the message of this index carries besides its value; asked for few messages only."""


class Reader(Protocol):
    """Reads ranges of a source, in one process."""

    def read(self, timeout: float) -> Batch | None:
        """The next messages, None if none came within `timeout` seconds.

        A range with an end is covered by `progress` up to at least that end, and no message at or past
        the end is returned. Errors that retrying cannot mend are raised as SourceError.
        """

    def lag(self) -> int | None:
        """Messages of these ranges known to be waiting at the source; None if unknown."""

    def close(self) -> None:
        """Frees connections."""


class Source(Protocol):
    """A description of a topic. Picklable: it is opened anew in each process."""

    @property
    def name(self) -> str:
        """How messages to people call it: the topic."""

    @property
    def columns(self) -> Mapping[str, ColumnType]:
        """Columns and their types, in the order of the schema."""

    @property
    def format(self) -> Format:
        """How a message is decoded."""

    @property
    def header(self) -> Sequence[str] | None:
        """Names of the fields of a CSV message, where no header message gives them."""

    @property
    def autocommit_duration_ms(self) -> int:
        """The least time between the ends of two epochs, in milliseconds."""

    @property
    def begins(self) -> Literal["earliest", "latest"]:
        """Where a run without a state begins."""

    @property
    def mode(self) -> Literal["streaming", "static"]:
        """Whether a run goes on for ever, or up to the ends found at the start."""

    @property
    def refresh_seconds(self) -> float | None:
        """How often a run looks for new partitions; None: never."""

    def extents(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Extent]:
        """The partitions there are.

        Waits for a source that cannot be reached, telling `report`; returns {} if `stopping`.
        """

    def new_partitions(self, known: Collection[int]) -> dict[int, Extent]:
        """The partitions there are beyond these; {} if the source does not say at once."""

    def first_message(self, partition: int, timeout: float, report: Report) -> bytes | None:
        """The first message of this partition, b"" if it has no value; None if it has none.

        TimeoutError if the source does not tell within `timeout` seconds.
        """

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        """Opens the source for reading."""

    def acknowledge(self, offsets: Mapping[int, int]) -> None:
        """Told after a commit up to which offset each partition is done; for lag tools only."""

    def close(self) -> None:
        """Frees what `extents`, `first_message` and `acknowledge` hold open in this process."""
