"""Serve, messages: what the run sends to the process that serves: plain data, pickled, a message at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._serve.snapshot import Snapshot

if TYPE_CHECKING:
    from streamreg._sinks.contract import ColumnSpec
    from streamreg._source.messages import Location


@dataclass(frozen=True)
class TableSpec:
    """A table that is served: the result that an output has."""

    name: str
    """What requests call it."""

    output: str
    """What the run calls its output."""

    columns: tuple[ColumnSpec, ...]
    keys: tuple[int, ...] | None
    """Places of the columns that are its keys; none of a table of one row, None where not all are among them."""

    reduction: int
    """Which of the run's reductions it follows from."""

    models: tuple[Mapping[str, Any], ...] = ()
    """The regressions that it shows, as a state describes them (`plan.models.RegressionInfo`, as JSON)."""


@dataclass(frozen=True)
class RowsSpec:
    """An output of rows that were read, or of rows with their scores."""

    output: str
    columns: tuple[ColumnSpec, ...]
    slots: tuple[int | None, ...]
    """For each column the slot of the workers' program whose values it has unchanged; None of what is computed later.

    A column and an input of a reduction with the same slot have the same values, of the same rows.
    """


@dataclass(frozen=True)
class Layout:
    """What there is to serve; it comes once, before all else of the run."""

    tables: tuple[TableSpec, ...]
    reductions: tuple[Mapping[str, Any], ...]
    """As a state describes them: inputs, aggregates, keys."""

    state: str | None
    """The directory of the state."""

    rows: tuple[RowsSpec, ...] = ()
    inputs: tuple[tuple[int, ...], ...] = ()
    """For each reduction the slots of its inputs."""


@dataclass(frozen=True)
class Standing:
    """All tables as they stand after an epoch: at the start, and where changes were skipped."""

    epoch: int
    """The last one that is in them; -1 before the first."""

    rows: tuple[Sequence[bytes], ...]
    """For each table its rows, as CSV has them."""

    closed: tuple[Sequence[bytes], ...]
    """For each table the newest rows of closed windows, which the run has let go of; the newest last."""

    sums: tuple[bytes | None, ...]
    """For each reduction its state; None where it has keys."""

    unix_ms: int = -1
    """The wall clock of that epoch; -1 before the first."""

    @property
    def size(self) -> int:
        """Bytes that it takes, nearly."""
        return sum(len(row) for of in (self.rows, self.closed) for rows in of for row in rows)


@dataclass(frozen=True)
class EpochChanges:
    """What an epoch has changed."""

    epoch: int
    unix_ms: int
    changes: tuple[bytes, ...]
    """For each table its changes, as lines of a changelog."""

    closed: tuple[Sequence[bytes], ...]
    """For each table rows that will not change any more, of closed windows: the run has let go of them."""

    sums: tuple[bytes | None, ...]
    """As `Standing` has them."""

    @property
    def size(self) -> int:
        """Bytes that it takes, nearly."""
        rows = sum(len(row) for closed in self.closed for row in closed)
        return 256 + rows + sum(map(len, self.changes)) + sum(len(s) for s in self.sums if s)


class LastLines(NamedTuple):
    """The end of what an output was given."""

    lines: bytes
    """Lines of a changelog."""

    cut: bool
    """Whether the first of them may lack its beginning."""


class RejectExample(NamedTuple):
    """A message that did not fit, shortened to be shown."""

    location: Location
    reason: str
    column: str | None
    detail: str
    value: str
    size: int
    """Bytes of the whole value."""


@dataclass(frozen=True)
class Recent:
    """The newest rows and rejects of closed epochs; it stands for itself, whatever came before."""

    rows: tuple[LastLines, ...]
    """For each of the layout's outputs of rows."""

    rejects: tuple[RejectExample, ...]


Message: TypeAlias = Snapshot | Layout | Standing | EpochChanges | Recent
