"""Intervals about predictions and coefficients, against 60 digits: right to one unit in the last place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import streamreg as sr
from streamreg._core import Fit, Monomials
from tests.support.columns import MAX, Numbers, columns, decimal_array, rationals
from tests.support.inference import (
    DIGITS,
    Exact,
    both,
    fitted,
    is_within_an_ulp,
    moments,
    quantile,
    wide,
)

INTERVALS: list[Literal["confidence", "prediction"]] = ["confidence", "prediction"]


@pytest.fixture(autouse=True)
def _digits() -> Iterator[None]:
    with mpmath.workdps(DIGITS):
        yield


def check_end(found: object, exact: Any) -> None:  # noqa: ANN401  # mpmath has no types
    """The end of an interval, which may be beyond the doubles."""
    beyond = found in (math.inf, -math.inf) and abs(exact) > MAX
    assert beyond or is_within_an_ulp(found, exact), (found, exact)


def check_ends(
    fit: Fit,
    exact: Exact,
    asked: Sequence[Numbers],
    design: Sequence[Sequence[Fraction]],
    level: float,
) -> None:
    """Both ends of both intervals of every row; `design` has the rows as the exact fit takes them."""
    near = fit.statistic("t_quantile", level=level)
    assert isinstance(near, float)
    t = quantile(exact.df, level, near)
    for which, interval in enumerate(INTERVALS):
        values, low, high = fit.intervals(asked, interval, level)
        assert values.tobytes() == fit.values(asked).tobytes()
        for row, ends in zip(design, zip(low.tolist(), high.tolist(), strict=True), strict=True):
            value, reach = (
                wide(exact.value(row)),
                t * mpmath.sqrt(wide(exact.variances(row)[which])),
            )
            check_end(ends[0], value - reach)
            check_end(ends[1], value + reach)


@pytest.mark.parametrize("intercept", [True, False])
@settings(max_examples=40)
@given(draw=st.data())
def test_oracle_intervals_of_any_numbers(intercept: bool, draw: st.DataObject) -> None:
    """Of columns of any numbers, for any rows."""
    fit, exact = both(draw.draw(columns(3, most_rows=7)), intercept)
    asked = draw.draw(columns(2, most_rows=6))
    if exact is None or not exact.df:
        _, low, high = fit.intervals(asked, "confidence")
        assert np.isnan(low).all()
        assert np.isnan(high).all()
        return
    check_ends(fit, exact, asked, list(zip(*map(rationals, asked), strict=True)), 0.95)


@dataclass(frozen=True)
class Shape:
    """A regression on small integers whose target is decimal, and the same in rationals."""

    powers: Sequence[int]
    rows: int
    weighted: bool
    intercept: bool

    def integers(self) -> list[list[int]]:
        """A column for each feature."""
        generator = np.random.default_rng(7 * len(self.powers) + self.rows)
        return [generator.integers(-9, 9, self.rows).tolist() for _ in self.powers]

    def design(self, rows: Sequence[Sequence[int]]) -> list[list[Fraction]]:
        """Rows of columns as they are fitted."""
        return [
            [
                *([Fraction(1)] if self.intercept else []),
                *[Fraction(x) ** power for x, power in zip(row, self.powers, strict=True)],
            ]
            for row in rows
        ]

    def fit(self, target: Sequence[Decimal]) -> tuple[Fit, Exact]:
        """Of this target; row i has the weight (1 + i % 3)², if there are any."""
        features, roots = self.integers(), [1 + i % 3 * self.weighted for i in range(self.rows)]
        count = len(self.powers)
        kinds: list[Literal["int", "decimal"]] = ["int" for _ in self.powers]
        kinds += ["decimal", "int"]
        made = Monomials(
            kinds[: count + 1 + self.weighted],
            list(enumerate(self.powers)),
            count,
            count + 1 if self.weighted else None,
        )
        weights = [np.array(roots, dtype=np.int64) ** 2] if self.weighted else []
        made.add([*map(np.array, features), decimal_array(target), *weights])
        # Roots of weights on both sides make the weighted fit a plain one.
        design = self.design(list(zip(*features, strict=True)))
        scaled = [[root * x for x in row] for root, row in zip(roots, design, strict=True)]
        right = [root * Fraction(y) for root, y in zip(roots, target, strict=True)]
        exact = fitted([*map(list, zip(*scaled, strict=True)), right], intercept=False)
        assert exact is not None
        return made.fit(self.intercept), exact


SHAPES = [
    Shape([1], 3, weighted=False, intercept=True),
    Shape([1], 2, weighted=False, intercept=False),
    Shape([1, 1], 9, weighted=True, intercept=True),
    Shape([1, 1, 1], 5, weighted=False, intercept=True),
    Shape([1, 2, 3], 12, weighted=True, intercept=False),
    Shape([1, 1, 1, 1], 6, weighted=True, intercept=True),
    Shape([2, 1, 1, 3], 30, weighted=False, intercept=True),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("digits", [0, 8, 16, 25])
def test_oracle_intervals_that_end_near_zero(shape: Shape, digits: int) -> None:
    """Where value and reach cancel to so many digits: the target is moved until they do, exactly."""
    generator = np.random.default_rng(digits)
    noise = [Decimal(int(value)) / 8 for value in generator.integers(-99, 99, shape.rows)]
    fit, exact = shape.fit(noise)
    asked = generator.integers(1, 9, len(shape.powers)).tolist()
    (row,) = shape.design([asked])
    near = fit.statistic("t_quantile", level=0.9)
    assert isinstance(near, float)
    t = quantile(exact.df, 0.9, near)
    for variance in exact.variances(row):
        reach = t * mpmath.sqrt(wide(variance))
        # The first coefficient alone moves the value, by this times the row's first number.
        move = (reach - wide(exact.value(row))) / wide(row[0])
        step = Decimal(mpmath.nstr(move, digits + 1, min_fixed=-math.inf, max_fixed=math.inf))
        firsts = [int(x[0]) for x in shape.design(list(zip(*shape.integers(), strict=True)))]
        fit, moved = shape.fit([y + step * x for y, x in zip(noise, firsts, strict=True)])
        check_ends(fit, moved, [np.array([x]) for x in asked], [row], 0.9)
        low = wide(moved.value(row)) - reach
        assert abs(low) < 10 ** (1 - digits) * (1 + abs(reach))


@pytest.mark.parametrize("digits", [0, 8, 16, 25])
def test_oracle_confidence_intervals_that_end_near_zero(digits: int) -> None:
    """The same for a coefficient, whose interval is that of the value at a row of zeros."""
    shape = SHAPES[0]
    noise = [Decimal(3), Decimal(1), Decimal(-8)]
    fit, exact = shape.fit(noise)
    near = fit.statistic("t_quantile", level=0.9)
    assert isinstance(near, float)
    reach = quantile(exact.df, 0.9, near) * mpmath.sqrt(wide(exact.covariance(0, 0)))
    for sign in (1, -1):
        step = Decimal(mpmath.nstr(sign * reach - wide(exact.coefficients[0]), digits + 1))
        fit, moved = shape.fit([y + step for y in noise])
        estimate = wide(moved.coefficients[0])
        check_end(fit.statistic("ci_low", 0, level=0.9), estimate - reach)
        check_end(fit.statistic("ci_high", 0, level=0.9), estimate + reach)


def test_intervals_that_end_at_zero() -> None:
    """With one degree of freedom half of all t lie within 1: the end is 0 exactly, whatever its size was on the way."""
    for size in (1.0, 5e-324, 1e300):
        fit = moments([np.array([1.0, 1.0]), np.array([2 * size, 0.0])]).fit(intercept=False)
        ends = fit.intervals([np.array([1.0, -1.0])], "confidence", 0.5)
        assert [column.tolist() for column in ends] == [
            [size, -size],
            [0.0, -2 * size],
            [2 * size, 0.0],
        ]


def test_intervals_are_refused_or_not_defined() -> None:
    """No such interval, no such level; NaN without degrees of freedom, with a ridge, and for rows of NaN."""
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 2.0, 1.0, 3.0])
    fit = moments([x, y]).fit()
    with pytest.raises(ValueError, match='"confidence" or "prediction", not "mean"'):
        fit.intervals([x], "mean")  # type: ignore[arg-type]
    for level in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="a level lies between 0 and 1"):
            fit.intervals([x], "prediction", level)
    for none in (moments([x[:2], y[:2]]).fit(), moments([x, y]).fit(ridge=1.0)):
        values, low, high = none.intervals([x], "prediction")
        assert values.tobytes() == none.values([x]).tobytes()
        assert np.isnan([low, high]).all()
    values, low, high = fit.intervals([np.array([math.nan, 1.0])], "prediction")
    assert np.isnan([values[0], low[0], high[0]]).all()
    assert low[1] < values[1] < high[1]


def test_estimators_give_the_same_intervals() -> None:
    """What the core computes, unchanged."""
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 2.0, 1.0, 3.0])
    model = sr.LinearRegression().fit(x[:, None], y)
    for interval in INTERVALS:
        found = model.predict(x[:, None], interval=interval, level=0.8)
        expected = moments([x, y]).fit().intervals([x], interval, 0.8)
        assert [end.tobytes() for end in found] == [end.tobytes() for end in expected]
