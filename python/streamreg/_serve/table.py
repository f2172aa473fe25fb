"""Serve, table: a table as it stands, kept up to date by its changes, in the process that serves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from heapq import nlargest
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from streamreg._serve.order import Key, KeyOrder, Place
from streamreg._sinks.cells import cells_of, records_of, unquoted, value_of
from streamreg._sinks.json_cells import json_rows

if TYPE_CHECKING:
    from streamreg._serve.messages import TableSpec

MOST_ROWS: Final = 1_000_000
"""Rows of a table that are served, at some 300 bytes each; of a larger one the output itself is to be read."""

MOST_CLOSED: Final = 10_000
"""Rows of closed windows that are kept, the newest: the run has let go of them."""


class Reached(NamedTuple):
    """Up to where pages have given the rows of a table."""

    key: Key
    given: int
    """Rows of this key: they may be several where a table has not all of its keys."""


class CurrentTable:
    """The rows of a table, in the order of their keys."""

    def __init__(self, spec: TableSpec, most: int = MOST_ROWS, closed: int = MOST_CLOSED) -> None:
        """No rows; at most so many, and so many of closed windows."""
        self.spec = spec
        self.overflown = False
        """Whether there were too many rows, so that there are none now."""

        self._json = json_rows(spec.columns)
        self._most = most
        self._most_closed = closed
        self._rows: dict[Key, tuple[bytes, int]] = {}
        self._closed: OrderedDict[Key, tuple[bytes, int]] = OrderedDict()
        self._open_count = self._closed_count = 0
        """Rows, of which several may have one key where a table has not all of its keys."""

        self._order = KeyOrder(self.place, lambda key: key in self._rows or key in self._closed)

    def __len__(self) -> int:
        return self._open_count + self._closed_count

    def stand(self, rows: Iterable[bytes], closed: Iterable[bytes]) -> None:
        """Holds these rows, and these of closed windows, and no others."""
        self.overflown = False
        self._clear()
        for row in rows:
            self._put(row)
        for row in closed:
            self._keep(row, self.key_of(row))
        self._limit()

    def change(self, lines: bytes, closed: Iterable[bytes]) -> None:
        """Takes the changes of an epoch, and keeps these rows for good: nothing more will be told of them."""
        if self.overflown:
            return
        gone: dict[Key, tuple[bytes, int]] = {}
        for record in records_of(lines):
            row, _, diff = record.rsplit(b",", 2)
            key = self.key_of(row)
            if diff == b"1":
                if key in gone:  # In its old place: the order of the keys is the same.
                    del gone[key]
                    self._rows[key] = (row, 1)
                    self._open_count += 1
                else:
                    self._put(row, key)
            else:
                self._take(row, key, gone)
        for key in gone:
            del self._rows[key]
            self._order.move(key)
        for row in closed:
            key = self.key_of(row)
            self._drop(key)
            self._keep(row, key)
        self._limit()

    def _put(self, row: bytes, key: Key | None = None) -> None:
        key = self.key_of(row) if key is None else key
        _, count = self._rows.get(key, (row, 0))
        if not count:
            self._order.move(key)
        self._rows[key] = (row, count + 1)
        self._open_count += 1

    def _take(self, row: bytes, key: Key, gone: dict[Key, tuple[bytes, int]]) -> None:
        held, count = self._rows.get(key, (row, 0))
        if not count or key in gone:
            return
        if count > 1:
            self._rows[key] = (held, count - 1)
        else:
            gone[key] = (held, count)
        self._open_count -= 1

    def _drop(self, key: Key) -> None:
        """Lets go of a row of this key, if there is one."""
        if key in self._rows:
            row, count = self._rows[key]
            if count > 1:
                self._rows[key] = (row, count - 1)
            else:
                del self._rows[key]
            self._open_count -= 1

    def _keep(self, row: bytes, key: Key) -> None:
        """Keeps a row for good, and of all such rows the newest."""
        _, count = self._closed.get(key, (row, 0))
        self._closed[key] = (row, count + 1)
        self._closed_count += 1
        self._order.move(key)
        while self._closed_count > self._most_closed:
            oldest, (_, count) = self._closed.popitem(last=False)
            self._closed_count -= count
            self._order.move(oldest)

    def _limit(self) -> None:
        if self._open_count > self._most:
            self.overflown = True
            self._clear()

    def _clear(self) -> None:
        self._rows = {}
        self._order.clear()
        self._closed.clear()
        self._open_count = self._closed_count = 0

    def key_of(self, row: bytes) -> Key:
        """The key of a row."""
        cells = cells_of(row)
        if self.spec.keys is None:
            return tuple(cells)
        return tuple([cells[at] for at in self.spec.keys])

    def find(self, key: Key) -> list[bytes]:
        """The row of a key, if there is one; several of a table that has not all of its keys."""
        found: list[bytes] = []
        for rows in (self._closed, self._rows):
            row, count = rows.get(key, (b"", 0))
            found += [row] * count
        return found

    def rows(self) -> Iterator[bytes]:
        """All rows but those of closed windows, in the order in which they have come."""
        for row, count in self._rows.values():
            yield from [row] * count

    def page(
        self,
        after: Reached | None,
        most: int,
        wanted: Mapping[int, bytes],
        search: str = "",
        *,
        descending: bool = False,
    ) -> tuple[list[bytes], Reached | None]:
        """At most so many rows that come after others, which have these cells in these places of the key.

        With `search` those alone of which a cell of the key has this text in it, in small or capital letters.
        The last come first if `descending`.
        Returns them, and after what the next page begins; None if there is none.
        """
        needle = search.casefold()
        if self.spec.keys and len(wanted) == len(self.spec.keys):
            key = tuple(wanted[at] for at in range(len(wanted)))
            place, last = self.place(key), None if after is None else self.place(after.key)
            passed = last is not None and (place >= last if descending else place <= last)
            return [] if passed or not _names(key, needle) else self.find(key), None
        order = self._order.now()
        if descending:
            stop = len(order) if after is None else bisect_right(order, self.place(after.key))
            places = range(stop - 1, -1, -1)
        else:
            start = 0 if after is None else bisect_left(order, self.place(after.key))
            places = range(start, len(order))
        found: list[bytes] = []
        for at in places:
            _, key = order[at]
            if _has(key, wanted) and _names(key, needle):
                rows = self.find(key)
                given = after.given if after is not None and key == after.key else 0
                upto = given + most - len(found)
                found += rows[given:upto]
                if len(found) == most:
                    more = upto < len(rows) or at != places[-1]
                    return found, Reached(key, upto) if more else None
        return found, None

    def last(self, most: int, wanted: Mapping[int, bytes]) -> list[bytes]:
        """The last rows, at most so many, in the order of their keys, which have these cells in these places."""
        keys = (key for _, key in reversed(self._order.now()) if _has(key, wanted))
        found = [row for key in islice(keys, most) for row in self.find(key)]
        return found[::-1]

    def newest_windows(self, most: int) -> list[bytes]:
        """The rows of the windows that end last, at most so many, in the order of their keys."""
        newest = nlargest(most, self._order.now(), key=lambda place: place[0][-1])
        return [row for _, key in sorted(newest) for row in self.find(key)]

    def written(self, row: bytes) -> bytes:
        """A row as a JSON object."""
        [text] = self._json.write([row])
        return text

    async def settle(self) -> None:
        """Puts very many new keys in order, while others have their turn: for whoever is about to ask for rows."""
        await self._order.settle()

    def place(self, key: Key) -> Place:
        """Where a key stands among all: numbers by their size, a missing value first."""
        if self.spec.keys is None:
            return key, key
        kinds = (self.spec.columns[at].dtype for at in self.spec.keys)
        values = [
            (False, 0) if not cell else (True, value_of(cell, kind))
            for cell, kind in zip(key, kinds, strict=True)
        ]
        return values, key


def _has(key: Key, wanted: Mapping[int, bytes]) -> bool:
    return all(key[place] == cell for place, cell in wanted.items())


def _names(key: Key, needle: str) -> bool:
    """Whether a cell of a key has a text in it, which is in small letters; every key has no text."""
    return not needle or any(needle in unquoted(cell).decode().casefold() for cell in key)
