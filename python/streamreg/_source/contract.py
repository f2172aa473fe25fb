"""Source, the first stage: what a topic looks like to the rest of the flow.

A source is a picklable description. The parent asks it for its partitions; each worker opens a reader over the ranges
it was given. A source does not know what the bytes of a message mean: `_formats` does. Kafka
(`_kafka`), files (`_files`, `_parquet`), frames (`_frames`), the generator (`demo`) and the public fake
(`streamreg.testing`) are those there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, Self, TypeAlias

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from streamreg._source.messages import Batch, Origin

Identity: TypeAlias = Any
"""What a source says of what it reads, as JSON has it; None: nothing."""

Report = Callable[[str], None]
"""Takes one line of text about the connection."""


BELIEVED_SECONDS: Final = 20.0
"""For how long the end of a log is known that a source does not say anew: it does so about once a second, and where its
broker is 5 s away after two round trips."""


class Trouble(str):
    """A line that says that a connection does not work at the moment."""

    __slots__ = ()


class ToldOnce(str):
    """A line of which a run tells the first alone, whichever of its readers it comes from."""

    __slots__ = ("about",)

    about: str
    """What makes lines the same."""

    def __new__(cls, text: str, about: str) -> Self:
        """A line."""
        line = super().__new__(cls, text)
        line.about = about
        return line

    def __reduce__(self) -> tuple[type[ToldOnce], tuple[str, str]]:
        """It comes from other processes."""
        return ToldOnce, (str(self), self.about)


@dataclass(frozen=True, slots=True)
class Watermarks:
    """What a partition holds: the offsets from `low`, up to but not including `high`."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Range:
    """Offsets of one partition still to be read: from `start`, up to `end` (None: for ever)."""

    start: int
    end: int | None
    untouched: bool
    """Whether no message of the partition comes before `start`: its first one is still to be read."""

    leader_epoch: int | None = None
    """The leader epoch of the message before `start`, as `Batch.leader_epochs` had it: by it a source can tell that
    its log was replaced."""


class Beginnings:
    """Finds the first message of each partition among the batches of a reader."""

    def __init__(self, ranges: Mapping[int, Range]) -> None:
        """Of the partitions of which nothing was read before."""
        self._waiting = {p for p, r in ranges.items() if r.untouched}

    def among(
        self, partitions: Collection[int], places: Callable[[], Iterable[int]]
    ) -> dict[int, int]:
        """Those among messages of these partitions: partition and index, as `Batch.firsts`.

        `places` gives the partition of each message; asked only while some of the partitions wait for their first.
        """
        found: dict[int, int] = {}
        sought = self._waiting.intersection(partitions)
        for index, partition in enumerate(places() if sought else ()):
            if partition in sought:
                found[partition] = index
                sought.discard(partition)
                if not sought:
                    break
        self._waiting -= found.keys()
        return found


class Reader(Protocol):
    """Reads ranges of a source, in one process."""

    def read(self, timeout: float) -> Batch | None:
        """The next messages, None if none came within `timeout` seconds.

        A range with an end is covered by `progress` up to at least that end, and no message at or past
        the end is returned. Errors that retrying cannot mend are raised as SourceError.
        """

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """Where the logs of these partitions end, of those of which it is known."""

    def close(self) -> None:
        """Frees connections."""


def reads_anywhere(source: Source) -> bool:
    """Whether any range of its offsets can be read by a process of any machine, with the same result.

    A source of which that is so says it, as `reads_anywhere`; the others say nothing.
    """
    found: bool = getattr(source, "reads_anywhere", False)
    return found


def silence_seconds(source: Source) -> float:
    """For how long it may send nothing, while messages wait there, before its readers count it as lost.

    A source of which that is known says it, as `silence_seconds`; the others send at once.
    """
    found: float = getattr(source, "silence_seconds", 0.0)
    return found


def heard(reader: Reader) -> int:
    """How many signs there were of messages on their way: it grows while a large one comes over a slow connection.

    A reader that knows it says it, as `heard`; the others say nothing.
    """
    found: int = getattr(reader, "heard", 0)
    return found


class Source(Protocol):
    """A description of a topic. Picklable: it is opened anew in each process."""

    @property
    def name(self) -> str:
        """Its name in messages: the topic."""

    @property
    def topics(self) -> Sequence[str]:
        """The names of the topics that are read, as far as they are known yet; of files the same as `name`."""

    @property
    def autocommit_duration_ms(self) -> int:
        """The least time between the ends of two epochs, in milliseconds."""

    @property
    def goes_on_after_loss(self) -> bool:
        """Whether a run goes on where messages were deleted before it has read them, and counts them."""

    @property
    def mode(self) -> Literal["streaming", "static"]:
        """Whether a run goes on for ever, or up to the ends found at the start."""

    @property
    def reads(self) -> str | None:
        """How messages are read, as in `is read …`; None where there is one way alone."""

    @property
    def refresh_seconds(self) -> float | None:
        """How often a run looks for new partitions; None: never."""

    @property
    def identity(self) -> Identity:
        """What is read, as JSON has it; None: not known.

        Of a topic that is its id, of several topics their ids and which of their partitions has which number, of files
        which of them has which number.

        It changes where there are new partitions, and is kept in the state with their offsets.
        """

    def identity_after(
        self, name: str, identity: Identity, partitions: Collection[int]
    ) -> Identity | None:
        """The identity with which this source goes on where one of another name has stopped, and reads more beside.

        `identity` is what that one had read, and these are its partitions, whose numbers stay. None: it does not read
        all of that.
        """

    def origin(self, partition: int) -> Origin:
        """What people call a partition."""

    def would_read(self, path: Path) -> bool:
        """Whether a file that is written there is one of those that it reads."""

    def pin(self, identity: Identity, report: Report, stopping: Callable[[], bool]) -> Identity:
        """Holds on to one topic, for all that follows: its readers give no message of another of the same name.

        `identity` is what an earlier call has returned of the topic; None: whichever it is now. Returns its identity,
        None if the source has no such thing, or if `stopping`. Waits as `watermarks` does.

        Raises:
            SourceError: if the name is another topic's now.
        """

    def check_log(
        self, ranges: Mapping[int, Range], report: Report, stopping: Callable[[], bool]
    ) -> None:
        """Raises SourceError if the log before the start of one of these ranges is not the one that was read.

        The ranges lie within the watermarks. Waits until the source has said so of each, or `stopping`.
        """

    def watermarks(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Watermarks]:
        """The partitions there are.

        Waits for a source that cannot be reached, telling `report`; returns {} if `stopping`.
        """

    def starts(
        self, watermarks: Mapping[int, Watermarks], report: Report, stopping: Callable[[], bool]
    ) -> Mapping[int, int]:
        """Where a run without a state begins: of each of these partitions the first offset to read.

        Waits as `watermarks` does; returns {} if `stopping`.

        Raises:
            SourceError: if a partition does not have it.
        """

    def new_partitions(self, known: Collection[int]) -> dict[int, Watermarks] | None:
        """The partitions there are beyond these; None if the source has not said so yet, and is to be asked again.

        Raises:
            SourceError: if the topic is gone for good, or its name another's.
        """

    def first_messages(
        self,
        partitions: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Iterator[tuple[int, bytes | None]]:
        """The first message of each of these partitions, as it comes: the partition, and the value, b"" if it has none.

        What `watermarks` gave of them says where they begin; if messages were deleted since, the first is the first
        that is still there.

        Of a partition that holds no message yet first comes a None; in a streaming source its first message follows
        when there is one. It waits without a limit, and tells `report` if that is long; ends if `stopping`.
        """

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        """Opens the source for reading."""

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """Where the logs of these partitions end, of those of which it is known anew; never waits.

        Asked several times a second while a run goes on, so that a source can do what is to be done in between.
        """

    def commit_offsets(self, offsets: Mapping[int, int]) -> None:
        """Told after a commit up to which offset each partition is done; for lag tools only."""

    def close(self) -> None:
        """Frees what `watermarks`, `first_messages` and `commit_offsets` hold open in this process."""


def has_files(source: Source) -> bool:
    """Whether its partitions are files."""
    return source.origin(0).partition is None


def offset_unit(source: Source) -> str:
    """What its offsets count, for messages.

    A source of files says it, as `offset_unit`; to the others they are offsets.
    """
    found: str = getattr(source, "offset_unit", "offset")
    return found


def full_name(source: Source) -> str:
    """What it is called in messages: `topic 'points'`, `files 'in/*.csv'`."""
    return f"{'files' if has_files(source) else 'topic'} {source.name!r}"


def short_name(source: Source, partition: int) -> str:
    """What tells the partitions of a source apart: of one topic their numbers, of files their names."""
    if len(source.topics) > 1 or has_files(source):
        return source.origin(partition).short
    return str(partition)


def place_name(source: Source, partition: int, offset: int) -> str:
    """Where a message stands, for messages: `partition 0 offset 7`, `file in/a.csv byte 7`."""
    what = "file" if has_files(source) else "partition"
    return f"{what} {short_name(source, partition)} {offset_unit(source)} {offset}"
