"""Every statistic of a reduction against rationals: integers exact, doubles rounded once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamreg._core import Reduction
from tests.support.columns import DOUBLES, MAX, NOT_FINITE, Numbers, array, columns
from tests.support.rationals import bits, fit, mean, nearest, products, root, total

if TYPE_CHECKING:
    from streamreg._types import Aggregate, Number, ResultValue, Statistic

AGGREGATES: list[Aggregate] = [
    ("count",),
    ("sum", 0),
    ("min", 0),
    ("max", 0),
    ("sum", 1),
    ("min", 1),
    ("max", 1),
    ("moments", (0,), 1),
]
OF_THE_LINE = ["count", "avgx", "avgy", "sxx", "syy", "sxy", "r2", "slope", "intercept"]
OF_SPREAD = [
    *["covar_pop", "covar_samp", "var_pop", "var_samp", "stddev_pop", "stddev_samp", "corr"],
]
STATISTICS: list[Statistic] = [
    (0, "count", 0),
    *[(1, "sum", 0), (1, "avg", 0), (2, "min", 0), (3, "max", 0)],
    *[(4, "sum", 0), (4, "avg", 0), (5, "min", 0), (6, "max", 0)],
    *[(7, f"regr_{name}", 0) for name in OF_THE_LINE],
    *[(7, "coefficient", 0), (7, "coefficient", 1)],
    *[(7, name, 0) for name in OF_SPREAD],
]


def number_type(column: Numbers) -> Number:
    """The type of a column as a reduction names it."""
    return "int" if column.dtype == np.int64 else "float"


def results(x: Numbers, y: Numbers) -> tuple[list[ResultValue], list[int]]:
    """The extension's results, and the rows that each aggregate excluded."""
    reduction = Reduction([number_type(x), number_type(y)], AGGREGATES)
    reduction.add([x, y], len(x))
    return reduction.results(STATISTICS), reduction.excluded()


def of_column(column: Numbers) -> list[ResultValue]:
    """Sum, average, least and greatest of the finite numbers; nothing of no rows."""
    numbers = [value for value in column.tolist() if math.isfinite(value)]
    exact = [Fraction(value) for value in numbers]
    # Of rows that were all excluded the sum is 0; only of no rows at all there is none.
    whole: ResultValue = nearest(total(exact)) if len(column) else None
    if number_type(column) == "int" and len(column):
        whole = sum(numbers)
    if not numbers:
        return [whole, None, None, None]
    # Of the zeros the negative one counts as less.
    ordered = sorted(numbers, key=lambda value: (value, math.copysign(1, value)))
    return [whole, nearest(mean(exact)), ordered[0], ordered[-1]]


def finite_pairs(x: Numbers, y: Numbers) -> list[tuple[Fraction, Fraction]]:
    """The rows with both numbers finite, exactly."""
    return [
        (Fraction(a), Fraction(b))
        for a, b in zip(x.tolist(), y.tolist(), strict=True)
        if math.isfinite(a) and math.isfinite(b)
    ]


def of_line(x: Numbers, y: Numbers) -> list[ResultValue]:
    """The regr_* functions and the two coefficients, over the rows with both numbers finite."""
    pairs = finite_pairs(x, y)
    if not pairs:
        return [0, *[None] * (len(OF_THE_LINE) - 1), None, None]
    a, b = [a for a, _ in pairs], [b for _, b in pairs]
    sxx, syy, sxy = products(a, a), products(b, b), products(a, b)
    exact: list[ResultValue] = [nearest(value) for value in [mean(a), mean(b), sxx, syy, sxy]]
    line = fit([a, b])
    if line is None:
        return [len(pairs), *exact, None, None, None, 0.0, 0.0]
    intercept, slope = map(nearest, line)
    share = nearest(sxy**2 / (sxx * syy)) if syy else 1.0
    return [len(pairs), *exact, share, slope, intercept, intercept, slope]


def of_spread(x: Numbers, y: Numbers) -> list[ResultValue]:
    """Covariances, the variances of x and their roots, and the correlation, as SQL defines them."""
    pairs = finite_pairs(x, y)
    if not pairs:
        return [None] * len(OF_SPREAD)
    a, b = [a for a, _ in pairs], [b for _, b in pairs]
    n, sxx, syy, sxy = len(pairs), products(a, a), products(b, b), products(a, b)
    sample: list[ResultValue] = [None] * 3
    if n > 1:
        sample = [nearest(sxy / (n - 1)), nearest(sxx / (n - 1)), root(sxx / (n - 1))]
    correlation: ResultValue = None
    if sxx and syy:
        size = root(sxy**2 / (sxx * syy))
        correlation = -size if sxy < 0 and size else size
    covariance, variance, deviation = sample
    return [
        *[nearest(sxy / n), covariance, nearest(sxx / n), variance, root(sxx / n), deviation],
        correlation,
    ]


def check(x: Numbers, y: Numbers) -> None:
    """All statistics are those of rationals, bit for bit and of the same type."""
    found, _ = results(x, y)
    expected = [len(x), *of_column(x), *of_column(y), *of_line(x, y), *of_spread(x, y)]
    for statistic, one, other in zip(STATISTICS, found, expected, strict=True):
        assert bits(one) == bits(other), (statistic, one, other)


@settings(max_examples=150)
@given(columns(2))
def test_oracle_statistics(data: list[Numbers]) -> None:
    """Every statistic of columns of doubles and of 64-bit integers of any size."""
    check(*data)


ROWS = st.tuples(DOUBLES | NOT_FINITE, DOUBLES | NOT_FINITE)


@given(st.lists(ROWS, max_size=40))
def test_oracle_statistics_beside_numbers_that_are_not_finite(
    rows: list[tuple[float, float]],
) -> None:
    """An aggregate leaves out the rows that it cannot take, counts them, and is right of the rest."""
    x, y = (np.array([row[i] for row in rows], dtype=np.float64) for i in range(2))
    check(x, y)
    _, excluded = results(x, y)
    of_x, of_y = (np.count_nonzero(~np.isfinite(column)) for column in (x, y))
    of_either = np.count_nonzero(~(np.isfinite(x) & np.isfinite(y)))
    assert excluded == [0, of_x, of_x, of_x, of_y, of_y, of_y, of_either]


@pytest.mark.parametrize("seed", range(4))
def test_oracle_long_batch(seed: int) -> None:
    """A batch long enough for the fast accumulators, of every kind of column against every other."""
    generator = np.random.default_rng(seed)
    rows = 400
    pattern = generator.integers(0, 2**64, size=rows, dtype=np.uint64).view(np.float64)
    wild = np.where(np.isfinite(pattern), pattern, MAX)
    kinds: list[Numbers] = [
        wild,
        np.concatenate([wild[: rows // 2], -wild[: rows // 2]]),
        generator.integers(-(2**63), 2**63, size=rows, dtype=np.int64),
        generator.integers(0, 2**52, size=rows, dtype=np.int64).view(np.float64),
        1.7e12 + np.arange(float(rows)),
        np.full(rows, 0.1),
    ]
    for x, y in zip(kinds, kinds[seed + 1 :] + kinds[: seed + 1], strict=True):
        check(x, y)


def test_oracle_sums_that_doubles_get_wrong() -> None:
    """What is lost when doubles are added one by one is kept."""
    for values, expected in [
        ([1e16, 1.0, -1e16], 1.0),
        ([MAX, MAX, -MAX], MAX),
        ([MAX, MAX], math.inf),
        ([0.1] * 10, 1.0),
        ([5e-324, 5e-324], 1e-323),
    ]:
        column = array(values)
        found, _ = results(column, column)
        assert found[1] == expected
        check(column, column)
    mean_of_largest, _ = results(array([MAX, MAX]), array([0, 1]))
    assert mean_of_largest[2] == MAX  # though the sum is beyond the doubles


def test_oracle_integers_have_no_limit_in_a_sum() -> None:
    """The sum of 64-bit integers is an int, however large; their average is one rounding of it."""
    x = array([2**63 - 1] * 9 + [-1])
    found, _ = results(x, x)
    assert found[1] == 9 * (2**63 - 1) - 1
    check(x, array([-(2**63)] * 9 + [2**63 - 1]))


def test_oracle_rank_deficient_coefficients() -> None:
    """Where rows do not determine a regression its coefficients are 0; of no rows there are none."""
    reduction = Reduction(["float", "int", "float"], [("moments", (0, 1), 2)])
    asked: list[Statistic] = [(0, "coefficient", index) for index in range(3)]
    assert reduction.results(asked) == [None, None, None]
    x: Sequence[float] = [1.0, 2.0, 3.0]
    reduction.add([array(x), array([2, 4, 6]), array([1.0, 2.0, 2.0])], 3)
    assert list(map(bits, reduction.results(asked))) == [bits(0.0)] * 3
    reduction.add([array([4.0]), array([9]), array([1.0])], 1)
    assert None not in reduction.results(asked)


def test_statistics_that_do_not_fit_are_refused() -> None:
    """An unknown name, an aggregate that lacks it, or an index out of range is a ValueError."""
    reduction = Reduction(["float", "float"], AGGREGATES)
    wrong: list[Statistic] = [
        *[(0, "sum", 0), (1, "regr_slope", 0), (2, "max", 0), (7, "avg", 0)],
        *[(8, "count", 0), (7, "coefficient", 2), (0, "count", 1), (0, "median", 0)],
    ]
    for statistic in wrong:
        with pytest.raises(ValueError, match=statistic[1]):
            reduction.results([statistic])
