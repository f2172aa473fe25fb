"""Sink, PostgreSQL: a table read back, up to where it stands; a run that writes it goes on undisturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import psycopg

from streamreg._sinks.cells import lines_of
from streamreg._sinks.contract import AwayError
from streamreg._sinks.outbox_position import checked_last
from streamreg._sinks.postgres_columns import PostgresColumns
from streamreg._sinks.postgres_errors import raised
from streamreg._sinks.records import RecordError

if TYPE_CHECKING:
    from streamreg._sinks.contract import Position


class PostgresReadBack:
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
        self._name = name
        self._connected = connected
        self._settings = settings
        self._columns = columns
        self._position = position

    @property
    def extent(self) -> str:
        return f"up to the time {self._position['time']}"

    def changes(self) -> Iterator[Sequence[bytes]]:
        yield from lines_of(self._read())

    def check_bytes(self) -> None:
        return

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
        except AwayError as error:
            raise RecordError(f"it cannot be read: {error}") from error
