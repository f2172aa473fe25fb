"""Sink, the last stage: the contract. Where the changes of a table are written.

A sink only appends. Where it stands is its position, which a checkpoint records after a flush; what stands past it at
the next start is no part of the run, and goes when the sink is opened at that position. So outputs, state and offsets
always tell of the same epoch. To add a sink: a file in this folder, and a function in `streamreg.io`.

What cannot go back, such as a database or a topic, is a destination (`Destination`): it is given changes after the
checkpoint that holds them too (`outbox`), in transactions of its own that say how far they go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._exceptions import OutputError
from streamreg._sinks.cells import rows_of
from streamreg._sinks.waits import Waits

if TYPE_CHECKING:
    from streamreg._types import DType

Position: TypeAlias = Any
"""Where a sink stands, as JSON has it."""


Mode: TypeAlias = Literal["changelog", "current"]
"""What a destination holds: every change with its time and diff, or the table as it stands."""


class EpochChanges(NamedTuple):
    """The changes of one epoch, which wait to be delivered."""

    time: int
    """What the column `time` says of the epoch: each later one has a greater one."""

    lines: bytes
    """As `Changes` has them."""


@dataclass(frozen=True)
class ColumnSpec:
    """A column of an output."""

    name: str
    dtype: DType
    text: str
    """The expression that defines it, as messages show it."""


@dataclass(frozen=True)
class Changes:
    """Changes of one epoch: rows that appear (diff 1) and rows that go (diff -1), in order.

    Of a row that is replaced the retraction stands before the insertion.
    """

    columns: Sequence[ColumnSpec]
    lines: bytes
    """As lines of CSV: the cells of each row, its time and its diff. A missing value is an empty cell, no text `""`."""

    def __iter__(self) -> Iterator[tuple[tuple[object, ...], int, int]]:
        """Each change: the row as Python has its values, None for a missing one, then its time and its diff.

        Values of columns of unknown type are text, as the lines have them.
        """
        return rows_of(self.lines, [column.dtype for column in self.columns])


@dataclass(frozen=True)
class RunTerms:
    """What a sink must know of the run that opens it."""

    state: Path | None = None
    """The directory of the run's state. With one a sink must be such that it can go back to a position."""

    durable: bool = False
    """Whether what was flushed is to outlast a power cut, as each flush says again. A sink that makes something when it
    is opened makes it so that it does: a new file with its name, before a state speaks of it."""

    thorough: bool = False
    """Whether a check reads all that is there, as opening it does."""

    stopping: Callable[[], bool] = lambda: False
    """Whether the run is to end: nothing that takes long goes on then."""

    waits: Waits = field(default_factory=Waits)
    """Told which output the run waits for."""

    outbox: Mapping[str, Sequence[EpochChanges]] = field(default_factory=dict)
    """What the state holds for destinations, by the names of their outputs, in the order of the epochs."""


class Sink(Protocol):
    """An output that is open."""

    @property
    def position(self) -> Position:
        """Where it stands with all that was appended, flushed or not."""

    def append(self, changes: Changes) -> None:
        """Takes changes. Raises OutputError if they cannot be written."""

    def flush(self, *, durable: bool) -> None:
        """Hands everything on, so that it is there at the position whatever this process does.

        `durable` waits until it would outlast a power cut too, with all that is needed to find it, such as the name of
        a new file. Raises OutputError if it is not taken.
        """

    def close(self) -> None:
        """Lets go of it; what was not flushed is not written."""


class ReadBack(Protocol):
    """What an output holds up to a position, read again. The run that writes it may go on meanwhile."""

    @property
    def extent(self) -> str:
        """How much that is, for people, like "512 bytes"."""

    def changes(self) -> Iterator[Sequence[bytes]]:
        """All changes in order, from the beginning at each call, some at a time.

        Each is a line as `Changes` has them, without its end: a sink that keeps values makes such lines of them with
        `cells.lines_of`.

        Raises:
            OutputError: if it cannot be read, or holds what no run writes.
        """

    def check_bytes(self) -> str | None:
        """Compares it byte by byte with what the position says of it, and returns what was found, for people.

        None where a position says nothing of bytes: then the changes are all there is to compare.

        Raises:
            OutputError: if it cannot be read, or there are others than the run has written.
        """


class SinkSpec(Protocol):
    """A description of an output. It is picklable."""

    @property
    def kind(self) -> str:
        """What people call such an output, like "file"."""

    @property
    def call(self) -> str:
        """The function by which a program asks for one, like "io.csv.write"."""

    @property
    def name(self) -> str:
        """What messages and the state call it, by which no other output of the run is called."""

    @property
    def place(self) -> str:
        """Where it writes, the same for all names of one place: two outputs never write to one."""

    def files(self) -> Sequence[Path]:
        """Files that it writes on this machine; of those that are numbered one."""

    def identity(self) -> Mapping[str, Any]:
        """What makes it the same output, as JSON has it: a state goes on with the same outputs alone."""

    def check(
        self, columns: Sequence[ColumnSpec], position: Position | None, terms: RunTerms
    ) -> None:
        """Before anything is opened or read: is it what the state, or its absence, makes one expect?

        `position` is where the last run has left it; None if there was none.

        Raises:
            OutputError: if the run would overwrite something, another run writes it, or what it should go on from is
                gone.
            CorruptStateError: if that is no position of such a sink.
        """

    def open(
        self, columns: Sequence[ColumnSpec], position: Position | None, terms: RunTerms
    ) -> Sink | None:
        """A new output, or that of the last run as it was at `position`; no other run can open it until it is closed.

        Nothing of it is changed before the first flush: a run that finds another output of its own unusable leaves
        all of them as they are.

        Returns:
            The sink; None if the run is to end before it is open.

        Raises:
            OutputError: as `check`, or if it cannot be written, or is not as it was at the position.
            CorruptStateError: if that is no position of such a sink.
        """

    def read_back(self, columns: Sequence[ColumnSpec], position: Position) -> ReadBack | None:
        """What it holds up to a position, for `streamreg verify`; None if such a sink cannot be read.

        Nothing is locked or changed. Raises CorruptStateError if that is no position of such a sink.
        """


class AwayError(Exception):
    """A destination cannot be reached, or is busy, and may take the same later; the text says what was heard."""


class MovedOnError(OutputError):
    """A destination is not where the checkpoint is that it is to be compared with: it has gone on, or has yet to."""


class Delivered(NamedTuple):
    """What a destination says of itself, in the same transactions as the changes that it holds."""

    run: str
    """Which run has written it: a name that no other has."""

    time: int
    """The time of the last epoch that it holds changes of; -1 before the first."""


FORGOTTEN: Final = Delivered("", -1)
"""What one says that holds something, and no longer up to where, or never knew."""


class Destination(Protocol):
    """A database or a topic, connected; no other run can have the same table of it meanwhile.

    All methods raise OutputError if the destination refuses for good, and AwayError if it may take the same later; it
    is closed then, and another one is opened.
    """

    def last(self) -> Delivered | None:
        """Up to where it holds changes; None if nothing was ever begun there, FORGOTTEN if that is not known."""

    def begin(self, run: str) -> None:
        """Makes what changes go to, where it is not there yet, and says whose it is, with the time -1."""

    def send_ahead(self, epochs: Sequence[EpochChanges]) -> None:
        """Told what is delivered next, as soon as a checkpoint holds it; raises nothing.

        A destination may take it meanwhile, such that nobody sees it before `deliver`, and nothing is left of it if
        that is called with something else, or not at all.
        """

    def deliver(self, epochs: Sequence[EpochChanges], before: Delivered) -> None:
        """Takes all changes, and the time of the last epoch, in one transaction; `before` is what `last` says.

        Raises OutputError if it says something else by now.
        """

    def close(self) -> None:
        """Lets go of it."""
