"""Sink: what all destinations have in common: an outbox before them, a mode, and keys to upsert by.

A kind of destination derives from `DeliveredSpec`, and says how it is connected and read back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar

from streamreg._dataclass import dataclass
from streamreg._exceptions import OutputError
from streamreg._sinks.contract import AwayError
from streamreg._sinks.outbox import OutboxSink
from streamreg._sinks.outbox_position import compared, confirmed

if TYPE_CHECKING:
    from pathlib import Path

    from streamreg._sinks.contract import (
        ColumnSpec,
        Destination,
        Mode,
        Position,
        ReadBack,
        RunTerms,
    )
    from streamreg._sinks.gathering import Gathering


@dataclass(frozen=True, kw_only=True)
class DeliveredSpec(ABC):
    """An output that is a table of a database, or a topic."""

    mode: Mode = "changelog"
    keys: tuple[str, ...] = ()
    """The columns by which rows are upserted in the mode "current"; none: there is one row."""

    kind: ClassVar[str]
    sink: ClassVar[str]
    """What a state calls such a sink."""

    call: ClassVar[str]

    @property
    def gathering(self) -> Gathering | None:
        """How much waits before it is delivered; None: each epoch is."""
        return None

    @property
    @abstractmethod
    def name(self) -> str:
        """What messages and the state call it."""

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it writes."""

    @abstractmethod
    def connect(
        self, columns: Sequence[ColumnSpec], terms: RunTerms, *, look: bool = False
    ) -> Destination:
        """Connects to the destination, and checks that it can hold such columns.

        `look` makes and changes nothing, and locks only to see whether another run has it.

        Raises:
            OutputError: if it refuses, another run has it, or what is there does not fit.
            AwayError: if it cannot be reached now.
        """

    @abstractmethod
    def read_back(self, columns: Sequence[ColumnSpec], position: Position) -> ReadBack | None:
        """As `SinkSpec.read_back`."""

    def files(self) -> Sequence[Path]:
        return ()

    def identity(self) -> Mapping[str, Any]:
        return {"sink": self.sink, "mode": self.mode, "keys": list(self.keys)}

    def check(
        self, columns: Sequence[ColumnSpec], position: Position | None, terms: RunTerms
    ) -> None:
        waiting = terms.outbox.get(self.name, ())
        before = confirmed(position, waiting)
        try:
            with closing(self.connect(columns, terms, look=True)) as destination:
                compared(self.name, destination.last(), before, waiting, new=position is None)
        except AwayError as error:
            if terms.thorough:
                raise OutputError(f"{self.name}: {error}") from error
            # A run waits for it, when it is opened.

    def open(
        self, columns: Sequence[ColumnSpec], position: Position | None, terms: RunTerms
    ) -> OutboxSink | None:
        sink = OutboxSink(
            self.name, lambda: self.connect(columns, terms), position, terms, self.gathering
        )
        return sink if sink.connect(terms.stopping) else None


def foreign_rows(name: str) -> OutputError:
    """A table that nothing says of whose it is holds rows."""
    return OutputError(
        f"{name} holds rows that no run has written: empty or rename that table, or write to another one"
    )


def written_meanwhile(name: str) -> OutputError:
    """A table is at another epoch than this run has left it at."""
    return OutputError(
        f"{name}: another run has written to it meanwhile, so that this one ends: keep one of them"
    )
