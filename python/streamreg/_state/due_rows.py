"""Checkpoint: when something is to be done about the windows of an instance, as the runs of its shard tell it.

A run has a row for each instance of which it has one: the least time at which one of its windows becomes visible or is
closed, or none. So what is due is found without a look at all others. What was due before was done then: it is asked
for what becomes due between two times alone, and what newer runs say otherwise is not looked at for ever.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamreg._state.shards import Span
    from streamreg._types import Moment

_DUE: Final = (
    "CREATE TABLE due (part TEXT, instance BLOB, at, PRIMARY KEY (part, instance)) WITHOUT ROWID"
)
_INDEX: Final = "CREATE INDEX due_at ON due (part, at) WHERE at IS NOT NULL"
SCHEMA: Final = (("table", "due", _DUE), ("index", "due_at", _INDEX))
"""What a run has beside its rows, as SQLite lists it, if windows of it wait for a time."""


def put(database: sqlite3.Connection, part: str, due: Mapping[bytes, Moment | None]) -> None:
    """Says of instances of a part when they are due, in the place of what was said, in a transaction of its own."""
    database.execute("BEGIN")
    _create(database)
    database.executemany(
        "REPLACE INTO due VALUES (?, ?, ?)", ((part, instance, at) for instance, at in due.items())
    )
    database.execute("COMMIT")


def copy(database: sqlite3.Connection, older: str) -> None:
    """Takes what another run says, in the place of what is said here."""
    _create(database)
    database.execute(f"REPLACE INTO due SELECT part, instance, at FROM {older}.due")


def _create(database: sqlite3.Connection) -> None:
    if not _is_there(database):
        for _, _, made in SCHEMA:
            database.execute(made)


def drop_nothing(database: sqlite3.Connection) -> None:
    """Of the oldest run: of what is never due nothing need be said. There may be no such rows."""
    if _is_there(database):
        database.execute("DELETE FROM due WHERE at IS NULL")


def count(database: sqlite3.Connection) -> int:
    """How many instances have a row."""
    if not _is_there(database):
        return 0
    (rows,) = database.execute("SELECT count(*) FROM due").fetchone()
    return int(rows)


def _is_there(database: sqlite3.Connection) -> bool:
    found = database.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'due'").fetchone()
    return found is not None


def within(database: sqlite3.Connection, run: str, part: str, span: Span) -> list[bytes]:
    """The instances of which a run says that they are due later than the first time, up to the second."""
    before, now = span
    rows = database.execute(
        f"SELECT instance FROM {run}.due WHERE part = ? AND at > ? AND at <= ?",
        [part, -math.inf if before is None else before, now],
    )
    return [instance for (instance,) in rows]


def of_wanted(database: sqlite3.Connection, run: str, part: str) -> dict[bytes, Moment | None]:
    """What a run says of the instances that are wanted."""
    rows = database.execute(
        f"SELECT w.key, d.at FROM wanted w CROSS JOIN {run}.due d ON d.part = ? AND d.instance = w.key",
        [part],
    )
    return dict(rows.fetchall())
