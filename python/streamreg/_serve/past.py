"""Serve, past: what single rows of tables were over the last epochs.

Of a table of one row that is known from the start of the process that serves; of a key from the moment when somebody
first asks for it, and before that as far as the newest changes in the ring tell.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from streamreg._sinks.cells import records_of

if TYPE_CHECKING:
    from streamreg._serve.order import Key
    from streamreg._serve.ring import Ring
    from streamreg._serve.table import CurrentTable

MOST_MOMENTS: Final = 1000
MOST_WATCHED: Final = 64
"""Keys, of all tables together; who was asked for longest ago is forgotten."""

_SCANNED: Final = 2 << 20
"""Bytes of changes of a table that are searched for those of a key."""


class Moment(NamedTuple):
    """What a row was from an epoch on."""

    epoch: int
    unix_ms: int
    row: bytes | None
    """As CSV has it; None if there was none."""


class Past:
    """The last moments of the rows that are watched."""

    def __init__(self) -> None:
        """None yet."""
        self._tables: Sequence[CurrentTable] = ()
        self._watched: OrderedDict[tuple[int, Key], deque[Moment]] = OrderedDict()
        self._single: dict[tuple[int, Key], deque[Moment]] = {}

    def begin(self, tables: Sequence[CurrentTable]) -> None:
        """These tables there are from now on; of each with one row alone that is watched."""
        self._tables = tables
        self._watched.clear()
        self._single = {
            (place, ()): deque(maxlen=MOST_MOMENTS)
            for place, table in enumerate(tables)
            if table.spec.keys == ()
        }

    def note(self, epoch: int, unix_ms: int) -> None:
        """The tables stand as they do after this epoch."""
        for watched in (self._single, self._watched):
            for (place, key), moments in watched.items():
                _note(moments, epoch, unix_ms, self._tables[place].find(key))

    def forget(self) -> None:
        """Epochs were missed: what is known of keys has a gap."""
        self._watched.clear()

    def of(self, table: CurrentTable, key: Key, ring: Ring) -> Sequence[Moment]:
        """The moments of a row, the oldest first."""
        place = self._tables.index(table)
        found = self._single.get((place, key))
        if found is None:
            found = self._watched.get((place, key))
        if found is None:
            found = deque(_scanned(table, place, key, ring), MOST_MOMENTS)
            if not found:  # It has changed too long ago: all that is known is what it is now.
                _note(found, ring.next - 1, time.time_ns() // 1_000_000, table.find(key))
            self._watched[place, key] = found
            if len(self._watched) > MOST_WATCHED:
                self._watched.popitem(last=False)
        elif (place, key) in self._watched:
            self._watched.move_to_end((place, key))
        return list(found)


def _note(moments: deque[Moment], epoch: int, unix_ms: int, rows: Sequence[bytes]) -> None:
    row = rows[0] if rows else None
    if row != (moments[-1].row if moments else None):
        moments.append(Moment(epoch, unix_ms, row))


def _scanned(table: CurrentTable, place: int, key: Key, ring: Ring) -> Sequence[Moment]:
    """What the newest changes tell of a key."""
    found: list[Moment] = []
    left = _SCANNED
    for epoch in ring.newest_first():
        lines = epoch.changes[place]
        left -= len(lines)
        if left < 0:
            break
        if not all(cell in lines for cell in key):
            continue
        moment: Moment | None = None
        for record in records_of(lines):
            if not all(cell in record for cell in key):
                continue
            row, _, diff = record.rsplit(b",", 2)
            if table.key_of(row) == key:
                moment = Moment(epoch.epoch, epoch.unix_ms, row if diff == b"1" else None)
        if moment is not None:
            found.append(moment)
    return found[::-1]
