"""Plan: an output, as the processes and the state know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from streamreg._sinks.contract import ColumnSpec, SinkSpec
    from streamreg._types import Time


@dataclass(frozen=True)
class OutputSpec:
    """Where rows are written, which columns they have, and what their `time` is."""

    sink: SinkSpec
    columns: tuple[ColumnSpec, ...]
    time: Time = "epoch"

    @property
    def name(self) -> str:
        """What messages and the state call the output: of a file its path."""
        return self.sink.name

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)
