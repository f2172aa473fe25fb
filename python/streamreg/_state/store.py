"""Store: the state directory, where a checkpoint is kept in one SQLite transaction per epoch.

A checkpoint is written after the outputs, and holds the length of each of them. What a file holds past that length is
not part of the run: it is cut off at the next start, and the messages it came from are read again. So files, state and
offsets always belong to the same epoch. What goes to a database or a topic is in the checkpoint too, and delivered
after it.

The directory holds `checkpoint.sqlite` with SQLite's log, `checkpoint.seal` with the commit record, and `lock`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

from streamreg._exceptions import CorruptStateError, MismatchError, StateError
from streamreg._file_lock import lock
from streamreg._path import sqlite_uri
from streamreg._state import checkpoint as _checkpoint
from streamreg._state import commit_record, finished_parts, keyed_rows, outbox, shard_runs
from streamreg._state.checkpoint import (
    FORMAT_VERSION,
    SHARDED,
    Checkpoint,
    checksum_of,
    unpacked,
)
from streamreg._state.commit_record import (
    NO_RECORDS,
    CommitRecord,
    CommitRecordFile,
    CommitRecords,
)
from streamreg._state.database_schema import PARTS, check_schema
from streamreg._state.errors import damaged, errors, refused
from streamreg._state.keyed_parts import load_parts
from streamreg._state.keyed_rows import StoredRow
from streamreg._state.shape import ShapeError
from streamreg._state.upserted_rows import PART, UpsertedRows

Durability = Literal["process", "power"]

FILE = "checkpoint.sqlite"
LOCK = "lock"


class Store:
    """A state directory, locked by this process as long as it is open."""

    def __init__(
        self, directory: Path, durability: Durability = "process", *, keyed: bool = True
    ) -> None:
        """Creates the directory if need be.

        `keyed` says whether the checkpoint is to hold what is kept by keys; else it stays where it is.

        Raises:
            StateError: if the directory cannot be used, another run uses it, or what it holds is damaged.
        """
        self.directory = directory
        self.durability = durability
        self._synced = durability == "process"
        self._finished = finished_parts.FinishedParts()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._lock = (directory / LOCK).open("a+b")
        except OSError as error:
            raise refused(directory, error) from error
        try:
            lock(self._lock.fileno(), f"state {directory}", StateError)
            # By a reader, which changes nothing: SQLite itself would drop a log in which it sees damage.
            at_rest = not log_of(directory).exists()
            self._found, records = look(directory, at_rest=at_rest, keyed=keyed)
            self._last = records.last
            self._runs: frozenset[str] | None = None
            """Those that the last checkpoint names; None if it has no shards."""
            self._stray = True
            """Whether there may be others."""
            self._older = self._found is not None and self._found.format < FORMAT_VERSION
            with errors(directory):
                self._record = CommitRecordFile(
                    directory, read_commit_record(directory), sync=durability == "power"
                )
                self._database = _open(directory / FILE, durability)
        except StateError:
            self._lock.close()
            raise

    def load(self) -> Checkpoint | None:
        """The checkpoint that was there when the directory was opened; None if there was none yet."""
        return self._found

    def save(self, checkpoint: Checkpoint) -> None:
        """Replaces the last checkpoint, in one transaction.

        Raises:
            StateError: if the disk does not take it; then the next run goes on from the last one, or from this.
        """
        parts = _checkpoint.packed(checkpoint)
        parts["number"] = str(self._last.number + 1).encode()
        parts["before"] = str(self._last.checksum).encode()
        checksum = checksum_of(parts)
        parts["checksum"] = str(checksum).encode()
        with errors(self.directory):
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                self._refuse_other_commits()
                # A run may have crashed before it could: the database must never be two commits ahead.
                self._record.write(self._last)
                if self._older or checkpoint.moved:  # Its parts have other names.
                    self._database.execute("DELETE FROM part")
                keyed_rows.rename(self._database, checkpoint.moved)
                standing = outbox.remove(self._database, parts)
                self._database.executemany(
                    "INSERT INTO part (name, value) VALUES (?, ?) "
                    "ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value != excluded.value",
                    ((name, value) for name, value in parts.items() if name not in standing),
                )
                keyed_rows.write(self._database, checkpoint.changes)
                self._finished.save(self._database, checkpoint.positions)
            self._older = False
            self._last = CommitRecord(self._last.number + 1, checksum)
            self._record.write(self._last)
            if not self._synced:
                # The disk has all of the database from now on, also what runs wrote that did not wait for it.
                self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")
                self._synced = True
        self._keep_runs(None if checkpoint.shards is None else checkpoint.shards.files)

    def _keep_runs(self, names: frozenset[str] | None) -> None:
        """Removes the runs that the checkpoint does not name.

        Not before it is saved: of two runs where locks do nothing, one of which ends at its commit, it is the other
        that removes files.
        """
        if self._stray or names != self._runs:
            shard_runs.keep_only(self.directory, names)
            self._runs, self._stray = names, False

    def keyed_rows(self) -> Iterable[StoredRow]:
        """The rows of the last checkpoint that are kept by keys in the database."""
        return keyed_rows.stored(self._database)

    def upserted_rows(self) -> UpsertedRows:
        """The rows of upserts that the last checkpoint holds."""
        digests = {} if self._found is None else self._found.digests
        digest = digests.get(PART, keyed_rows.EMPTY)
        return UpsertedRows(self._database, digest, lambda: errors(self.directory))

    def _refuse_other_commits(self) -> None:
        """Raises StateError if the last commit is not this run's: where locks do nothing, there may be another run."""
        stored = dict(
            self._database.execute(
                "SELECT name, value FROM part WHERE name IN ('number', 'checksum')"
            )
        )
        found = stored.get("number", b"0"), stored.get("checksum", b"0")
        if found != tuple(str(own).encode() for own in (self._last.number, self._last.checksum)):
            raise StateError(
                f"state {self.directory}: another run has gone on with it meanwhile, so that this one ends and leaves "
                "it as it is: keep one of them, and the state where files can be locked, such as on a local disk"
            )

    def close(self) -> None:
        """Unlocks the directory."""
        self._database.close()
        self._record.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def look(
    directory: Path, *, at_rest: bool, keyed: bool = True
) -> tuple[Checkpoint | None, CommitRecords]:
    """The last checkpoint, None if there is none yet, and the database's commit records; nothing is written or locked.

    `keyed` says whether it is to hold what is kept by keys.

    `at_rest` means that there is no log beside the database. A log belongs to a run that is under way or has crashed.
    Where there is none, SQLite would make one, and leave it behind, in a directory that may not even be ours to
    write; `immutable` keeps it from that.

    Raises:
        StateError: if the state is damaged, or was written by a newer version of the format.
    """
    before = read_commit_record(directory)
    path = directory / FILE
    checkpoint, records = None, NO_RECORDS
    with errors(directory):
        # Beside an empty database SQLite would remove the log.
        if path.exists() and path.stat().st_size:
            uri = sqlite_uri(path, "immutable=1" if at_rest else "mode=ro")
            with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
                # One transaction: both tables are of the same epoch.
                database.execute("BEGIN")
                try:
                    checkpoint, records = _checked(_parts(database), directory)
                    if keyed:
                        load_parts(database, checkpoint, directory)
                    finished_parts.load(
                        database, {} if checkpoint is None else checkpoint.positions
                    )
                except CorruptStateError as error:
                    raise damaged(directory, str(error)) from None
                except MismatchError as error:
                    raise StateError(f"state {directory}: {error}") from None
    if not records.fits(before, read_commit_record(directory)):
        raise damaged(directory, "its last checkpoint is not the one that was saved last")
    return checkpoint, records


def read_commit_record(directory: Path) -> CommitRecord:
    """The commit record of a state directory. Raises StateError if it is damaged or cannot be read."""
    with errors(directory):
        try:
            return commit_record.read(directory)
        except CorruptStateError as error:
            raise damaged(directory, str(error)) from None


def begun(directory: Path) -> bool:
    """Whether a run has kept its state there, or what is left of it."""
    return (directory / FILE).exists() or (directory / commit_record.FILE).exists()


def in_use(directory: Path) -> bool:
    """Whether a run has the directory at the moment."""
    try:
        with (directory / LOCK).open("rb") as file:
            lock(file.fileno(), f"state {directory}", StateError, shared=True)
    except FileNotFoundError:
        return False
    except StateError:
        return True
    return False


def log_of(directory: Path) -> Path:
    """SQLite's log."""
    return directory / f"{FILE}-wal"


def _parts(database: sqlite3.Connection) -> dict[object, object]:
    """Everything in a database, its structure verified; nothing where it has no table yet."""
    tables = check_schema(database)
    (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found.splitlines()[-1])
    if "part" not in tables:
        return {}
    return dict(database.execute("SELECT name, value FROM part"))


def _checked(
    found: Mapping[object, object], directory: Path
) -> tuple[Checkpoint | None, CommitRecords]:
    if not found:
        return None, NO_RECORDS
    parts = {n: v for n, v in found.items() if isinstance(n, str) and isinstance(v, bytes)}
    if len(parts) < len(found):
        raise damaged(directory, "a part of it has another type")
    try:
        version = int(parts.get("version", b"0"))
    except ValueError:
        raise damaged(directory, "its version is no number") from None
    if version > SHARDED:
        raise StateError(
            f"state {directory}: written in format {version}, but this streamreg knows formats up to "
            f"{SHARDED}: install a newer streamreg"
        )
    recorded = parts.pop("checksum", None)
    checksum = checksum_of(parts)
    if recorded != str(checksum).encode():
        raise damaged(directory, "its checksum does not match")
    try:
        number, before = int(parts.get("number", 0)), int(parts.get("before", 0))
        records = CommitRecords(CommitRecord(number, checksum), CommitRecord(number - 1, before))
        return replace(unpacked(parts, version), format=version), records
    except ShapeError as error:
        raise damaged(directory, f"it is not what a run writes: {error}") from error
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise damaged(directory, f"it is not what a run writes: {error!r}") from error


def _open(path: Path, durability: Durability) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level="IMMEDIATE")
    try:
        # First: the change to a write-ahead log would wait for the disk four times, else.
        database.execute(f"PRAGMA synchronous = {'FULL' if durability == 'power' else 'OFF'}")
        # Whoever made the state directory decides who may read it: SQLite keeps to the umask.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(PARTS.replace("TABLE", "TABLE IF NOT EXISTS", 1))
        database.commit()
    except BaseException:
        database.close()
        raise
    return database
