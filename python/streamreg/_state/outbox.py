"""Checkpoint: the outbox: changes that wait for destinations, as parts of the database beside their index."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from streamreg._sinks.contract import EpochChanges

PREFIX: Final = "outbox "
"""What the names of these parts begin with: they are there until the next checkpoint only."""

_PIECE: Final = 64 << 20
"""Bytes of a part: SQLite takes no value of a gigabyte."""


def index(outbox: Mapping[str, Sequence[EpochChanges]]) -> dict[str, list[list[int]]]:
    """For each output the epochs that wait: the time of each, and its bytes."""
    return {
        name: [[epoch.time, len(epoch.lines)] for epoch in epochs]
        for name, epochs in outbox.items()
        if epochs
    }


def packed(outbox: Mapping[str, Sequence[EpochChanges]]) -> dict[str, bytes]:
    """The changes by the names of their parts."""
    return {
        part: epoch.lines[start : start + _PIECE]
        for name, epochs in outbox.items()
        for epoch in epochs
        for part, start in _parts(name, epoch.time, len(epoch.lines))
    }


def unpacked(
    parts: Mapping[str, bytes], index: Mapping[str, Sequence[Sequence[int]]]
) -> dict[str, list[EpochChanges]]:
    """What `packed` has made of it.

    Raises:
        LookupError: if a part is missing.
        ValueError: if there are others than the index says.
    """
    found: dict[str, list[EpochChanges]] = {}
    named = 0
    for name, epochs in index.items():
        found[name] = []
        for time, length in epochs:
            pieces = [parts[part] for part, _ in _parts(name, time, length)]
            named += len(pieces)
            lines = b"".join(pieces)
            if len(lines) != length:
                raise ValueError(f"what waits for {name} has another length")
            found[name].append(EpochChanges(time, lines))
    if named != sum(part.startswith(PREFIX) for part in parts):
        raise ValueError("more waits for destinations than it says")
    return found


def remove(database: sqlite3.Connection, kept: Collection[str]) -> set[str]:
    """Removes what no longer waits; gives the names of what is among `kept`, which stays: an epoch never changes."""
    found = database.execute("SELECT name FROM part WHERE name GLOB ?", (f"{PREFIX}*",)).fetchall()
    gone = [row for row in found if row[0] not in kept]
    database.executemany("DELETE FROM part WHERE name = ?", gone)
    return {name for (name,) in found if name in kept}


def _parts(name: str, time: int, length: int) -> Iterator[tuple[str, int]]:
    """The parts of an epoch, and where in its lines each begins."""
    for start in range(0, length, _PIECE):
        yield f"{PREFIX}{time} {start // _PIECE} {name}", start
