"""Source, messages: what a reader gives: batches of messages, where each stands, and what people call that place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeAlias

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from streamreg._core import FetchedMessages


@dataclass(frozen=True, slots=True)
class Origin:
    """What people call a partition of a source."""

    name: str
    """Of its topic, or the path of a file."""

    partition: int | None
    """The number within the topic; None: it is a file."""

    def __str__(self) -> str:
        if self.partition is None:
            return f"file {self.name!r}"
        return f"topic {self.name!r}, partition {self.partition}"

    @property
    def short(self) -> str:
        """As Kafka's own tools call the partition of a topic: `topic-0`."""
        return self.name if self.partition is None else f"{self.name}-{self.partition}"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a message stands in its topic."""

    partition: int
    offset: int
    timestamp: int | None
    """Milliseconds since 1970-01-01 UTC, as the topic has it."""

    origin: Origin | None = None
    """Of a source of files, or of several topics; None: of its topic, the partition of this number."""


Headers = Sequence[tuple[str, bytes | None]]
"""Names and values, in the order of the message."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a message carries besides its value."""

    key: bytes | None = None
    headers: Headers = ()


MessageValues: TypeAlias = "list[bytes | None] | FetchedMessages"
"""The value of each message, None for a tombstone: a list, or where the native reader has them in memory."""


def without(values: MessageValues, indexes: Collection[int]) -> MessageValues:
    """The values with None in some places."""
    if not indexes:
        return values
    if not isinstance(values, list):
        return values.without(list(indexes))
    return [None if index in indexes else value for index, value in enumerate(values)]


@dataclass(slots=True)
class Batch:
    """Messages in the order of the topic within each partition."""

    values: MessageValues
    progress: dict[int, tuple[int, int]]
    """Partition: the offsets [from, to) that this batch covers, gaps of the log included."""

    locate: Callable[[int], Location]
    """Where the message of this index stands; asked for few messages only."""

    partitions: Callable[[], Iterable[int]]
    """Gives the partition of each message; asked for all of them, so it must be quick."""

    offsets: Callable[[], Iterable[int]]
    """Gives the offset of each message; likewise."""

    leader_epochs: Mapping[int, int] = field(default_factory=dict)
    """Partition: the leader epoch of its last message in this batch, where the source knows of such."""

    firsts: Mapping[int, int] = field(default_factory=dict)
    """Partition: index of its first message of all, where that is among these messages."""

    lost: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Partition: the offsets [from, to) of `progress` of which the messages were deleted before they were read."""

    envelope: Callable[[int], Envelope] = lambda index: Envelope()
    """What the message of this index carries besides its value; asked of few only, unless keys name rows."""

    found: Any = None
    """What a format must know of these messages, where their partition says it by itself, as a file of CSV by its
    header; None: what the preamble has found for the whole run."""

    reader: str = ""
    """Which of the readers of the source has read it, for people; "" where there is one alone."""
