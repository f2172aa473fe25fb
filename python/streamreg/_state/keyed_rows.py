"""Checkpoint: what is kept for each key, in a row of its own, so that an epoch writes the changed keys only.

There are parts: the states of each reduction by keys, and the last rows of each output of one. A row has a checksum
over its key and value; the checkpoint holds for each part its digest, the number of keys and the sum of the checksums,
which changes if a row is lost or is older than the rest.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Protocol, TypeAlias, TypeVar
from zlib import crc32

from streamreg._exceptions import CorruptStateError
from streamreg._state.database_schema import KEYED

Changes: TypeAlias = Sequence[bytes | bytearray | int | None]
"""Key, what is kept for it now, and a checksum of both, of some keys in turn; None and 0 if nothing is.

Many are better in byte arrays: `sqlite3` takes them as they are, but looks for an adapter for each `bytes`, which takes
longer than all else that it does with a row. So would a tuple for each.
"""

_CELLS: Final = 3
"""Those of a change."""

Digest: TypeAlias = tuple[int, int]
"""The number of keys, and the sum of the checksums modulo 2^64."""

StoredRow: TypeAlias = tuple[Any, Any, Any, Any]
"""Part, key, value and checksum, as a database has them: of which type is to be looked at."""

AnyRow = TypeVar("AnyRow", bound=tuple[object, ...])

ONLY_KEY: Final = b""
"""The key of what has no keys."""

EMPTY: Final[Digest] = (0, 0)
_AT_A_TIME: Final = 10_000
_BYTES_AT_A_TIME: Final = 4 * 1024 * 1024
_ROWS: Final = 100
"""Rows that one statement stores: by one of each row that takes half as long again."""

_REPLACE_ROW: Final = "REPLACE INTO {} VALUES (?1, ?, ?, ?)"
_REPLACE_ROWS: Final = _REPLACE_ROW + ", (?1, ?, ?, ?)" * (_ROWS - 1)
_LENGTH: Final = struct.Struct("<I")


class Kept(Protocol):
    """What is kept for each key, in memory: a `_core.KeyedReduction`, or a `_core.Changelog`."""

    def changed(self) -> int:
        """Puts the keys that have changed in order; their number."""

    def changes(self, start: int, end: int) -> Changes:
        """Some of them."""


class Loaded(Protocol):
    """Such an object that takes in what is stored."""

    def load(self, rows: bytes) -> None:
        """Takes in stored rows, each key and value with its length before it; more may follow.

        Raises CorruptStateError if they are none of its rows.
        """


def changes(kept: Kept) -> Iterator[Changes]:
    """Everything that has changed, some keys at a time."""
    for start in range(0, kept.changed(), _AT_A_TIME):
        yield kept.changes(start, start + _AT_A_TIME)


def as_changes(rows: Iterable[StoredRow]) -> Changes:
    """Stored rows as changes."""
    return [cell for row in rows for cell in row[1:]]


def values(piece: Changes) -> Iterator[bytes]:
    """What is kept for the keys of some changes, of those for which something is."""
    return (bytes(value) for value in piece[1::_CELLS] if isinstance(value, bytes | bytearray))


def write(database: sqlite3.Connection, parts: Mapping[str, Iterable[Changes]]) -> None:
    """Writes what has changed, as a part of the open transaction."""
    if parts:
        database.execute(KEYED.replace("TABLE", "TABLE IF NOT EXISTS", 1))
    for part, pieces in parts.items():
        for piece in pieces:
            kept, gone = _split(piece)
            replace_rows(database, "keyed", part, kept)
            database.executemany(
                "DELETE FROM keyed WHERE part = ? AND key = ?", [(part, key) for key in gone]
            )


def _split(piece: Changes) -> tuple[Changes, Sequence[object]]:
    """The changes of keys for which something is kept, and the keys for which nothing is."""
    if None not in piece[1::_CELLS]:
        return piece, ()
    rows = [piece[start : start + _CELLS] for start in range(0, len(piece), _CELLS)]
    kept = [cell for row in rows if row[1] is not None for cell in row]
    return kept, [row[0] for row in rows if row[1] is None]


def replace_rows(database: sqlite3.Connection, table: str, part: str, rows: Changes) -> None:
    """Writes rows of a part into a table of such, as a part of the open transaction."""
    most = _ROWS * _CELLS
    whole = len(rows) - len(rows) % most
    many, one = _REPLACE_ROWS.format(table), _REPLACE_ROW.format(table)
    for start in range(0, whole, most):
        database.execute(many, (part, *rows[start : start + most]))
    for start in range(whole, len(rows), _CELLS):
        database.execute(one, (part, *rows[start : start + _CELLS]))


def rename(database: sqlite3.Connection, moved: Mapping[str, str | None]) -> None:
    """Gives parts other names, and drops those that have none, as a part of the open transaction."""
    changed = {old: new for old, new in moved.items() if old != new}
    if not changed or not _is_there(database):
        return
    # By names that no part has: one may get that of another, which gets a third.
    for old, new in changed.items():
        if new is None:
            database.execute("DELETE FROM keyed WHERE part = ?", [old])
        else:
            database.execute("UPDATE keyed SET part = ? WHERE part = ?", [f"to {new}", old])
    for new in filter(None, changed.values()):
        database.execute("UPDATE keyed SET part = ? WHERE part = ?", [new, f"to {new}"])


def _is_there(database: sqlite3.Connection) -> bool:
    found = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'keyed'").fetchone()
    return found is not None


def read(database: sqlite3.Connection, parts: Mapping[str, Loaded]) -> dict[str, Digest]:
    """Loads the rows of each part, some at a time: of many keys all would take more memory than the run itself.

    Args:
        database: where they are stored.
        parts: what is to hold each part; it holds nothing yet.

    Returns:
        The digest of each part that has rows.

    Raises:
        CorruptStateError: if a row is damaged, or of no such part.
    """
    return read_rows(stored(database), parts)


def stored(database: sqlite3.Connection) -> Iterable[StoredRow]:
    """All rows, in order."""
    if not _is_there(database):
        return ()
    return database.execute("SELECT part, key, value, checksum FROM keyed ORDER BY part, key")


def read_rows(rows: Iterable[StoredRow], parts: Mapping[str, Loaded]) -> dict[str, Digest]:
    """As `read`, of rows from anywhere: a part may come in several pieces."""
    digests: dict[str, Digest] = {}
    for found in pieces(rows):
        for part, of_part in groupby(found, itemgetter(0)):
            if part not in parts:
                raise CorruptStateError("there are rows of a part that its job does not have")
            keys, total = digests.get(part, EMPTY)
            count, checksum = load(part, of_part, parts[part])
            digests[part] = (keys + count, (total + checksum) % 2**64)
    return digests


def pieces(rows: Iterable[AnyRow]) -> Iterator[list[AnyRow]]:
    """Some rows at a time; few of them if they are large."""
    piece: list[AnyRow] = []
    size = 0
    for row in rows:
        piece.append(row)
        size += sum(len(cell) for cell in row if isinstance(cell, bytes))
        if len(piece) >= _AT_A_TIME or size >= _BYTES_AT_A_TIME:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def checksum(key: bytes, value: bytes) -> int:
    """That of a row, as the core makes it too."""
    return crc32(value, crc32(key))


def load(part: str, rows: Iterable[StoredRow], loaded: Loaded) -> Digest:
    """Loads rows of a part; their digest. Raises CorruptStateError if one is damaged."""
    packed: list[bytes] = []
    total = 0
    for _, key, value, found in rows:
        if not (isinstance(key, bytes) and isinstance(value, bytes) and isinstance(found, int)):
            raise CorruptStateError(f"a row of {part} has another type")
        if checksum(key, value) != found:
            raise CorruptStateError(f"the checksum of the key {key!r} in {part} does not match")
        packed += (_LENGTH.pack(len(key)), key, _LENGTH.pack(len(value)), value)
        total += found
    loaded.load(b"".join(packed))
    return len(packed) // 4, total
