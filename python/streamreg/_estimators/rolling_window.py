"""Estimator, rolling: windows and half-lives as they are written, in the unit of the column that they are on."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._dataclass import dataclass

Length: TypeAlias = float | str | timedelta | np.timedelta64
"""A number (of rows, or in the unit of a column of numbers), or a time: a text such as "1h30min", or a timedelta."""

NANOSECONDS: Final[Mapping[str, int]] = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "min": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
    "w": 7 * 86400 * 10**9,
}
"""The units of time, by their names in a text."""

_PART: Final = re.compile(r"(\d+)\s*([a-zµ]+)\s*")
_MOST: Final = 2**63 - 1


@dataclass(frozen=True)
class On:
    """The column that windows lie on: numbers, or times as integers, of which one is so many nanoseconds."""

    values: NDArray[np.float64] | NDArray[np.int64]
    nanoseconds: int | None
    name: object

    def width(self, window: Length) -> int | float:
        """How long a window is, in the unit of the column; of integers rounded up, which holds the same ones.

        Raises:
            TypeError: if it is of another kind than the column.
            ValueError: if it is not longer than nothing.
        """
        length = self._length(window, "window")
        if self.values.dtype.kind == "f":
            return _double(length, "window")
        return min(math.ceil(length), 2**64 - 1)

    def halving(self, half_life: Length) -> tuple[int, int] | float:
        """The half-life in the unit of the column: a fraction of integers, or a double.

        Raises:
            TypeError: if it is of another kind than the column.
            ValueError: if it is not longer than nothing, or a fraction of more than 63 bits.
        """
        length = self._length(half_life, "half_life")
        if self.values.dtype.kind == "f":
            return _double(length, "half_life")
        return ratio(length)

    def _length(self, written: Length, name: str) -> Fraction:
        if self.nanoseconds is None:
            if not is_number(written):
                raise TypeError(
                    f"{name}: {self.name!r} holds numbers, so that {name} is a number in their unit, "
                    f"not {written!r:.80}"
                )
            return number(written, name)
        if is_number(written):
            raise TypeError(
                f'{name}: {self.name!r} holds times, so that {name} is a text such as "30min" or a timedelta, '
                f"not {written!r:.80}"
            )
        return Fraction(_nanoseconds(written, name), self.nanoseconds)


def is_number(written: object) -> bool:
    """Whether a length is a number, which True and False are not."""
    return isinstance(written, int | float | np.integer | np.floating) and not isinstance(
        written, bool | np.timedelta64
    )


def number(written: Length, name: str) -> Fraction:
    """A number above 0, exactly.

    Raises:
        TypeError: if it is none.
        ValueError: if it is not above 0, or not finite.
    """
    if not is_number(written):
        raise TypeError(
            f'{name}: expected a number of rows, or with on= a time such as "30min"; found {written!r:.80}'
        )
    plain = written.item() if isinstance(written, np.generic) else written
    if not (isinstance(plain, int) or math.isfinite(float(plain))) or not plain > 0:  # type: ignore[operator,arg-type]
        raise ValueError(f"{name}: expected a number above 0, found {written!r:.80}")
    return Fraction(plain)  # type: ignore[arg-type]


def rows(written: Length, name: str) -> int:
    """A number of rows.

    Raises:
        TypeError: if it is no integer; a time needs a column that it is on.
        ValueError: if it is not at least 1.
    """
    if isinstance(written, str | timedelta | np.timedelta64):
        raise TypeError(f"{name}: for the time {written!r:.80}, name the column of times with on=")
    if isinstance(written, bool) or not isinstance(written, int | np.integer):
        raise TypeError(f"{name}: expected a number of rows, found {written!r:.80}")
    if written < 1:
        raise ValueError(f"{name}: expected at least 1, found {written}")
    return min(int(written), _MOST)


def ratio(length: Fraction) -> tuple[int, int]:
    """Numerator and denominator.

    Raises:
        ValueError: if one has more than 63 bits.
    """
    if max(length.numerator, length.denominator) > _MOST:
        raise ValueError(f"half_life: {float(length)!r} is a fraction of too many digits: round it")
    return length.numerator, length.denominator


def _double(length: Fraction, name: str) -> float:
    try:
        found = float(length)
    except OverflowError:
        found = math.inf
    if Fraction(found if math.isfinite(found) else 0) != length:
        raise ValueError(f"{name}: {length} is no double, as the numbers of the column are")
    return found


def _nanoseconds(written: Length, name: str) -> int:
    """A time above 0.

    Raises:
        TypeError: if it is none.
        ValueError: if the text is none, or it is not above 0.
    """
    if isinstance(written, str):
        found = _of_text(written, name)
    elif isinstance(written, np.timedelta64):
        found = _of_numpy(written, name)
    elif isinstance(written, timedelta):
        found = (written // timedelta(microseconds=1)) * 1000 + getattr(written, "nanoseconds", 0)
    else:
        raise TypeError(
            f'{name}: expected a text such as "30min", or a timedelta; found {written!r:.80}'
        )
    if found <= 0:
        raise ValueError(f"{name}: expected a time longer than nothing, found {written!r:.80}")
    return found


def _of_text(written: str, name: str) -> int:
    parts = _PART.findall(written)
    whole = re.fullmatch(rf"(?:{_PART.pattern})+", written.strip())
    if not whole or any(unit not in NANOSECONDS for _, unit in parts):
        raise ValueError(
            f'{name}: {written!r:.80} is no time such as "30min" or "1h30min"; the units are {", ".join(NANOSECONDS)}'
        )
    return sum(int(count) * NANOSECONDS[unit] for count, unit in parts)


def _of_numpy(written: np.timedelta64, name: str) -> int:
    unit, count = np.datetime_data(written.dtype)
    each = NANOSECONDS.get({"m": "min", "D": "d", "W": "w"}.get(unit, unit))
    if each is None or np.isnat(written):
        raise ValueError(f"{name}: {written!r} is no time of so many seconds")
    return int(written.astype(np.int64)) * count * each
