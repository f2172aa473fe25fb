"""Sink, PostgreSQL: the columns of a table: which types fit, what is made, and how rows are written and read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from psycopg import Connection, sql

from streamreg._exceptions import OutputError
from streamreg._sinks.cells import unquoted, value_of
from streamreg._sinks.contract import Delivered
from streamreg._sinks.table_columns import (
    EPOCHS,
    TableColumns,
    ToValue,
    computed_column,
    missing_column,
    required_column,
)

if TYPE_CHECKING:
    from streamreg._sinks.contract import ColumnSpec, Mode
    from streamreg._types import DType

_MADE: Final[Mapping[DType, str]] = {
    "float": "double precision",
    "int": "bigint",
    "decimal": "numeric",
    "bool": "boolean",
    "str": "text",
    "bytes": "bytea",
    "datetime": "timestamp with time zone",
    "timedelta": "interval",
    "any": "text",
}
"""The type of a column that is made."""

_ALSO: Final[Mapping[DType, Sequence[str]]] = {
    "int": ("numeric",),
    "str": ("character varying",),
    "any": ("character varying",),
}
"""Other types that hold such values as they are."""


class PostgresColumns(TableColumns):
    """A table with these columns. Its connections have raw cursors: parameters are $1, and a % in a name is one."""

    def __init__(
        self,
        schema: str | None,
        table: str,
        columns: Sequence[ColumnSpec],
        mode: Mode,
        keys: Sequence[str],
    ) -> None:
        """`keys` are those that rows are upserted by."""
        super().__init__(columns, mode, keys, _value)
        self._output = table
        self._schema = schema
        self._table = sql.Identifier(*filter(None, [schema, table]))
        self._epochs = sql.Identifier(*filter(None, [schema, EPOCHS]))
        self._listed = sql.SQL(", ").join(map(sql.Identifier, self._types))

    def lock(self, connection: Connection[Any]) -> bool:
        """Takes the lock of the table, for the session; False if another one has it."""
        found = connection.execute(
            "SELECT pg_try_advisory_lock(hashtext('streamreg'), hashtext(coalesce($1, current_schema()) || '.' || $2))",
            (self._schema, self._output),
        ).fetchone()
        return bool(found and found[0])

    def _oid(self, connection: Connection[Any], table: sql.Identifier) -> int | None:
        found = connection.execute(
            "SELECT to_regclass($1)::oid", (table.as_string(connection),)
        ).fetchone()
        oid: int | None = found[0] if found else None
        return oid

    def holds_rows(self, connection: Connection[Any]) -> bool:
        """Whether there is a row in it."""
        if self._oid(connection, self._table) is None:
            return False
        asked = sql.SQL("SELECT 1 FROM {} LIMIT 1").format(self._table)
        return connection.execute(asked).fetchone() is not None

    def last(self, connection: Connection[Any]) -> Delivered | None:
        """Up to which time it is written, and by which run; None if it is not there."""
        if None in (self._oid(connection, self._epochs), self._oid(connection, self._table)):
            return None
        asked = sql.SQL("SELECT run, time FROM {} WHERE output = $1").format(self._epochs)
        found = connection.execute(asked, (self._output,)).fetchone()
        return None if found is None else Delivered(*found)

    def create(self, connection: Connection[Any], run: str) -> None:
        """Makes the table, unless it is there, with an index over its keys, and says whose it is."""
        if self._oid(connection, self._table) is None:
            columns = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(_MADE[dtype]))
                for name, dtype in self._types.items()
            )
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(self._table, columns))
            if self._keys:
                keys = sql.SQL(", ").join(map(sql.Identifier, self._keys))
                connection.execute(sql.SQL("CREATE INDEX ON {} ({})").format(self._table, keys))
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {} (output text PRIMARY KEY, run text NOT NULL, time bigint NOT NULL)"
            ).format(self._epochs)
        )
        connection.execute(
            sql.SQL(
                "INSERT INTO {} VALUES ($1, $2, -1) ON CONFLICT (output) DO UPDATE SET run = excluded.run, time = -1"
            ).format(self._epochs),
            (self._output, run),
        )

    def move_on(self, connection: Connection[Any], before: Delivered, time: int) -> bool:
        """Says a new time; False if what stands there is not what it should be."""
        moved = connection.execute(
            sql.SQL("UPDATE {} SET time = $1 WHERE output = $2 AND run = $3 AND time = $4").format(
                self._epochs
            ),
            (time, self._output, *before),
        )
        return moved.rowcount == 1

    def copy(self, connection: Connection[Any], rows: Iterable[Sequence[object]]) -> None:
        """Adds rows."""
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(self._table, self._listed)
        with connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)

    def delete(self, connection: Connection[Any], keys: Sequence[Sequence[bytes]]) -> None:
        """Removes the rows of these keys; all, where there are none."""
        if not self._keys:
            connection.execute(sql.SQL("DELETE FROM {}").format(self._table))
            return
        whole = [key for key in keys if all(key)]
        if whole:
            self._delete_whole(connection, whole)
        lacking = [self._key_text(key) for key in keys if not all(key)]
        if lacking:
            where = sql.SQL(" AND ").join(
                sql.SQL("{} IS NOT DISTINCT FROM {}").format(sql.Identifier(key), self._cast(at))
                for at, key in enumerate(self._keys)
            )
            with connection.cursor() as cursor:
                asked = sql.SQL("DELETE FROM {} WHERE {}").format(self._table, where)
                cursor.executemany(asked, lacking)

    def _delete_whole(self, connection: Connection[Any], keys: Sequence[Sequence[bytes]]) -> None:
        """Removes those of keys of which nothing is missing, together: so an index is of use."""
        names = [sql.Identifier(f"key {at}") for at in range(len(self._keys))]
        where = sql.SQL(" AND ").join(
            sql.SQL("old.{} = gone.{}").format(sql.Identifier(key), name)
            for key, name in zip(self._keys, names, strict=True)
        )
        asked = sql.SQL("DELETE FROM {} old USING unnest({}) AS gone ({}) WHERE {}").format(
            self._table,
            sql.SQL(", ").join(self._cast(at, "[]") for at in range(len(self._keys))),
            sql.SQL(", ").join(names),
            where,
        )
        connection.execute(asked, [list(c) for c in zip(*map(self._key_text, keys), strict=True)])

    def _cast(self, at: int, array: str = "") -> sql.SQL:
        """The parameter for a key, which is text, as the type of that key."""
        made = _MADE[self._types[self._keys[at]]]
        return sql.SQL(f"${at + 1}::text{array}::{made}{array}")

    def check(self, connection: Connection[Any], name: str) -> None:
        """Raises OutputError, naming the column, if the table is there and cannot hold such rows."""
        oid = self._oid(connection, self._table)
        if oid is None:
            if self._schema is not None:
                asked = "SELECT 1 FROM pg_namespace WHERE nspname = $1"
                if connection.execute(asked, (self._schema,)).fetchone() is None:
                    raise OutputError(f"{name}: there is no schema {self._schema!r}: make it")
            return
        kind = connection.execute("SELECT relkind FROM pg_class WHERE oid = $1", (oid,)).fetchone()
        if kind is None or kind[0] not in ("r", "p", b"r", b"p"):
            raise OutputError(f"{name} is no table, but a view or the like: write to a table")
        found = {
            row[0]: row[1:]
            for row in connection.execute(
                "SELECT attname, format_type(atttypid, atttypmod), attnotnull AND NOT atthasdef AND attidentity = '', "
                "attgenerated <> '' FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped",
                (oid,),
            )
        }
        loose = connection.execute(
            "SELECT attname FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation "
            "WHERE attrelid = $1 AND NOT collisdeterministic AND attname = ANY($2)",
            (oid, [*self._keys]),
        ).fetchone()
        if loose is not None:
            raise OutputError(
                f"{name}: column {loose[0]!r} is a key, and different texts are equal to its collation, so that "
                'their rows would replace each other: give it COLLATE "C", or write to another table'
            )
        for column, dtype in self._types.items():
            if column not in found:
                raise missing_column(name, column, _MADE[dtype])
            declared, _, computed = found.pop(column)
            if computed:
                raise computed_column(name, column)
            if declared not in (_MADE[dtype], *_ALSO.get(dtype, ())):
                raise OutputError(
                    f"{name}: column {column!r} is {declared}, which does not hold every {dtype}: make it "
                    f"{_MADE[dtype]}, or write to another table"
                )
        for column, (_, required, _) in found.items():
            if required:
                raise required_column(name, column)

    def _key_text(self, cells: Sequence[bytes]) -> list[str | None]:
        """The values of a key, as text."""
        return [None if value is None else str(value) for value in self.key(cells)]

    def rows(
        self, connection: Connection[Any], time: int
    ) -> Iterator[tuple[Sequence[object], int, int]]:
        """The changes up to this time, or the rows that stand, as if each had just come.

        Of one time the rows that go come first: their order is not kept.
        """
        asked = sql.SQL("SELECT {} FROM {}").format(self._listed, self._table)
        if self.changelog:
            asked += sql.SQL(" WHERE time <= {} ORDER BY time, diff").format(sql.Literal(time))
        with connection.transaction(), connection.cursor("rows") as cursor:
            for row in cursor.execute(asked):
                if self.changelog:
                    yield row[:-2], row[-2], row[-1]
                else:
                    yield row, 0, 1


def _value(column: ColumnSpec) -> ToValue:
    """What makes a value of a cell, text for the most part, which the server reads as the type of the column."""

    def plain(cell: bytes) -> str | None:
        return cell.decode() if cell else None

    def text(cell: bytes) -> str | None:
        if not cell:
            return None
        found = unquoted(cell).decode()
        if "\0" in found:
            raise OutputError(
                f"column {column.name!r}: text with a NUL character, which PostgreSQL cannot hold: write it as "
                "bytes, or filter such rows"
            )
        return found

    if column.dtype in ("bytes", "timedelta"):
        return lambda cell: value_of(cell, column.dtype)
    return text if column.dtype in ("str", "any") else plain
