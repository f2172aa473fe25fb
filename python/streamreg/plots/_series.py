"""Plots: the numbers of the rows of a key over time, of the columns that are shown and no others."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from math import nan
from typing import Final

from streamreg._exceptions import ConfigurationError

MOST_COLUMNS: Final = 12


def ends_of(name: str) -> tuple[str, str]:
    """The columns of the confidence interval of a coefficient."""
    return f"ci_low_{name}", f"ci_high_{name}"


class Columns:
    """Which columns are shown: those that are asked for, or the first twelve of numbers, as far as rows have said.

    A column is one of numbers if its first value is one, and so are all others.
    """

    def __init__(
        self,
        names: Sequence[str],
        asked: Sequence[str] | None,
        others: Collection[str],
        path: str,
    ) -> None:
        """`others` are shown only if they are asked for."""
        self._names, self._path = names, path
        self._asked = asked is not None
        self.ends: Mapping[int, tuple[int, int]] = {
            at: (names.index(low), names.index(high))
            for at, name in enumerate(names)
            for low, high in [ends_of(name)]
            if low in names and high in names
        }
        left_out = {at for pair in self.ends.values() for at in pair}
        self.shown = (
            [at for at, name in enumerate(names) if name not in others and at not in left_out]
            if asked is None
            else [names.index(name) for name in asked]
        )
        self._open = set() if self._asked else set(self.shown)
        """Those of which no value is known yet."""
        self.refused: set[str] = set()
        """Those that were taken for numbers and are none."""
        self.short = False
        """Whether one was refused when others had been left out that might have been shown in its place."""
        self._left_out = False
        self.kept: Sequence[int] = ()
        """The places of what is kept of rows: the columns, and the ends of their intervals."""
        self._keep()

    def _keep(self) -> None:
        pairs = (end for at in self.shown for end in self.ends.get(at, ()))
        self.kept = list(dict.fromkeys([*self.shown, *pairs]))

    def numbers(self, cells: Sequence[bytes]) -> list[float]:
        """Those of a row in the columns that are kept, NaN where there is none; after it, fewer may be kept."""
        while True:
            try:
                found = [float(cells[at]) if cells[at] else nan for at in self.kept]
            except ValueError:
                self._refuse(cells)
                continue
            if not self._open:
                return found
            known = {at for at in self._open if cells[at]}
            if not known:
                return found
            self._open -= known
            sure = [at for at in self.shown if at not in self._open]
            if len(sure) < MOST_COLUMNS:
                return found
            self._left_out |= sure[MOST_COLUMNS - 1] < self.shown[-1]
            self.shown = [at for at in self.shown if at <= sure[MOST_COLUMNS - 1]]
            self._open &= set(self.shown)
            self._keep()

    def _refuse(self, cells: Sequence[bytes]) -> None:
        """Shows no column that holds no numbers."""
        wrong = {at for at in self.kept if not _is_number(cells[at])}
        if self._asked:
            name = self._names[min(wrong)]
            raise ConfigurationError(f"{self._path}: the column {name!r} holds no numbers")
        left = [at for at in self.shown if wrong.isdisjoint((at, *self.ends.get(at, ())))]
        self.refused |= {self._names[at] for at in self.shown if at not in left}
        self.short |= self._left_out
        self.shown = left
        self._open &= set(self.shown)
        self._keep()

    def of_numbers(self) -> Sequence[int]:
        """The columns that are shown in the end."""
        return [at for at in self.shown if at not in self._open]


def _is_number(cell: bytes) -> bool:
    try:
        float(cell or b"0")
    except ValueError:
        return False
    return True


class Series:
    """The rows of one key over time."""

    def __init__(self, columns: Columns) -> None:
        """None yet; `columns` says what is kept of them."""
        self._columns = columns
        self.times = array("q")
        self._kept = columns.kept
        self._numbers = array("d")
        """Those of a time after those of another."""
        self.stands = False
        self._gone: int | None = None

    def come(self, time: int, cells: Sequence[bytes]) -> None:
        """A row stands from then on."""
        if self._gone is not None:
            if self._gone != time:
                self._put(self._gone, None)
            self._gone = None
        self._put(time, cells)
        self.stands = True

    def go(self, time: int) -> None:
        """It is taken back."""
        self._gone, self.stands = time, False

    def end(self, time: int) -> None:
        """There are no more until then: what stands, stands until then."""
        if self._gone is not None:
            self._put(self._gone, None)
        elif self.times and self.times[-1] < time:
            self.times.append(time)
            self._numbers.extend(self._numbers[-len(self._kept) :])

    def _put(self, time: int, cells: Sequence[bytes] | None) -> None:
        """The last word of a time counts."""
        if self.times and self.times[-1] == time:
            self.times.pop()
            del self._numbers[len(self._numbers) - len(self._kept) :]
        self.times.append(time)
        self.add(cells)

    def add(self, cells: Sequence[bytes] | None) -> None:
        """One more row, None for a gap; whoever adds it knows its time."""
        numbers = None if cells is None else self._columns.numbers(cells)
        if self._kept is not self._columns.kept:  # Columns leave, and none comes.
            self._keep(self._columns.kept)
        self._numbers.extend([nan] * len(self._kept) if numbers is None else numbers)

    def _keep(self, kept: Sequence[int]) -> None:
        left = [self.values(at) for at in kept]
        self._kept, self._numbers = kept, array("d", chain.from_iterable(zip(*left, strict=True)))

    def values(self, at: int) -> array[float]:
        """Those of a column that is kept."""
        return self._numbers[self._kept.index(at) :: len(self._kept)]
