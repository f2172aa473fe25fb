"""Snapshot: a state as it is at this moment, read beside the run that uses it.

Nothing is locked and nothing is written, so that a run neither waits nor fails because someone looks. A run keeps
its database in WAL mode, where a reader sees the last committed transaction while the next one is being written.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from urllib.parse import quote

from streamreg import _merge
from streamreg._checkpoint import FILE, Checkpoint, errors, load
from streamreg._core import Changelog, render
from streamreg._exceptions import StateError

_ATTEMPTS = 5
"""Runs that begin or end in just the moment of a reading are few."""


def read(directory: Path) -> Checkpoint:
    """The last checkpoint of a state directory.

    Raises:
        StateError: if there is none, or it is damaged, or of a newer version of the format.
    """
    path = directory / FILE
    for attempt in range(1, _ATTEMPTS + 1):
        if not path.is_file():
            raise StateError(f"state {directory}: there is none: no run has kept its state here")
        before = _traces(path)
        try:
            found = _read(path, at_rest=before[0] is None)
        except StateError:
            if attempt < _ATTEMPTS and _traces(path) != before:
                continue
            raise
        # At rest means that nobody wrote meanwhile.
        if before[0] is not None or _traces(path) == before:
            break
    if found is None:
        raise StateError(
            f"state {directory}: it holds no checkpoint yet: its run has not begun to read"
        )
    return found


def last_row(changelog: bytes) -> bytes | None:
    """The row that a changelog's state holds, as CSV text; None if there is none.

    Raises:
        ValueError: if the bytes are no such state.
    """
    # What would have to be taken back if the row went.
    line = Changelog.from_bytes(changelog).update(
        [_merge.ONLY_KEY], [False], render(_merge.NO_ROW), 0
    )
    return line.rsplit(b",", 2)[0] if line else None


def _read(path: Path, *, at_rest: bool) -> Checkpoint | None:
    # A log beside the database belongs to a run that is under way or has died. Where there is none, SQLite would
    # make one, and leave it behind, in a directory that may not even be ours to write; `immutable` keeps it from that.
    mode = "immutable=1" if at_rest else "mode=ro"
    with errors(path.parent):
        uri = f"file:{quote(str(path.absolute()))}?{mode}"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
            tables = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'part'")
            return load(database, path.parent) if tables.fetchone()[0] else None


def _traces(path: Path) -> tuple[int | None, int | None]:
    """What changes when a run begins, writes or ends: the times of the log and of the database."""
    return _changed(path.with_name(f"{path.name}-wal")), _changed(path)


def _changed(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
