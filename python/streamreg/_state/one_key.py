"""Checkpoint: what is kept of one key, read beside the run that keeps it: nothing else of the state is read."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import NamedTuple

from streamreg._exceptions import CorruptStateError
from streamreg._path import sqlite_uri
from streamreg._state.errors import errors
from streamreg._state.keyed_rows import checksum
from streamreg._state.store import FILE


class OneKey(NamedTuple):
    """What the last checkpoint keeps of a key."""

    value: bytes | None
    """None if there is no such key."""

    epoch: int
    """The last epoch that is in it; -1 before the first."""


def read_key(directory: Path, part: str, key: bytes) -> OneKey:
    """What is kept of a key in a part of the state, such as "reduction 0".

    Raises:
        StateError: if the state cannot be read.
        CorruptStateError: if what is there is damaged.
    """
    uri = sqlite_uri(directory / FILE, "mode=ro")
    with (
        errors(directory),
        contextlib.closing(sqlite3.connect(uri, uri=True)) as database,
    ):
        database.execute("BEGIN")  # One transaction: both rows are of the same epoch.
        run = database.execute("SELECT value FROM part WHERE name = 'run'").fetchone()
        found = None
        if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'keyed'").fetchone():
            found = database.execute(
                "SELECT value, checksum FROM keyed WHERE part = ? AND key = ?", (part, key)
            ).fetchone()
    epoch = json.loads(run[0])["epochs"] - 1 if run else -1
    if found is None:
        return OneKey(None, epoch)
    value, kept = found
    if not isinstance(value, bytes) or checksum(key, value) != kept:
        raise CorruptStateError(f"the checksum of the key {key!r} in {part} does not match")
    return OneKey(value, epoch)
