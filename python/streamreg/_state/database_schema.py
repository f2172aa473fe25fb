"""Checkpoint: the tables of the database, and that it holds nothing else.

Whatever else a file may hold that somebody has made (a view, a trigger, a computed column) would be run by SQLite where
the tables are read or written, and may run for ever.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from streamreg._exceptions import CorruptStateError

PARTS: Final = "CREATE TABLE part (name TEXT PRIMARY KEY, value BLOB NOT NULL)"
"""What is kept by name."""

KEYED: Final = (
    "CREATE TABLE keyed (part TEXT, key BLOB, value BLOB NOT NULL, checksum INTEGER NOT NULL, "
    "PRIMARY KEY (part, key)) WITHOUT ROWID"
)
"""What is kept for each key."""

FINISHED_PARTS: Final = (
    "CREATE TABLE finished_part (output TEXT, number INTEGER, time INTEGER NOT NULL, length INTEGER NOT NULL, "
    "crc32 INTEGER NOT NULL, PRIMARY KEY (output, number)) WITHOUT ROWID"
)
"""What is kept for each finished part of an output."""

_ALL: Final = {
    ("table", "part", "part", PARTS),
    ("index", "sqlite_autoindex_part_1", "part", None),
    ("table", "keyed", "keyed", KEYED),
    ("table", "finished_part", "finished_part", FINISHED_PARTS),
}


def check_schema(database: sqlite3.Connection) -> set[str]:
    """The names of the tables. Raises CorruptStateError if there is anything but the tables that a run makes."""
    found = set(database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))
    if not found <= _ALL:
        raise CorruptStateError("its database holds other things than the tables of a state")
    return {name for kind, name, *_ in found if kind == "table"}
