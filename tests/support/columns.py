"""Columns of numbers to try: of every size, and of the shapes that break sums and regressions."""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamreg._core import decimals

Numbers: TypeAlias = NDArray[np.float64] | NDArray[np.int64]

MAX = sys.float_info.max
EXTREMES = [0.0, -0.0, MAX, -MAX, 5e-324, -5e-324, 2.0**-1022, -(2.0**-1022), 2.0**1000, 1e16, 1.0]
EDGES = [-(2**63), 2**63 - 1, -(2**63) + 1, 2**53 - 1, 2**53, 2**53 + 1, -(2**53), 0, 1, -1]


def double_of(pattern: int) -> float:
    """The double with these 64 bits."""
    value: float = struct.unpack("<d", pattern.to_bytes(8, "little"))[0]
    return value


ANY_BITS = st.integers(0, 2**64 - 1).map(double_of)
SUBNORMALS = st.builds(
    lambda fraction, negative: double_of(fraction | negative << 63),
    st.integers(0, 2**52 - 1),
    st.integers(0, 1),
)
EPOCH_MS = st.integers(0, 999).map(lambda i: 1.7e12 + i)
DOUBLES = st.one_of(
    st.floats(-1e3, 1e3),
    st.integers(-9, 9).map(float),
    ANY_BITS.filter(np.isfinite),
    SUBNORMALS,
    st.sampled_from(EXTREMES),
    EPOCH_MS,
)
NOT_FINITE = st.sampled_from([float("nan"), float("inf"), float("-inf")])
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from(EDGES) | st.integers(-9, 9)
KINDS: list[st.SearchStrategy[float] | st.SearchStrategy[int]] = [
    *[DOUBLES, ANY_BITS.filter(np.isfinite), SUBNORMALS, EPOCH_MS, st.sampled_from(EXTREMES)],
    *[INTEGERS, st.integers(-9, 9)],
]


def scaled(mantissa: int, exponent: int) -> Decimal:
    """A decimal, exactly: the context rounds what it computes, but not what it reads."""
    return Decimal(f"{mantissa}E{exponent}")


def array(values: Sequence[float] | Sequence[int]) -> Numbers:
    """A column as the core reads it: integers if all are."""
    if values and all(isinstance(value, int) for value in values):
        return np.array(values, dtype=np.int64)
    return np.array(values, dtype=np.float64)


MOST_DIGITS = 10**34 - 1
DECIMALS = st.one_of(
    st.builds(scaled, st.integers(-100_000, 100_000), st.integers(-3, 0)),
    st.builds(scaled, st.integers(-MOST_DIGITS, MOST_DIGITS), st.integers(-40, 5)),
    st.builds(scaled, st.integers(-MOST_DIGITS, MOST_DIGITS), st.integers(-400, 366)),
)


def decimal_array(values: Sequence[Decimal]) -> NDArray[np.int64]:
    """A column of decimals as the core reads it."""
    words, none = decimals([str(value) for value in values])
    assert not none.any()
    return words


@st.composite
def columns(draw: st.DrawFn, count: int, most_rows: int = 24) -> list[Numbers]:
    """Equally long columns, each of one kind; half of them with signs that cancel or repeated rows."""
    rows = draw(st.integers(0, most_rows))
    kinds = [draw(st.sampled_from(KINDS)) for _ in range(count)]
    made = [array([draw(kind) for _ in range(rows)]) for kind in kinds]
    turn = draw(st.sampled_from(["", "", "cancel", "repeat"]))
    if turn == "cancel":
        # The least 64-bit integer has no opposite: it stays as it is.
        return [np.concatenate([column, -column]) for column in made]
    return [np.concatenate([column, column]) for column in made] if turn == "repeat" else made


def rationals(column: Numbers) -> list[Fraction]:
    """The numbers, exactly."""
    return [Fraction(value) for value in column.tolist()]


def rows_of(columns: Sequence[Numbers], rows: Sequence[int]) -> list[Numbers]:
    """Some rows, in this order."""
    return [column[np.array(rows, dtype=np.intp)] for column in columns]
