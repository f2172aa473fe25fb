"""Tables of SQLite databases."""

from __future__ import annotations

import os
from typing import Literal

from streamreg._exceptions import ConfigurationError
from streamreg._language import outputs
from streamreg._language.keys import keys_for
from streamreg._language.outputs import Output
from streamreg._language.table import Table
from streamreg._path import checked_path
from streamreg._types import encodable

__all__ = ["write"]


def __dir__() -> list[str]:
    return __all__


def write(
    rows: Table,
    path: str | os.PathLike[str],
    *,
    table: str,
    mode: Literal["changelog", "current"] = "changelog",
    time: Literal["epoch", "unix_ms"] = "epoch",
) -> Output:
    """Writes every change of a table to a table of an SQLite database, from the next `run` on.

    An epoch is one transaction, in WAL mode, so that whoever reads the database always sees whole epochs and never
    makes the run wait. Which was the last one stands in the table `streamreg_epochs` of the same database, written by
    the same transaction: with a state each change is there once, whatever dies whenever. Without a state the last
    changes may be missing if the run is killed, and no other run goes on with the table.

    The database and the table are made if they are not there: float is REAL; int INTEGER; decimal, text, datetime and
    timedelta TEXT, as a CSV changelog has them; bytes BLOB; bool 0 or 1; what is missing NULL. A table that is there
    must have such columns, be empty, and need no others. NaN is the text 'NaN', and SQLite keeps no sign of a zero. A
    file beside the database (its name ends with `.lock`) says which run has the table.

    Args:
        rows: the table to write.
        path: the database.
        table: the name of its table; `run` refuses one that holds rows of somebody else.
        mode: "changelog": every change is a row, with the columns `time` and `diff` behind the table's own.
            "current": the table as it stands, upserted by its keys; for results of reductions and regressions.
        time: what the column `time` holds, as for `io.csv.write`.

    Returns:
        The output, for `run(outputs=[…])`, as of `io.csv.write`.

    Raises:
        ConfigurationError: if the path, the name of the table or the mode is none.
        ProgramError: if the table has a column `time` or `diff`; with mode="current", if its rows have no keys, or
            one is not among the columns.
    """
    # Late: it brings SQLite.
    from streamreg._sinks.sqlite_names import folded
    from streamreg._sinks.sqlite_table import SqliteTable
    from streamreg._sinks.table_columns import EPOCHS

    name = checked_path(path, "path", "the path of a database")
    if name == ":memory:":
        raise ConfigurationError(f"path: expected the path of a database, found {name!r}")
    if not isinstance(table, str) or not table or "\0" in table or not encodable(table):
        raise ConfigurationError(f"table: expected the name of a table, found {table!r}")
    if folded(table) == EPOCHS or folded(table).startswith("sqlite_"):
        raise ConfigurationError(f"table: {table!r} is the name of a table with another purpose")
    keys = keys_for(rows, mode, SqliteTable.call)
    return outputs.write(rows, SqliteTable(mode=mode, keys=keys, path=name, table=table), time)
