"""Tables of PostgreSQL databases."""

from __future__ import annotations

from typing import Final, Literal

from streamreg._exceptions import ConfigurationError
from streamreg._language import outputs
from streamreg._language.keys import keys_for
from streamreg._language.outputs import Output
from streamreg._language.table import Table
from streamreg._types import encodable

__all__ = ["write"]


def __dir__() -> list[str]:
    return __all__


_LONGEST: Final = 63
"""Bytes of a name: PostgreSQL cuts off the rest, so that two names may become one."""


def write(
    rows: Table,
    connection: str,
    *,
    table: str,
    schema: str | None = None,
    mode: Literal["changelog", "current"] = "changelog",
    time: Literal["epoch", "unix_ms"] = "epoch",
) -> Output:
    """Writes every change of a table to a table of PostgreSQL, from the next `run` on. Needs `streamreg[postgres]`.

    An epoch is one transaction. Which was the last one stands in the table `streamreg_epochs` of the same schema,
    written by the same transaction: with a state each change is there once, whatever dies whenever. Without a state the
    last changes may be missing if the run is killed, and no other run goes on with the table.

    The table is made if it is not there: float is double precision, int bigint, decimal numeric, text text, bytes
    bytea, bool boolean, datetime timestamptz, timedelta interval; what is missing NULL. A table that is there must
    have such columns, be empty, and need no others.

    Args:
        rows: the table to write.
        connection: as libpq has it, "host=… dbname=…" or a URL; what it does not say comes from PGPASSFILE and the
            other variables of libpq. "" leaves all to them.
        table: the name of the table.
        schema: the schema that it is in; by default the first of the search path.
        mode: "changelog": every change is a row, with the columns `time` and `diff` behind the table's own.
            "current": the table as it stands, upserted by its keys; for results of reductions and regressions.
        time: what the column `time` holds, as for `io.csv.write`.

    Returns:
        The output, for `run(outputs=[…])`, as of `io.csv.write`.

    Raises:
        ConfigurationError: if an argument cannot be used, a name is too long, or psycopg is not installed.
        ProgramError: if the table has a column `time` or `diff`; with mode="current", if its rows have no keys, or
            one is not among the columns.
    """
    try:
        # Late: it brings the client.
        from streamreg._sinks.postgres_table import PostgresTable, parameters
    except ImportError as error:
        raise ConfigurationError(
            f"io.postgres.write needs psycopg: pip install 'streamreg[postgres]' ({error})"
        ) from error

    from streamreg._sinks.table_columns import EPOCHS

    if not isinstance(connection, str):
        raise ConfigurationError("connection: expected a connection string of libpq, or a URL")
    try:
        settings = parameters(connection)
    except ValueError as error:
        raise ConfigurationError(f"connection: {error}") from None
    for argument, name in (("table", table), ("schema", "public" if schema is None else schema)):
        if not isinstance(name, str) or not name or "\0" in name or not encodable(name):
            raise ConfigurationError(f"{argument}: expected the name of one, found {name!r}")
        _check_length(argument, name)
    if table == EPOCHS:
        raise ConfigurationError(f"table: {table!r} is the name of a table with another purpose")
    keys = keys_for(rows, mode, PostgresTable.call)
    for column in rows:
        _check_length("column", column.name)
    sink = PostgresTable(mode=mode, keys=keys, connection=settings, table=table, schema=schema)
    return outputs.write(rows, sink, time)


def _check_length(argument: str, name: str) -> None:
    size = len(name.encode())
    if size > _LONGEST:
        raise ConfigurationError(
            f"{argument}: {name!r} has {size} bytes, a name of PostgreSQL at most {_LONGEST}: use a shorter one"
        )
