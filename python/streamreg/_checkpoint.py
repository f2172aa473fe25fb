"""Checkpoint: what a run must know to go on after any crash, kept in one SQLite transaction per epoch.

A checkpoint is written after the outputs have been handed to the system, and says how long each of them is. What
stands in a file past that length is not part of the run: it is cut off at the next start, and the messages behind
it are read again. So files, state and offsets always tell of the same epoch.

The directory holds `checkpoint.sqlite` and `lock`. Nothing in it is ever unpickled: states are the core's versioned
bytes with their own checksums, the rest is JSON, and one checksum covers it all.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

from streamreg._exceptions import StateError
from streamreg._source import Range

FORMAT_VERSION = 1
Durability = Literal["process", "power"]

FILE = "checkpoint.sqlite"
_ADVICE = (
    "restore the directory from a backup, or start anew with an empty one and new output files"
)


@dataclass
class Checkpoint:
    """Everything of a run that outlives its processes."""

    plan: Mapping[str, Any]
    """What the job is, as plain data: a state belongs to one job."""

    header: Sequence[str] | None
    offsets: dict[int, int]
    """For each partition the offset of the next message."""

    fresh: dict[int, bool]
    """For each partition whether its first message is still to come."""

    began: dict[int, Range] = field(default_factory=dict)
    """For each partition where its reading began, for ever: what was read is from there to its offset."""

    epochs: int = 0
    unix_ms: int = -1
    """The wall clock of the last epoch."""

    rows: int = 0
    tombstones: int = 0
    rejects: dict[str, int] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    """For each output file its length in bytes."""

    reductions: list[bytes] = field(default_factory=list)
    changelogs: list[bytes] = field(default_factory=list)
    format: int = FORMAT_VERSION
    """The version of the format in which it was found."""


class Store:
    """A state directory, locked by this process as long as it is open."""

    def __init__(self, directory: Path, durability: Durability = "process") -> None:
        """Creates the directory if need be.

        Raises:
            StateError: if the directory cannot be used, another run uses it, or what it holds is damaged.
        """
        self.directory = directory
        self.durability = durability
        self._settled = False
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._lock = (directory / "lock").open("a+b")
        except OSError as error:
            raise StateError(f"state {directory}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise StateError(
                f"state {directory}: another run uses it: stop that one first, or give this one a state of its own"
            ) from None
        try:
            with errors(directory):
                self._database = _open(directory / FILE, durability)
        except StateError:
            self._lock.close()
            raise

    def load(self) -> Checkpoint | None:
        """The last checkpoint; None if there is none yet.

        Raises:
            StateError: if the state is damaged, or was written by a newer version of the format.
        """
        return load(self._database, self.directory)

    def save(self, checkpoint: Checkpoint) -> None:
        """Replaces the last checkpoint, in one transaction.

        Raises:
            StateError: if the disk does not take it; then the last checkpoint is still there.
        """
        parts = _pack(checkpoint)
        parts["checksum"] = _checksum(parts)
        with errors(self.directory), self._database:
            self._database.executemany(
                "INSERT INTO part (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value != excluded.value",
                parts.items(),
            )
        if not self._settled:
            # The database itself holds a checkpoint from now on, whatever may befall SQLite's log.
            with errors(self.directory):
                self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._settled = True

    def close(self) -> None:
        """Lets go of the directory."""
        self._database.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def load(database: sqlite3.Connection, directory: Path) -> Checkpoint | None:
    """The checkpoint that a database holds; None if there is none yet.

    Raises:
        StateError: if it is damaged, or was written by a newer version of the format.
    """
    with errors(directory):
        parts = dict(database.execute("SELECT name, value FROM part ORDER BY name"))
    if not parts:
        return None
    if not all(isinstance(n, str) and isinstance(v, bytes) for n, v in parts.items()):
        raise _damaged(directory, "a part of it has another type")
    try:
        version = int(parts.get("version", b"0"))
    except ValueError:
        raise _damaged(directory, "its version is no number") from None
    if version > FORMAT_VERSION:
        raise StateError(
            f"state {directory}: written in format {version}, but this streamreg knows formats up to "
            f"{FORMAT_VERSION}: install a newer streamreg"
        )
    recorded = parts.pop("checksum", None)
    if recorded != _checksum(parts):
        raise _damaged(directory, "its checksum does not match")
    return replace(_unpack(parts), format=version)


@contextlib.contextmanager
def errors(directory: Path) -> Iterator[None]:
    """Raises what SQLite says of a directory's database as StateError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code == sqlite3.SQLITE_ERROR:
            raise _damaged(directory, str(error)) from error  # The schema is another one.
        # Disk full, read-only directory and the like. A full disk may show as any failed I/O.
        hint = " (is the disk full?)" if code & 0xFF == sqlite3.SQLITE_IOERR else ""
        raise StateError(f"state {directory}: {error}{hint}") from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        # Where damaged text stands in SQLite's message, that cannot be decoded.
        raise _damaged(directory, str(error)) from error


def _damaged(directory: Path, why: str) -> StateError:
    return StateError(f"state {directory} is damaged ({why}): {_ADVICE}")


def _open(path: Path, durability: Durability) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level="IMMEDIATE")
    try:
        # Before anything is changed: where it has lost its table, that would be made anew, and empty.
        (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found.splitlines()[-1])
        # Whoever made the state directory decides who may read it: SQLite keeps to the umask.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA synchronous = {'FULL' if durability == 'power' else 'OFF'}")
        database.execute(
            "CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, value BLOB NOT NULL)"
        )
        database.commit()
    except BaseException:
        database.close()
        raise
    return database


def _pack(checkpoint: Checkpoint) -> dict[str, bytes]:
    parts = {
        "version": str(FORMAT_VERSION).encode(),
        "plan": _json(checkpoint.plan),
        "run": _json(
            {
                "header": checkpoint.header,
                "offsets": {str(p): offset for p, offset in checkpoint.offsets.items()},
                "began": {str(p): [r.start, r.fresh] for p, r in checkpoint.began.items()},
                "fresh": [p for p, fresh in checkpoint.fresh.items() if fresh],
                "epochs": checkpoint.epochs,
                "unix_ms": checkpoint.unix_ms,
                "rows": checkpoint.rows,
                "tombstones": checkpoint.tombstones,
                "rejects": checkpoint.rejects,
                "lengths": checkpoint.lengths,
            }
        ),
    }
    for kind, states in (
        ("reduction", checkpoint.reductions),
        ("changelog", checkpoint.changelogs),
    ):
        parts |= {f"{kind} {index}": state for index, state in enumerate(states)}
    return parts


def _unpack(parts: Mapping[str, bytes]) -> Checkpoint:
    """The parts were written by `_pack`: their checksum has been verified."""
    run = json.loads(parts["run"])
    offsets = {int(p): offset for p, offset in run["offsets"].items()}
    return Checkpoint(
        plan=json.loads(parts["plan"]),
        header=run["header"],
        offsets=offsets,
        fresh={p: p in set(run["fresh"]) for p in offsets},
        began={int(p): Range(at, None, fresh) for p, (at, fresh) in run["began"].items()},
        epochs=run["epochs"],
        unix_ms=run["unix_ms"],
        rows=run["rows"],
        tombstones=run["tombstones"],
        rejects=run["rejects"],
        lengths=run["lengths"],
        reductions=_states(parts, "reduction"),
        changelogs=_states(parts, "changelog"),
    )


def _states(parts: Mapping[str, bytes], kind: str) -> list[bytes]:
    count = sum(name.startswith(f"{kind} ") for name in parts)
    return [parts[f"{kind} {index}"] for index in range(count)]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _checksum(parts: Mapping[str, bytes]) -> bytes:
    checksum = 0
    for name in sorted(parts):
        for piece in (name.encode(), parts[name]):
            checksum = zlib.crc32(len(piece).to_bytes(8, "little") + piece, checksum)
    return str(checksum).encode()
