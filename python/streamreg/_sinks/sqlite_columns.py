"""Sink, SQLite: the columns of a table: which types fit, what is made, and how cells become values and cells again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import OutputError
from streamreg._sinks.cells import unquoted, value_of
from streamreg._sinks.sqlite_names import folded, quoted
from streamreg._sinks.table_columns import (
    TableColumns,
    ToValue,
    computed_column,
    missing_column,
    required_column,
)
from streamreg._types import INT_MAX, INT_MIN

if TYPE_CHECKING:
    from streamreg._sinks.contract import ColumnSpec, Mode
    from streamreg._types import DType

_MADE: Final[Mapping[DType, str]] = {
    "float": "REAL",
    "int": "INTEGER",
    "decimal": "TEXT",
    "bool": "BOOLEAN",
    "str": "TEXT",
    "bytes": "BLOB",
    "datetime": "TEXT",
    "timedelta": "TEXT",
    "any": "TEXT",
}
"""The type of a column that is made. A decimal is text: as a number it would lose digits."""

_FITTING: Final[Mapping[DType, Sequence[str]]] = {
    "float": ("REAL", "BLOB"),
    "int": ("INTEGER", "NUMERIC", "BLOB"),
    "bool": ("INTEGER", "NUMERIC", "BLOB"),
    "bytes": ("BLOB",),
}
"""The affinities of columns that hold such values as they are; of all others they are those of text."""

_TEXT: Final = ("TEXT", "BLOB")

_AFFINITIES: Final = (
    ("INTEGER", ("INT",)),
    ("TEXT", ("CHAR", "CLOB", "TEXT")),
    ("BLOB", ("BLOB", "ANY")),
    ("REAL", ("REAL", "FLOA", "DOUB")),
)
"""https://sqlite.org/datatype3.html#determination_of_column_affinity; `ANY` of strict tables keeps values, too."""


def affinity(declared: str) -> str:
    """What a column of a declared type makes of its values."""
    text = declared.upper()
    if not text:
        return "BLOB"
    return next((a for a, parts in _AFFINITIES if any(p in text for p in parts)), "NUMERIC")


class SqliteColumns(TableColumns):
    """A table with these columns."""

    def __init__(
        self, table: str, columns: Sequence[ColumnSpec], mode: Mode, keys: Sequence[str]
    ) -> None:
        """`keys` are those that rows are upserted by."""
        super().__init__(columns, mode, keys, _value)
        self._table = table
        listed = ", ".join(map(quoted, self._types))
        marks = ", ".join("?" * len(self._types))
        self.insert = f"INSERT INTO {quoted(table)} ({listed}) VALUES ({marks})"
        # A table that is there may have columns to which different texts are equal.
        where = " AND ".join(f"{quoted(key)} COLLATE BINARY IS ?" for key in keys) or "1"
        self.delete = f"DELETE FROM {quoted(table)} WHERE {where}"
        self._select = f"SELECT {listed} FROM {quoted(table)}"

    def there(self, database: sqlite3.Connection) -> bool:
        """Whether there is such a table. Raises OutputError if that is something else."""
        found = database.execute(
            "SELECT type FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')",
            (self._table,),
        ).fetchone()
        if found is not None and found[0] != "table":
            raise OutputError(f"{self._table} is a {found[0]}: write to a table")
        return found is not None

    def holds_rows(self, database: sqlite3.Connection) -> bool:
        """Whether there is a row in it."""
        if not self.there(database):
            return False
        return (
            database.execute(f"SELECT 1 FROM {quoted(self._table)} LIMIT 1").fetchone() is not None
        )

    def create(self, database: sqlite3.Connection) -> None:
        """Makes the table, unless it is there, and an index over its keys."""
        columns = ", ".join(f"{quoted(name)} {_MADE[t]}" for name, t in self._types.items())
        if self.there(database):
            return
        database.execute(f"CREATE TABLE {quoted(self._table)} ({columns})")
        if self._keys:
            listed = ", ".join(map(quoted, self._keys))
            database.execute(
                f"CREATE UNIQUE INDEX {quoted(self._table + '_keys')} ON {quoted(self._table)} ({listed})"
            )

    def check(self, database: sqlite3.Connection, name: str) -> None:
        """Raises OutputError, naming the column, if the table is there and cannot hold such rows."""
        if not self.there(database):
            return
        found = {
            folded(row[1]): row
            for row in database.execute(f"PRAGMA table_xinfo({quoted(self._table)})")
        }
        for column, dtype in self._types.items():
            if folded(column) not in found:
                raise missing_column(name, column, _MADE[dtype])
            _, _, declared, _, _, _, hidden = found.pop(folded(column))
            if hidden:
                raise computed_column(name, column)
            if affinity(declared) not in _FITTING.get(dtype, _TEXT):
                raise OutputError(
                    f"{name}: column {column!r} is {declared or 'of no type'}, which does not hold {dtype}: make it "
                    f"{_MADE[dtype]}, or write to another table"
                )
        for _, column, _, required, default, _, hidden in found.values():
            if required and default is None and not hidden:
                raise required_column(name, column)

    def rows(
        self, database: sqlite3.Connection, time: int
    ) -> Iterator[tuple[Sequence[object], int, int]]:
        """The changes up to this time, in order, or the rows that stand, as if each had just come."""
        if self.changelog:
            found = database.execute(f"{self._select} WHERE time <= ? ORDER BY rowid", (time,))
            for *row, at, diff in found:
                yield self._read(row), at, diff
        else:
            for row in database.execute(self._select):
                yield self._read(row), 0, 1

    def _read(self, row: Sequence[object]) -> Sequence[object]:
        """What a row of the table stands for."""
        pairs = zip(row, self._columns, strict=True)
        return [_read(value, column.dtype) for value, column in pairs]


def _value(column: ColumnSpec) -> ToValue:
    """What makes a value for SQLite of a cell."""

    def integer(cell: bytes) -> int | None:
        if not cell:
            return None
        if len(cell) > 20 or not INT_MIN <= (number := int(cell)) <= INT_MAX:
            raise OutputError(
                f"column {column.name!r}: {cell[:40].decode()} does not fit in the 64 bits of an integer of SQLite: "
                "write sr.cast(float, …) of it"
            )
        return number

    def real(cell: bytes) -> float | str | None:
        if not cell:
            return None
        number = float(cell)
        # SQLite would take it for a missing value.
        return "NaN" if number != number else number

    def boolean(cell: bytes) -> bool | None:
        return cell == b"True" if cell else None

    def text(cell: bytes) -> str | None:
        return unquoted(cell).decode() if cell else None

    def blob(cell: bytes) -> object:
        return value_of(cell, "bytes")

    by_type: Mapping[DType, ToValue] = {
        "int": integer,
        "float": real,
        "bool": boolean,
        "bytes": blob,
    }
    return by_type.get(column.dtype, text)


def _read(value: object, dtype: DType) -> object:
    if value is None or dtype in ("int", "str", "bytes", "any"):
        return value
    if dtype == "float":
        return float(value)  # type: ignore[arg-type]  # a number, or "NaN"
    if dtype == "bool":
        return bool(value)
    if dtype == "decimal":
        return Decimal(str(value))
    return value_of(str(value).encode(), dtype)
