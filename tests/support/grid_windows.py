"""Windows of a grid in rationals: what they hold, when they are visible and closed, which rows are late."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

Moment: TypeAlias = int | float


@dataclass(frozen=True)
class Row:
    """A row of a topic."""

    partition: int
    key: str
    time: Moment
    x: float
    y: float


@dataclass(frozen=True)
class Grid:
    """Windows [origin + k·hop, origin + k·hop + duration), and their behaviour."""

    origin: Moment
    hop: Moment
    duration: Moment
    delay: Moment | None = None
    cutoff: Moment | None = None
    final: bool = False

    def start(self, index: int) -> Fraction:
        """Where a window begins."""
        return Fraction(self.origin) + index * Fraction(self.hop)

    def end(self, index: int) -> Fraction:
        """Where it ends."""
        return self.start(index) + Fraction(self.duration)

    def of(self, time: Moment) -> range:
        """The windows of a time, found by their ends one by one."""
        index = math.floor((Fraction(time) - Fraction(self.origin)) / Fraction(self.hop))
        first = index + 1
        while self.end(first - 1) > Fraction(time):
            first -= 1
        assert self.start(index) <= time < self.start(index + 1)
        return range(first, index + 1)

    def closed(self, index: int, time: Moment | None) -> bool:
        """Whether a window is closed at a time."""
        if self.cutoff is None or time is None:
            return False
        return self.end(index) <= Fraction(time) - Fraction(self.cutoff)

    def visible(self, index: int, time: Moment | None) -> bool:
        """Whether it has results."""
        if self.final:
            return self.closed(index, time)
        if self.delay is None:
            return True
        return time is not None and Fraction(time) >= self.start(index) + Fraction(self.delay)


@dataclass
class Expected:
    """What is to come of a topic."""

    windows: dict[tuple[str, int], list[Row]]
    late: list[int]
    outside: list[int]
    watermarks: dict[int, Moment]


def expected(grid: Grid, rows: Sequence[Row]) -> Expected:
    """Each row in the windows that it is not late for, by the greatest time before it in its partition."""
    found = Expected({}, [], [], {})
    for place, row in enumerate(rows):
        if not math.isfinite(row.time):
            found.outside.append(place)
            continue
        before = found.watermarks.get(row.partition)
        own = grid.of(row.time)
        open_ones = [index for index in own if not grid.closed(index, before)]
        for index in open_ones:
            found.windows.setdefault((row.key, index), []).append(row)
        if own and not open_ones:
            found.late.append(place)
        if before is None or row.time > before:
            found.watermarks[row.partition] = row.time
    return found
