"""Checkpoint: the last message of each key, kept in the database and looked up there: memory may not hold them all.

What has changed since the last commit is written with everything else in the transaction of the checkpoint. Until then
it is in memory, or if it is much in a temporary database, which is gone with the run. There a run without a state keeps
them all.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from typing import Final, TypeAlias

from streamreg._exceptions import StateError
from streamreg._state import keyed_rows
from streamreg._state.database_schema import KEYED
from streamreg._state.keyed_rows import EMPTY, Changes, Digest, checksum

PART: Final = "upserted"
"""What the checkpoint calls them."""
_AT_A_TIME: Final = 500
"""Keys looked up by one statement, of which SQLite takes 999 parameters in any build."""
_HELD: Final = 100_000
"""Changes of the open epoch that are held in memory."""
_PENDING: Final = "CREATE TABLE pending (key BLOB PRIMARY KEY, value BLOB, checksum INTEGER NOT NULL) WITHOUT ROWID"
_Held: TypeAlias = tuple[bytes, bytes | None, int]
"""A change, as long as it is held here."""

_MOST_ROWS: Final = 20_000
_MOST_BYTES: Final = 4 * 1024 * 1024
"""Of a piece of what is found, about: as much as a worker has in a batch."""


class CountedRows:
    """Stands for the rows where a checkpoint is read: they are checked there, and not held."""

    def load(self, rows: bytes) -> None:
        """Takes any: what is kept is the bytes of a message."""


class UpsertedRows:
    """What is kept of the rows that stand, by their names."""

    def __init__(
        self,
        database: sqlite3.Connection,
        digest: Digest,
        errors: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """`digest` is that of the rows in the database; `errors` turns what it raises into StateError."""
        self._database = database
        self._errors = errors
        self._count, self._total = digest
        self._in_database = self._count > 0
        self._changes: dict[bytes, _Held] = {}
        self._in_order: Iterator[_Held] = iter(())
        self._pending: sqlite3.Connection | None = None
        """Changes that are too many for memory."""

    def __len__(self) -> int:
        """How many rows stand."""
        return self._count

    def find(self, names: Collection[bytes]) -> Iterator[dict[bytes, bytes]]:
        """What is kept of those of these rows that stand, in pieces: all of it may be more than memory holds.

        Raises:
            StateError: if the database cannot be read.
        """
        piece: dict[bytes, bytes] = {}
        size = 0
        for name, kept in self._found(names):
            piece[name] = kept
            size += len(kept)
            if size >= _MOST_BYTES or len(piece) >= _MOST_ROWS:
                yield piece
                piece, size = {}, 0
        if piece:
            yield piece

    def _found(self, names: Collection[bytes]) -> Iterator[tuple[bytes, bytes]]:
        unchanged = []
        for name in names:
            change = self._changes.get(name)
            if change is None:
                unchanged.append(name)
            elif change[1] is not None:
                yield name, change[1]
        unchanged.sort()  # Neighbours lie on one page.
        for start in range(0, len(unchanged), _AT_A_TIME):
            some = unchanged[start : start + _AT_A_TIME]
            if self._pending is not None:
                with _temporary():
                    where = f"key IN ({_places(some)})"
                    statement = f"SELECT key, value FROM pending WHERE {where}"
                    pending: dict[bytes, bytes | None] = dict(
                        self._pending.execute(statement, some)
                    )
                yield from ((name, kept) for name, kept in pending.items() if kept is not None)
                some = [name for name in some if name not in pending]
            if self._in_database:
                where = f"part = ? AND key IN ({_places(some)})"
                statement = f"SELECT key, value FROM keyed WHERE {where}"
                with self._errors():
                    yield from self._database.execute(statement, (PART, *some))

    def put(self, kept: Mapping[bytes, bytes | None], before: Mapping[bytes, int]) -> None:
        """Replaces rows; None removes one. `before` has those that stood, and the checksums of what was kept."""
        for name, value in kept.items():
            old = before.get(name)
            if old is not None:
                self._count -= 1
                self._total -= old
            elif value is None:
                continue
            new = 0
            if value is not None:
                new = checksum(name, value)
                self._count += 1
                self._total += new
            self._changes[name] = name, value, new
        if len(self._changes) > _HELD:
            self._spill()

    def _spill(self) -> None:
        """Puts the changes that are in memory into the temporary database."""
        with _temporary():
            if self._pending is None:
                self._pending = _temporary_database(_PENDING)
            with self._pending:
                changes = [self._changes[name] for name in sorted(self._changes)]
                self._pending.executemany(
                    "INSERT OR REPLACE INTO pending VALUES (?, ?, ?)", changes
                )
        self._changes = {}

    def changed(self) -> int:
        """Puts the rows that have changed since the last commit in order; their number."""
        if self._pending is None:
            self._in_order = iter([self._changes[name] for name in sorted(self._changes)])
            return len(self._changes)
        self._spill()
        with _temporary():
            (count,) = self._pending.execute("SELECT count(*) FROM pending").fetchone()
            self._in_order = self._pending.execute("SELECT * FROM pending ORDER BY key")
        return int(count)

    def changes(self, start: int, end: int) -> Changes:
        """The next of them: they are asked for from the first to the last, once."""
        with _temporary():
            return [
                cell
                for name, value, new in islice(self._in_order, end - start)
                for cell in (bytearray(name), None if value is None else bytearray(value), new)
            ]

    def digest(self) -> Digest:
        """How many rows stand, and the sum of their checksums modulo 2^64."""
        return self._count, self._total % 2**64

    def mark_clean(self) -> None:
        """All changes are in the database."""
        self._in_database |= bool(self._changes) or self._pending is not None
        self._changes = {}
        self._in_order = iter(())
        if self._pending is not None:
            self._pending.close()
            self._pending = None

    def close(self) -> None:
        """Frees what is held beside the database."""
        if self._pending is not None:
            self._pending.close()


class TemporaryRows(UpsertedRows):
    """Those of a run without a state."""

    def __init__(self) -> None:
        """No rows.

        Raises:
            StateError: if it cannot be made.
        """
        with _temporary():
            database = _temporary_database(KEYED)
        super().__init__(database, EMPTY, _temporary)

    def mark_clean(self) -> None:
        """Writes the changes.

        Raises:
            StateError: if the disk does not take them.
        """
        with self._errors(), self._database:
            keyed_rows.write(self._database, {PART: keyed_rows.changes(self)})
        super().mark_clean()

    def _spill(self) -> None:
        # Nobody waits for a transaction.
        self.mark_clean()

    def close(self) -> None:
        """Frees the database."""
        super().close()
        self._database.close()


def _places(names: Sequence[bytes]) -> str:
    return ",".join("?" * len(names))


def _temporary_database(table: str) -> sqlite3.Connection:
    """A file of SQLite's own, as far as its cache does not hold it; nothing of it outlives the run."""
    database = sqlite3.connect("")
    for statement in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", table):
        database.execute(statement)
    return database


@contextlib.contextmanager
def _temporary() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StateError(
            f"the rows of upserts cannot be kept in a temporary file ({error}): set TMPDIR to a directory with room, "
            "or give the run a state"
        ) from error
