"""Regression coefficients of the extension against rationals: each is rounded once, to nearest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamreg._core import Moments
from tests.support.columns import DOUBLES, MAX, NOT_FINITE, Numbers, columns, rationals
from tests.support.rationals import bits, fit, nearest


def coefficients(data: Sequence[Numbers]) -> list[float] | None:
    """The extension's result."""
    moments = Moments(len(data) - 1)
    moments.add(data)
    return moments.solve()


def check(data: Sequence[Numbers]) -> None:
    """It is that of rationals, bit for bit."""
    expected = fit([rationals(column) for column in data])
    found = coefficients(data)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert list(map(bits, found)) == [bits(nearest(value)) for value in expected]


SIZES = st.integers(-1100, 1030).map(lambda power: Fraction(2) ** power)


@given(st.builds(lambda a, b, c: Fraction(a, b) * c, st.integers(), st.integers(1), SIZES))
def test_differential_two_roundings_agree(value: Fraction) -> None:
    """What the other tests round with is also what Python makes of a quotient of integers."""
    try:
        expected = value.numerator / value.denominator
    except OverflowError:
        expected = math.inf if value > 0 else -math.inf
    assert bits(nearest(value)) == bits(expected or 0.0)


def test_rounding_ties_to_even_and_overflows_at_the_middle() -> None:
    """The oracle's own rounding, where it is hardest."""
    assert nearest(Fraction(1, 2**1075)) == 0.0
    assert nearest(Fraction(1, 2**1075) + Fraction(1, 2**3000)) == 5e-324
    assert nearest(Fraction(3, 2**1075)) == 1e-323
    assert nearest(Fraction(2**53 + 1)) == 2.0**53
    assert nearest(Fraction(2**54 - 1)) == 2.0**54
    assert nearest(Fraction(2**1024 - 2**970 - 1)) == MAX
    assert nearest(Fraction(-(2**1024) + 2**970)) == -math.inf


@settings(max_examples=200)
@given(data=columns(2))
def test_oracle_line(data: list[Numbers]) -> None:
    """Intercept and slope of a line through any numbers, or none where x does not vary."""
    check(data)


@pytest.mark.parametrize("features", [2, 3, 4])
@settings(max_examples=100)
@given(draw=st.data())
def test_oracle_plane(features: int, draw: st.DataObject) -> None:
    """The coefficients of several features of any numbers, or none where the rows do not suffice."""
    check(draw.draw(columns(features + 1, most_rows=9)))


@settings(max_examples=60)
@given(st.lists(st.tuples(DOUBLES, DOUBLES), min_size=2, max_size=9), st.data())
def test_oracle_dependent_features(rows: list[tuple[float, float]], draw: st.DataObject) -> None:
    """A feature that others determine leaves no solution; one unit in its last place gives one."""
    x, y = (np.array(column) for column in zip(*rows, strict=True))
    check([x, x, y])
    check([x, -x, y])
    check([x, np.full(len(rows), draw.draw(DOUBLES)), y])
    near = x.copy()
    near[draw.draw(st.integers(0, len(rows) - 1))] *= 0.5
    check([x, near, y])


@pytest.mark.parametrize("features", [1, 2, 3, 4])
def test_oracle_fewer_rows_than_unknowns(features: int) -> None:
    """In general position p + 1 rows are what p features need: no result before, then an exact one."""
    generator = np.random.default_rng(3)
    data = [generator.normal(size=features + 1) for _ in range(features + 1)]
    for rows in range(features + 1):
        assert coefficients([column[:rows] for column in data]) is None
    assert coefficients(data) is not None
    check(data)


def test_oracle_nearly_singular() -> None:
    """Features that differ in one last bit of one row are distinguished, and solved exactly."""
    x = np.linspace(1.0, 2.0, 50)
    twin = x.copy()
    twin[17] = np.nextafter(twin[17], 2.0)
    y = np.sin(x)
    assert coefficients([x, x, y]) is None
    assert coefficients([x, twin, y]) is not None
    check([x, twin, y])


@pytest.mark.parametrize("features", [1, 2, 4])
def test_oracle_long_batch(features: int) -> None:
    """A batch long enough for the fast accumulators, of doubles of any bits, integers and times."""
    generator = np.random.default_rng(features)
    pattern = generator.integers(0, 2**64, size=300, dtype=np.uint64).view(np.float64)
    wild = np.where(np.isfinite(pattern), pattern, -MAX)
    whole = generator.integers(-(2**63), 2**63, size=300, dtype=np.int64)
    tiny = generator.integers(0, 2**52, size=300, dtype=np.int64).view(np.float64)
    times = 1.7e12 + np.arange(300.0)
    check([*[wild, whole, tiny, times][:features], generator.permutation(wild)])
    check([*[times, tiny, whole, wild][:features], generator.normal(size=300)])


def test_oracle_epoch_milliseconds() -> None:
    """With x in milliseconds since 1970 the result is the correctly rounded one, where doubles give nonsense."""
    generator = np.random.default_rng(1)
    x = 1.7e12 + np.arange(1000.0)
    y = 2 * (x - 1.7e12) + 1 + generator.normal(size=1000) / 10
    check([x, y])
    found = coefficients([x, y])
    assert found is not None
    assert abs(found[1] - 2) < 1e-3

    n, sum_x, sum_y = 1000, sum(x.tolist()), sum(y.tolist())
    sum_xx, sum_xy = sum((x * x).tolist()), sum((x * y).tolist())
    determinant = n * sum_xx - sum_x * sum_x
    naive = (n * sum_xy - sum_x * sum_y) / determinant if determinant else 0.0
    assert abs(naive - 2) > 1.9


def test_oracle_results_beyond_the_doubles() -> None:
    """A coefficient too large is an infinity, one too small zero, as IEEE 754 rounds them."""
    steep = [np.array([0.0, 5e-324]), np.array([0.0, MAX])]
    flat = [np.array([-MAX, MAX]), np.array([0.0, 5e-324])]
    subnormal = [np.array([0.0, 2.0**60]), np.array([0.0, 3 * 2.0**-1015])]
    for data in (steep, flat, subnormal):
        check(data)
    assert coefficients(steep) == [0.0, math.inf]
    assert coefficients(flat) == [0.0, 0.0]
    assert coefficients(subnormal) == [
        0.0,
        1e-323,
    ]  # the tie between one unit and two goes to the even


@given(
    rows=st.lists(st.tuples(DOUBLES | NOT_FINITE, DOUBLES, DOUBLES | NOT_FINITE), max_size=40),
)
def test_oracle_rows_that_are_not_finite(rows: list[tuple[float, float, float]]) -> None:
    """A row with NaN or an infinity anywhere counts as excluded, and changes no coefficient."""
    moments = Moments(2)
    moments.add([np.array([row[i] for row in rows], dtype=np.float64) for i in range(3)])
    finite = [row for row in rows if all(map(math.isfinite, row))]
    assert (moments.n, moments.excluded) == (len(finite), len(rows) - len(finite))
    expected = fit([[Fraction(row[i]) for row in finite] for i in range(3)])
    found = moments.solve()
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert list(map(bits, found)) == [bits(nearest(value)) for value in expected]
