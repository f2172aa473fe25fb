"""Checkpoint: the runs of shards: files of SQLite with a row for each key that some epochs have changed.

Beside them stands when instances of windows are due (`due_rows`).

Each is written under another name first, and has its own when it is complete; nothing changes it afterwards. A row has
a checksum over its key and value; a key that is gone has a row without a value. A file is compared with what the
checkpoint says of it once in each process, before the first row is read.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias
from zlib import crc32

from streamreg._exceptions import CorruptStateError, StateError
from streamreg._path import sqlite_uri
from streamreg._sinks.append_file import sync
from streamreg._state import due_rows
from streamreg._state.errors import damaged, errors
from streamreg._state.keyed_rows import Changes, replace_rows
from streamreg._state.shards import Run

if TYPE_CHECKING:
    from streamreg._types import Moment

FOLDER: Final = "shards"
"""In the state directory."""

PROBE: Final = ".probe"
"""How the names of files end by which executors show that they reach the folder."""

Row: TypeAlias = tuple[str, bytes, bytes | None, int]
"""Part, key, value and the checksum of both."""

_RUN: Final = (
    "CREATE TABLE run (part TEXT, key BLOB, value BLOB, checksum INTEGER NOT NULL, PRIMARY KEY (part, key)) "
    "WITHOUT ROWID"
)
_BYTES: Final = 1 << 20


def folder_of(directory: Path) -> Path:
    """Where the runs of a state are."""
    return directory / FOLDER


def make_folder(directory: Path) -> None:
    """Makes the folder, if need be. Raises StateError if it cannot be made."""
    with errors(directory):
        folder_of(directory).mkdir(exist_ok=True)


class RunWriter:
    """A run that is written."""

    def __init__(self, directory: Path, shard: int, epoch: int) -> None:
        """Of a state directory. Nobody else writes it: its name is one that nothing else has."""
        self._directory = directory
        self._name = f"{shard}-{epoch}-{os.urandom(8).hex()}.run"
        self._path = folder_of(directory) / self._name
        self._temporary = self._path.with_suffix(".part")
        with errors(directory):
            # Nobody else knows it: without locks, which not every shared file system has.
            self._database = sqlite3.connect(
                uri(self._temporary, "nolock"), isolation_level=None, uri=True
            )
            # It is thrown away if anything ends before it has its name.
            self._database.execute("PRAGMA journal_mode = OFF")
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute(_RUN)

    def copy(self, run: Run) -> None:
        """Takes all rows of a run, in the place of those there are."""
        path = checked(self._directory, run)
        with errors(self._directory):
            self._database.execute("ATTACH ? AS older", [uri(path)])
            if check_schema(self._database, "older", self._directory, run):
                due_rows.copy(self._database, "older")
            self._database.execute(
                "INSERT OR REPLACE INTO run SELECT part, key, value, checksum FROM older.run "
                "ORDER BY part, key"
            )
            self._database.execute("DETACH older")

    def put(self, part: str, changes: Changes) -> None:
        """Takes rows of a part, in the place of those there are."""
        with errors(self._directory):
            self._database.execute("BEGIN")
            replace_rows(self._database, "run", part, changes)
            self._database.execute("COMMIT")

    def put_due(self, part: str, due: Mapping[bytes, Moment | None]) -> None:
        """Says of instances of a part when they are due, in the place of what was said."""
        with errors(self._directory):
            due_rows.put(self._database, part, due)

    def finish(self, *, oldest: bool, durable: bool) -> tuple[Run, ...]:
        """The run, with its name; none if it has no row.

        `oldest` means that there is none before it, so that of what is gone nothing need be kept; `durable` waits until
        the disk has it.
        """
        with errors(self._directory):
            if oldest:
                self._database.execute("DELETE FROM run WHERE value IS NULL")
                due_rows.drop_nothing(self._database)
            (rows,) = self._database.execute("SELECT count(*) FROM run").fetchone()
            rows += due_rows.count(self._database)
            self._database.close()
            if not rows:
                self._temporary.unlink()
                return ()
            if durable:
                sync(self._temporary)
            size, found = _content(self._temporary)
            self._temporary.rename(self._path)
            if durable:
                sync(self._path.parent)
        return (Run(self._name, rows, size, found),)

    def drop(self) -> None:
        """Nothing is kept of it, unless it has its name."""
        self._database.close()
        self._temporary.unlink(missing_ok=True)


def checked(directory: Path, run: Run) -> Path:
    """The path of a run, after its content was compared with what the checkpoint says of it.

    Raises:
        StateError: if it is missing, or damaged.
    """
    path = folder_of(directory) / run.name
    with errors(directory):
        try:
            found = path.stat()
        except FileNotFoundError:
            raise StateError(
                f"state {directory}: {FOLDER}/{run.name} is missing, which its last checkpoint names: restore the "
                "directory from a backup; executors of Spark must reach it by the same path as the driver"
            ) from None
        try:
            _compare(path, run, found.st_mtime_ns, found.st_ino)
        except CorruptStateError as error:
            raise damaged(directory, str(error)) from None
    return path


@lru_cache(maxsize=1 << 14)
def _compare(path: Path, run: Run, _changed: int, _inode: int) -> None:
    """Once in each process: what is read of a file is worked with as long as it does not change."""
    if _content(path) != (run.size, run.crc32):
        raise CorruptStateError(f"{FOLDER}/{run.name} is not what was written")


def _content(path: Path) -> tuple[int, int]:
    """The size and the CRC-32 of a file."""
    size = found = 0
    with path.open("rb") as file:
        for piece in iter(partial(file.read, _BYTES), b""):
            size += len(piece)
            found = crc32(piece, found)
    return size, found


def check_schema(database: sqlite3.Connection, name: str, directory: Path, run: Run) -> bool:
    """Whatever else a file may hold, SQLite would run where the table is read. Whether it says when windows are due."""
    found = database.execute(f"SELECT type, name, sql FROM {name}.sqlite_master").fetchall()
    rows = ("table", "run", _RUN)
    if found not in ([rows], [rows, *due_rows.SCHEMA]):
        raise damaged(directory, f"{FOLDER}/{run.name} holds other things than the tables of a run")
    return len(found) > 1


def uri(path: Path, how: str = "immutable") -> str:
    """By which SQLite opens a run as what it is."""
    return sqlite_uri(path, f"{how}=1")


def keep_only(directory: Path, names: Iterable[str] | None) -> None:
    """Removes all other runs, and what is left of such and of probes; of None the folder too, if nothing else is in it.

    Raises:
        StateError: if something cannot be removed.
    """
    folder = folder_of(directory)
    kept = frozenset(names or ())
    with errors(directory), contextlib.suppress(FileNotFoundError):
        others = [path for path in folder.iterdir() if path.name not in kept]
        ours = [path for path in others if path.suffix in (".run", ".part", PROBE)]
        for path in ours:
            path.unlink(missing_ok=True)
        if names is None and len(ours) == len(others):
            folder.rmdir()
