"""Checkpoint: the runs of shards: files of SQLite with a row for each key that some epochs have changed.

Each is written under another name first, and has its own when it is complete; nothing changes it afterwards. A row has
a checksum over its key and value; a key that is gone has a row without a value. A file is compared with what the
checkpoint says of it once in each process, before the first row is read.
"""

from __future__ import annotations

import contextlib
import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from secrets import token_hex
from typing import Final, Self, TypeAlias
from urllib.parse import quote
from zlib import crc32

from streamreg._exceptions import CorruptStateError, StateError
from streamreg._sinks.append_file import sync
from streamreg._state.errors import damaged, errors
from streamreg._state.keyed_rows import Changes, StoredRow, checksum, replace_rows
from streamreg._state.shards import Run, Shard

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
        self._name = f"{shard}-{epoch}-{token_hex(8)}.run"
        self._path = folder_of(directory) / self._name
        self._temporary = self._path.with_suffix(".part")
        with errors(directory):
            # Nobody else knows it: without locks, which not every shared file system has.
            self._database = sqlite3.connect(
                _uri(self._temporary, "nolock"), isolation_level=None, uri=True
            )
            # It is thrown away if anything ends before it has its name.
            self._database.execute("PRAGMA journal_mode = OFF")
            self._database.execute("PRAGMA synchronous = OFF")
            self._database.execute(_RUN)

    def copy(self, run: Run) -> None:
        """Takes all rows of a run, in the place of those there are."""
        path = checked(self._directory, run)
        with errors(self._directory):
            self._database.execute("ATTACH ? AS older", [_uri(path)])
            _check_schema(self._database, "older", self._directory, run)
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

    def finish(self, *, oldest: bool, durable: bool) -> tuple[Run, ...]:
        """The run, with its name; none if it has no row.

        `oldest` means that there is none before it, so that of what is gone nothing need be kept; `durable` waits until
        the disk has it.
        """
        with errors(self._directory):
            if oldest:
                self._database.execute("DELETE FROM run WHERE value IS NULL")
            (rows,) = self._database.execute("SELECT count(*) FROM run").fetchone()
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


class OpenRuns:
    """The runs of a shard, to look for some of its keys."""

    def __init__(self, directory: Path, shard: Shard) -> None:
        """Raises StateError if a file is missing or damaged."""
        self._directory = directory
        self._paths = [(run, checked(directory, run)) for run in shard.runs]
        self._database = sqlite3.connect(":memory:", isolation_level=None, uri=True)
        self._database.execute("CREATE TABLE wanted (key BLOB PRIMARY KEY) WITHOUT ROWID")
        self._wanted: Sequence[bytes] = ()

    def find(self, part: str, keys: Sequence[bytes]) -> list[StoredRow]:
        """The rows of a part for these keys, of those that it has: not looked at yet."""
        found: dict[bytes, StoredRow] = {}
        if not self._paths:
            return []
        with errors(self._directory):
            self._want(keys)
            for run, path in self._paths:
                self._database.execute("ATTACH ? AS run", [_uri(path)])
                _check_schema(self._database, "run", self._directory, run)
                # CROSS: the keys in their order, each looked for.
                rows = self._database.execute(
                    "SELECT r.part, w.key, r.value, r.checksum FROM wanted w CROSS JOIN run.run r "
                    "ON r.part = ? AND r.key = w.key",
                    [part],
                )
                found.update((row[1], row) for row in rows)
                self._database.execute("DETACH run")
        return [row for row in found.values() if row[2] is not None]

    def _want(self, keys: Sequence[bytes]) -> None:
        """Puts the keys where they can be looked for; those of one reduction are those of its outputs too."""
        if keys is not self._wanted:
            self._database.execute("DELETE FROM wanted")
            self._database.execute("BEGIN")
            self._database.executemany("INSERT INTO wanted VALUES (?)", ((key,) for key in keys))
            self._database.execute("COMMIT")
            self._wanted = keys

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ShardReader:
    """All rows of some shards. Files are opened at once: what a run removes meanwhile can still be read."""

    def __init__(self, directory: Path, shards: Sequence[Shard]) -> None:
        """Raises StateError if a file is missing or damaged."""
        self._directory = directory
        self._open = contextlib.ExitStack()
        try:
            self._shards = [[self._opened(run) for run in shard.runs] for shard in shards]
        except BaseException:
            self._open.close()
            raise

    def _opened(self, run: Run) -> sqlite3.Connection:
        path = checked(self._directory, run)
        with errors(self._directory):
            database = sqlite3.connect(_uri(path), isolation_level=None, uri=True)
            self._open.callback(database.close)
            _check_schema(database, "main", self._directory, run)
        return database

    def rows(self, part: str | None = None) -> Iterator[Row]:
        """Those of a part, or of all: shard by shard, in order. Raises StateError if one is damaged."""
        with errors(self._directory):
            for runs in self._shards:
                yield from self._merged(runs, part)

    def _merged(self, runs: Sequence[sqlite3.Connection], part: str | None) -> Iterator[Row]:
        where, given = ("", []) if part is None else (" WHERE part = ?", [part])
        asked = f"SELECT part, key, -?, value, checksum FROM run{where} ORDER BY part, key"
        # Of equal keys the newest comes first.
        each = [run.execute(asked, [age, *given]) for age, run in enumerate(runs)]
        for _, same in groupby(heapq.merge(*each, key=itemgetter(0, 1, 2)), itemgetter(0, 1)):
            name, key, _, value, kept = next(same)
            _check(self._directory, name, key, value, kept)
            if value is not None:
                yield name, key, value, kept

    def close(self) -> None:
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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


def _check_schema(database: sqlite3.Connection, name: str, directory: Path, run: Run) -> None:
    """Whatever else a file may hold, SQLite would run where the table is read."""
    found = database.execute(f"SELECT type, name, sql FROM {name}.sqlite_master").fetchall()
    if found != [("table", "run", _RUN)]:
        raise damaged(directory, f"{FOLDER}/{run.name} holds other things than the table of a run")


def _check(directory: Path, part: object, key: object, value: object, kept: object) -> None:
    if not (isinstance(key, bytes) and isinstance(value, bytes | None)):
        raise damaged(directory, f"a row of {part} has another type")
    if kept != (0 if value is None else checksum(key, value)):
        raise damaged(directory, f"the checksum of the key {key!r} in {part} does not match")


def _uri(path: Path, how: str = "immutable") -> str:
    return f"file:{quote(str(path.absolute()))}?{how}=1"


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
