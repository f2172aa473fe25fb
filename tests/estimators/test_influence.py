"""How much each row moves a fit: `LinearRegression.influence`."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamreg as sr
from streamreg import testing
from tests.support.rationals import bits, nearest, root, solve

NUMBERS = st.one_of(
    st.integers(-(2**40), 2**40),
    st.floats(-(2.0**30), 2.0**30, allow_subnormal=False),
    st.integers(1_700_000_000_000, 1_700_000_000_100),
)


def measured(
    design: list[list[Fraction]], target: list[Fraction], weights: list[Fraction]
) -> list[tuple[Fraction, Fraction, Fraction]] | None:
    """Of each row leverage, signed square of the studentized residual, and Cook's distance, by their definitions.

    None where one of them is not defined.
    """
    size, rows = len(design[0]), len(design)
    grams = [
        [
            sum((w * a[i] * a[j] for w, a in zip(weights, design, strict=True)), Fraction())
            for j in range(size)
        ]
        for i in range(size)
    ]
    moments = [
        sum((w * a[i] * y for w, a, y in zip(weights, design, target, strict=True)), Fraction())
        for i in range(size)
    ]
    factors = solve([[*row, end] for row, end in zip(grams, moments, strict=True)])
    if factors is None or rows <= size + 1:
        return None
    found = []
    residuals = [y - dot(factors, a) for a, y in zip(design, target, strict=True)]
    rss = sum((w * e * e for w, e in zip(weights, residuals, strict=True)), Fraction())
    for a, e, w in zip(design, residuals, weights, strict=True):
        turned = solve([[*row, end] for row, end in zip(grams, a, strict=True)])
        assert turned is not None
        leverage = w * dot(turned, a)
        without = rss - w * e * e / (1 - leverage) if leverage != 1 else Fraction()
        if not (without and rss):
            return None
        square = w * e * e * (rows - size - 1) / (without * (1 - leverage))
        cooks = w * e * e * leverage * (rows - size) / (size * rss * (1 - leverage) ** 2)
        found.append((leverage, square if e >= 0 else -square, cooks))
    return found


def dot(one: list[Fraction], other: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(one, other, strict=True)), Fraction())


def signed_root(square: Fraction) -> float:
    return -root(-square) if square < 0 else root(square)


def near(found: float, exact: Fraction, ulps: int) -> bool:
    """Whether a number is so many units in the last place from another one at most."""
    return abs(Fraction(found) - exact) <= ulps * Fraction(math.ulp(nearest(exact)))


@pytest.mark.filterwarnings("ignore::streamreg.NumericalWarning")
@pytest.mark.parametrize("intercept", [True, False])
@given(
    rows=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=5, max_size=8),
)
def test_oracle_influence(intercept: bool, rows: list[tuple[float, ...]]) -> None:
    """Leverages and studentized residuals are those of rationals, rounded once; Cook's distances are near them."""
    data = np.array(rows, dtype=object)
    design = [[*([Fraction(1)] * intercept), *map(Fraction, row[:-1])] for row in rows]
    expected = measured(design, [Fraction(row[-1]) for row in rows], [Fraction(1)] * len(rows))
    if expected is None:
        return
    model = sr.LinearRegression(fit_intercept=intercept).fit(data[:, :-1], data[:, -1])
    found = model.influence(data[:, :-1], data[:, -1])
    for at, (leverage, square, cooks) in enumerate(expected):
        assert bits(float(found.leverage[at])) == bits(nearest(leverage))
        assert bits(float(found.studentized[at])) == bits(signed_root(square))
        assert near(found.cooks_distance[at], cooks, 16)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 1000), st.integers(0, 1000), st.integers(1, 50)),
        min_size=5,
        max_size=8,
    )
)
def test_oracle_influence_of_weights(rows: list[tuple[int, int, int]]) -> None:
    """With weights leverages are those of rationals, rounded once, and the others near them."""
    x, y, weights = (list(map(Fraction, column)) for column in zip(*rows, strict=True))
    expected = measured([[Fraction(1), value] for value in x], y, weights)
    if expected is None:
        return
    data = np.array(rows, float)
    given_rows = (data[:, :1], data[:, 1], data[:, 2])
    found = sr.LinearRegression().fit(*given_rows).influence(*given_rows)
    for at, (leverage, square, cooks) in enumerate(expected):
        assert bits(float(found.leverage[at])) == bits(nearest(leverage))
        assert abs(found.studentized[at] - signed_root(square)) <= 1e-14 * abs(signed_root(square))
        assert near(found.cooks_distance[at], cooks, 32)


def test_leverage_needs_no_residual() -> None:
    """Where a line goes through all points, leverages are what they are, and the rest is not defined."""
    x = np.arange(4.0)[:, None]
    found = sr.LinearRegression().fit(x, 1 + 2 * x[:, 0]).influence(x, 1 + 2 * x[:, 0])
    assert found.leverage.tolist() == [0.7, 0.3, 0.3, 0.7]
    assert np.isnan(found.studentized).all()
    assert np.isnan(found.cooks_distance).all()


def test_a_row_that_decides_a_coefficient_alone() -> None:
    """Its leverage is 1, and without it there is no fit to compare with; rows of weight 0 do nothing."""
    x, y = np.array([[0.0], [0.0], [0.0], [1.0]]), [1.0, 2.0, 4.0, 9.0]
    found = sr.LinearRegression().fit(x, y).influence(x, y)
    assert found.leverage[3] == 1
    assert np.isnan(found.studentized[3])
    assert np.isnan(found.cooks_distance[3])
    weights = [1.0, 2.0, 0.0, 1.0, 1.0]
    x, y = np.arange(5.0)[:, None], [1.0, 2.0, 4.0, 9.0, 1.0]
    found = sr.LinearRegression().fit(x, y, weights).influence(x, y, weights)
    assert found.leverage[2] == 0
    assert np.isnan(found.studentized[2])


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([[0], [1], [2], [3]], [1, 3, 6, 8]),  # another target
        ([[0], [1], [2], [4]], [1, 3, 6, 7]),  # another feature
        ([[0], [1], [2]], [1, 3, 6]),  # one too few
        ([[0], [1], [2], [3], [3]], [1, 3, 6, 7, 7]),  # one too many
    ],
)
def test_other_rows_are_refused(x: list[list[int]], y: list[int]) -> None:
    """Influence is that of the rows of the fit: others, or not all of them, are an error that says so."""
    model = sr.LinearRegression().fit([[0], [1], [2], [3]], [1, 3, 6, 7])
    with pytest.raises(ValueError, match="X and y are not the rows of the fit"):
        model.influence(x, y)
    assert model.n_samples_seen_ == 4


def test_influence_of_numbers_of_any_size() -> None:
    """Where a square is beyond the doubles, nothing fails; what is too large itself is infinite."""
    x, y = [[1e-300], [1e300], [1.0], [2.0]], [1.0, 2.0, 3.0, 5.0]
    model = sr.LinearRegression().fit(x, y)
    found = model.influence(x, y).cooks_distance
    assert found[1] == np.inf
    assert np.isfinite(np.delete(found, 1)).all()
    for kind in ("qq", "influence"):
        assert model.plot(x, y, kind=kind).data


def test_what_influence_is_not_of() -> None:
    """A ridge, several targets, no fit at all, and more rows than can be waited for are refused by name."""
    x, y = np.arange(6.0)[:, None], np.arange(6.0)
    with pytest.raises(ValueError, match="with a ridge"):
        sr.LinearRegression(ridge=1.0).fit(x, y).influence(x, y)
    with pytest.raises(ValueError, match="several targets"):
        sr.LinearRegression().fit(x, np.column_stack([y, y])).influence(x, y)
    with pytest.raises(sr.NotFittedError):
        sr.LinearRegression().influence(x, y)
    many = np.zeros((100_001, 1))
    with pytest.raises(ValueError, match="100,001 rows: influence is computed of at most 100,000"):
        sr.LinearRegression().fit(x, y).influence(many, many[:, 0])


def test_influence_of_rows_of_any_kind() -> None:
    """Decimals, tables and a regression from a state with powers are taken as `fit` takes them."""
    x: Any = [Decimal(f"0.{digit}") for digit in range(1, 8)]
    y: Any = [Decimal(value) for value in ("1.5", "2", "2.75", "3", "4.5", "5", "7")]
    rows = np.array(x, object)[:, None]
    found = sr.LinearRegression().fit(rows, y).influence(rows, y)
    expected = measured(
        [[Fraction(1), Fraction(v)] for v in x], list(map(Fraction, y)), [Fraction(1)] * 7
    )
    assert expected is not None
    for at, (leverage, square, _) in enumerate(expected):
        assert bits(float(found.leverage[at])) == bits(nearest(leverage))
        assert bits(float(found.studentized[at])) == bits(signed_root(square))


def test_influence_of_the_rows_of_a_state(tmp_path: Any) -> None:  # noqa: ANN401
    """A regression of powers that a run has kept is that of its columns, powers and all."""

    class Point(sr.Schema):
        x: float
        y: float

    points = [(0.5 * at, (at * at * 7) % 11) for at in range(8)]
    lines = [f"{x},{y}".encode() for x, y in points]
    t = testing.read([lines], schema=Point, header=["x", "y"])
    sr.io.csv.write(t.linear_regression(t.y, sr.poly(t.x, 2)), tmp_path / "fit.csv")
    sr.run(processes=0, state=tmp_path / "state")
    model = sr.LinearRegression.from_state(tmp_path / "state")
    x, y = np.array(points)[:, :1], np.array(points)[:, 1]
    with pytest.warns(UserWarning, match="valid feature names"):
        found = model.influence(x, y)
    squares = sr.LinearRegression().fit(np.column_stack([x, x**2]), y)
    alike = squares.influence(np.column_stack([x, x**2]), y)
    assert found.leverage.tobytes() == alike.leverage.tobytes()
    assert found.studentized.tobytes() == alike.studentized.tobytes()
