"""Checkpoint: what is kept for each key, in a row of its own, so that an epoch writes the changed keys only.

There are parts: the states of each reduction by keys, and the last rows of each output of one. A row has a checksum
over its key and value; the checkpoint holds for each part its guard, the number of keys and the sum of the checksums,
which no lost row leaves as it was, nor one that is older than the rest.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeAlias
from zlib import crc32

from streamreg._exceptions import CorruptStateError

Change: TypeAlias = tuple[bytes, bytes | None, int]
"""A key, what is kept for it now, and a checksum of both; None and 0 if nothing is."""

Digest: TypeAlias = tuple[int, int]
"""The number of keys, and the sum of the checksums modulo 2^64."""

ONLY_KEY: Final = b""
"""The key of what has no keys."""

EMPTY: Final[Digest] = (0, 0)
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS keyed (part TEXT, key BLOB, value BLOB NOT NULL, checksum INTEGER NOT NULL, "
    "PRIMARY KEY (part, key)) WITHOUT ROWID"
)

_AT_A_TIME: Final = 10_000
_LENGTH: Final = struct.Struct("<I")


class Kept(Protocol):
    """What is kept for each key, in memory: a `_core.KeyedReduction`, or a `_core.Changelog`."""

    def changed(self) -> int:
        """Puts the keys that have changed in order; their number."""

    def changes(self, start: int, end: int) -> Sequence[Change]:
        """Some of them."""


def changes(kept: Kept) -> Iterator[Sequence[Change]]:
    """Everything that has changed, some keys at a time."""
    for start in range(0, kept.changed(), _AT_A_TIME):
        yield kept.changes(start, start + _AT_A_TIME)


def write(database: sqlite3.Connection, parts: Mapping[str, Iterable[Sequence[Change]]]) -> None:
    """Writes what has changed, as a part of the open transaction."""
    if parts:
        database.execute(_TABLE)
    for part, pieces in parts.items():
        for piece in pieces:
            database.executemany(
                "INSERT INTO keyed VALUES (?, ?, ?, ?) "
                "ON CONFLICT (part, key) DO UPDATE SET value = excluded.value, checksum = excluded.checksum",
                [(part, *change) for change in piece if change[1] is not None],
            )
            database.executemany(
                "DELETE FROM keyed WHERE part = ? AND key = ?",
                [(part, key) for key, value, _ in piece if value is None],
            )


def rows(packed: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values that `read` gives, in the order of the keys."""
    pieces: list[bytes] = []
    at = 0
    while at < len(packed):
        start = at + _LENGTH.size
        at = start + _LENGTH.unpack_from(packed, at)[0]
        pieces.append(packed[start:at])
        if len(pieces) == 2:
            yield pieces[0], pieces[1]
            pieces.clear()


def difference(kept: Kept, packed: bytes) -> tuple[bytes, bytes | None, bytes | None] | None:
    """The first key with another value in memory, where all keys have changed, than in stored rows.

    The key, then the value stored and that in memory, None where there is none; None if all are the same.
    """
    computed = (
        (key, value) for piece in changes(kept) for key, value, _ in piece if value is not None
    )
    stored = rows(packed)
    ours, theirs = next(stored, None), next(computed, None)
    while ours == theirs:
        if ours is None:
            return None
        ours, theirs = next(stored, None), next(computed, None)
    if theirs is None or (ours is not None and ours[0] < theirs[0]):
        assert ours is not None
        return *ours, None
    if ours is None or theirs[0] < ours[0]:
        return theirs[0], None, theirs[1]
    return *ours, theirs[1]


def read(database: sqlite3.Connection) -> tuple[dict[str, bytes], dict[str, Digest]]:
    """The rows of each part, as the core loads them, and the guard that they come to.

    Raises:
        CorruptStateError: if a row is damaged.
    """
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'keyed'").fetchone():
        return {}, {}
    parts: dict[str, bytes] = {}
    digests: dict[str, Digest] = {}
    for (part,) in database.execute("SELECT DISTINCT part FROM keyed").fetchall():
        if not isinstance(part, str):
            raise CorruptStateError("the name of a part has another type")
        parts[part], digests[part] = _part(database, part)
    return parts, digests


def _part(database: sqlite3.Connection, part: str) -> tuple[bytes, Digest]:
    pieces: list[bytes] = []
    total = 0
    for key, value, checksum in database.execute(
        "SELECT key, value, checksum FROM keyed WHERE part = ? ORDER BY key", (part,)
    ):
        if not (isinstance(key, bytes) and isinstance(value, bytes)):
            raise CorruptStateError(f"a row of {part} has another type")
        if crc32(value, crc32(key)) != checksum:
            raise CorruptStateError(f"the checksum of the key {key!r} in {part} does not match")
        pieces += (_LENGTH.pack(len(key)), key, _LENGTH.pack(len(value)), value)
        total += checksum
    return b"".join(pieces), (len(pieces) // 4, total % 2**64)
