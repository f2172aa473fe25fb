"""Sink, PostgreSQL: a table read back, up to where it stands; a run that writes it goes on undisturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psycopg

from streamreg._sinks.delivered_read_back import DeliveredReadBack
from streamreg._sinks.outbox_position import checked_last
from streamreg._sinks.postgres_columns import PostgresColumns
from streamreg._sinks.postgres_errors import raised
from streamreg._sinks.records import RecordError

if TYPE_CHECKING:
    from streamreg._sinks.contract import Position


class PostgresReadBack(DeliveredReadBack):
    """The rows of a table: its changes up to a time, or the rows that stand."""

    def __init__(
        self,
        name: str,
        connected: Callable[[], psycopg.Connection[Any]],
        settings: Mapping[str, Any],
        columns: PostgresColumns,
        position: Position,
    ) -> None:
        """Nothing is read yet."""
        super().__init__(position)
        self._name = name
        self._connected = connected
        self._settings = settings
        self._columns = columns

    def _read(self) -> Iterator[tuple[Sequence[object], int, int]]:
        try:
            with self._connected() as connection:
                # What it says of itself and its rows are of one epoch.
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                with connection.transaction():
                    found = self._columns.last(connection)
                    checked_last(found, self._position, moves_on=self._columns.changelog)
                    yield from self._columns.rows(connection, self._position["time"])
        except psycopg.Error as error:
            raise RecordError(str(raised(error, self._name, self._settings))) from error
