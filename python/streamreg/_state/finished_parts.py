"""Checkpoint: the finished parts of outputs, in a table of their own that is only added to: there may be thousands."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from streamreg._exceptions import CorruptStateError
from streamreg._sinks.part_position import FINISHED, PartsPosition
from streamreg._state.database_schema import FINISHED_PARTS

_TABLE: Final = "SELECT 1 FROM sqlite_master WHERE name = 'finished_part'"


def index(positions: Mapping[str, Any]) -> dict[str, Any]:
    """The positions without their finished parts, of which they say how many there are, and their checksum."""
    return {
        name: {key: value for key, value in position.items() if key != FINISHED}
        if PartsPosition.is_such(position)
        else position
        for name, position in positions.items()
    }


def load(database: sqlite3.Connection, positions: Mapping[str, Any]) -> None:
    """Gives positions their finished parts.

    Raises:
        CorruptStateError: if they are not what was saved with them.
    """
    found: dict[str, list[tuple[object, ...]]] = {
        name: []
        for name, position in positions.items()
        if isinstance(position, dict) and "parts" in position
    }
    if database.execute(_TABLE).fetchone():
        for number, name, *part in database.execute(
            "SELECT number, output, time, length, crc32 FROM finished_part ORDER BY output, number"
        ):
            if name not in found or number != len(found[name]):
                raise CorruptStateError("it has finished parts of no output")
            found[name].append(tuple(part))
    for name, parts in found.items():
        positions[name][FINISHED] = parts
        PartsPosition.of(positions[name])


class FinishedParts:
    """What of them the database has."""

    def __init__(self) -> None:
        """Nothing is known: all are written by the first `save`, since outputs may have other names."""
        self._stored: dict[str, int] | None = None

    def save(self, database: sqlite3.Connection, positions: Mapping[str, Any]) -> None:
        """Adds those that are new, within the transaction of the checkpoint that names them."""
        parts = {
            name: position[FINISHED]
            for name, position in positions.items()
            if PartsPosition.is_such(position)
        }
        if self._stored is None:
            if database.execute(_TABLE).fetchone():
                database.execute("DELETE FROM finished_part")
            self._stored = {}
        for name, found in parts.items():
            stored = self._stored.get(name, 0)
            if len(found) > stored:
                database.execute(FINISHED_PARTS.replace("TABLE", "TABLE IF NOT EXISTS", 1))
                database.executemany(
                    "INSERT INTO finished_part VALUES (?, ?, ?, ?, ?)",
                    ((name, at, *part) for at, part in enumerate(found[stored:], stored)),
                )
                self._stored[name] = len(found)
