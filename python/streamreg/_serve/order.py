"""Serve, order: the keys of a table in their order, kept while they come and go.

Very many that have come at once are put in order piece by piece: whoever asks for them waits, and nobody else.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, TypeAlias

Key: TypeAlias = tuple[bytes, ...]
"""The cells of a row's keys, as CSV has them; where a table has not all of them, those of the whole row."""

Place: TypeAlias = tuple[Any, Key]
"""What a key is ordered by, and the key."""

_AT_ONCE: Final = 2_000
"""Keys of a piece: some ten milliseconds."""


class KeyOrder:
    """The keys of a table in their order."""

    def __init__(self, place: Callable[[Key], Place], stands: Callable[[Key], bool]) -> None:
        """None yet; `stands` says whether a key is there now."""
        self._place = place
        self._stands = stands
        self._order: list[Place] = []
        self._moved: set[Key] = set()
        """Keys that have come or gone since they were put in order."""

        self._under_way: set[Key] = set()
        """Those of them that are being put in order."""

        self._settling = asyncio.Lock()

    def move(self, key: Key) -> None:
        """A key has come or gone."""
        self._moved.add(key)

    def clear(self) -> None:
        """All have gone."""
        self._order, self._moved, self._under_way = [], set(), set()

    def now(self) -> list[Place]:
        """All, in their order."""
        if self._moved or self._under_way:
            moved = self._moved | self._under_way
            # Two runs, which are merged: keys that have stood before are not put in order again.
            held = [place for place in self._order if place[1] not in moved]
            self._order = held + sorted(map(self._place, filter(self._stands, moved)))
            self._order.sort()
            self._moved, self._under_way = set(), set()
        return self._order

    async def settle(self) -> None:
        """Leaves few to be put in order at once; others have their turn meanwhile."""
        async with self._settling:
            # What somebody has begun who was cancelled.
            self._moved, self._under_way = self._moved | self._under_way, set()
            while len(self._moved) > _AT_ONCE:
                moved = self._under_way = self._moved
                self._moved = set()
                order = await self._with(moved)
                if (
                    self._under_way is moved
                ):  # Else all have gone, or were put in order by who could not wait.
                    self._order, self._under_way = order, set()

    async def _with(self, moved: set[Key]) -> list[Place]:
        """The order with these keys, of those that stand when they are looked at: if they move then, it is known."""
        runs = [[place for place in self._order if place[1] not in moved]]
        left = iter(moved)
        while piece := [*islice(left, _AT_ONCE)]:
            runs.append(sorted(map(self._place, filter(self._stands, piece))))
            await asyncio.sleep(0)
        order: list[Place] = []
        merged: Iterator[Place] = heapq.merge(*runs)
        while found := [*islice(merged, _AT_ONCE)]:
            order += found
            await asyncio.sleep(0)
        return order
