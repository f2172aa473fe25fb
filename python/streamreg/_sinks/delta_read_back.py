"""Sink, Delta Lake: a table read back, up to where it stands; a run that writes it goes on undisturbed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from streamreg._sinks.delivered_read_back import DeliveredReadBack
from streamreg._sinks.delta_errors import errors
from streamreg._sinks.outbox_position import checked_last
from streamreg._sinks.records import RecordError

if TYPE_CHECKING:
    from streamreg._sinks.contract import Position
    from streamreg._sinks.delta_columns import DeltaColumns
    from streamreg._sinks.delta_table import DeltaLakeTable


class DeltaReadBack(DeliveredReadBack):
    """The rows of a table: its changes up to a time, or the rows that stand."""

    def __init__(self, spec: DeltaLakeTable, columns: DeltaColumns, position: Position) -> None:
        """Nothing is read yet."""
        super().__init__(position)
        self._spec = spec
        self._columns = columns

    def _read(self) -> Iterator[tuple[Sequence[object], int, int]]:
        # Of one version: what it says of itself and its rows are of one epoch.
        table = self._spec.table()
        if table is None:
            raise RecordError("the table is missing")
        checked_last(self._spec.last(table), self._position, moves_on=self._columns.changelog)
        filters = [("time", "<=", self._position["time"])] if self._columns.changelog else None
        with errors(self._spec.name, self._spec.storage_options, remote=self._spec.remote):
            found = table.to_pyarrow_table(columns=list(self._columns.names), filters=filters)
        yield from self._columns.read(found)
