"""Sink, SQLite: a table read back, up to where it stands; a run that writes it goes on undisturbed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._path import sqlite_uri
from streamreg._sinks.delivered_read_back import DeliveredReadBack
from streamreg._sinks.outbox_position import checked_last
from streamreg._sinks.records import RecordError
from streamreg._sinks.sqlite_columns import SqliteColumns
from streamreg._sinks.sqlite_names import folded
from streamreg._sinks.table_columns import EPOCHS

if TYPE_CHECKING:
    from streamreg._sinks.contract import Position


class SqliteReadBack(DeliveredReadBack):
    """The rows of a table: its changes up to a time, or the rows that stand."""

    def __init__(self, path: Path, table: str, columns: SqliteColumns, position: Position) -> None:
        """Nothing is read yet."""
        super().__init__(position)
        self._path = path
        self._table = table
        self._columns = columns

    def _read(self) -> Iterator[tuple[Sequence[object], int, int]]:
        if not self._path.exists():
            raise RecordError("its database is missing")
        try:
            uri = sqlite_uri(self._path, "mode=ro")
            with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
                database.execute("BEGIN")  # What it says of itself and its rows are of one epoch.
                found = database.execute(
                    f"SELECT run, time FROM {EPOCHS} WHERE output = ?", (folded(self._table),)
                ).fetchone()
                checked_last(found, self._position, moves_on=self._columns.changelog)
                yield from self._columns.rows(database, self._position["time"])
        except sqlite3.Error as error:
            raise RecordError(f"it cannot be read: {error}") from error
