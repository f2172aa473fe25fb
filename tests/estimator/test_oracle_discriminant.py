"""Parameters of classes recomputed from scratch in rationals: ours are these, rounded once, bit for bit.

The formulas are the definitions, by deviations from the means, not those that the core uses. Logarithms are taken to
a hundred digits.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris, load_wine

import streamreg as sr
from tests.unit.columns import DOUBLES
from tests.unit.rationals import mean, nearest, products, solve

Rows = list[list[Fraction]]
Matrix = list[list[Fraction]]

SMALL = st.one_of(st.integers(-5, 5).map(float), st.floats(-1e3, 1e3), DOUBLES)


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """A few rows of a few features, of up to three classes that have four rows or more each."""
    features = draw(st.integers(1, 3))
    sizes = draw(st.lists(st.integers(4, 7), min_size=1, max_size=3))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    row = st.lists(SMALL, min_size=features, max_size=features)
    return np.array([draw(row) for _ in codes]), codes


def by_class(x: np.ndarray, y: np.ndarray) -> list[Rows]:
    return [[[Fraction(v) for v in row] for row in x[y == k].tolist()] for k in np.unique(y)]


def columns(rows: Rows) -> list[list[Fraction]]:
    return [list(column) for column in zip(*rows, strict=True)]


def means(rows: Rows) -> list[Fraction]:
    return [mean(column) for column in columns(rows)]


def scatter(rows: Rows) -> Matrix:
    """The sums of products of the deviations from the means."""
    return [[products(a, b) for b in columns(rows)] for a in columns(rows)]


def over(matrix: Matrix, divisor: int) -> Matrix:
    return [[entry / divisor for entry in row] for row in matrix]


def applied(matrix: Matrix, right: Sequence[Fraction]) -> list[Fraction] | None:
    """The inverse of a matrix times a vector."""
    return solve([[*row, entry] for row, entry in zip(matrix, right, strict=True)])


def determinant(matrix: Matrix) -> Fraction:
    rows, found = [list(row) for row in matrix], Fraction(1)
    for at in range(len(rows)):
        pivot = next((row for row in range(at, len(rows)) if rows[row][at]), None)
        if pivot is None:
            return Fraction()
        if pivot != at:
            rows[at], rows[pivot], found = rows[pivot], rows[at], -found
        found *= rows[at][at]
        for row in range(at + 1, len(rows)):
            factor = rows[row][at] / rows[at][at]
            rows[row] = [a - factor * b for a, b in zip(rows[row], rows[at], strict=True)]
    return found


def ln(value: Fraction) -> Fraction:
    """The natural logarithm, to a hundred digits beyond the point."""
    with localcontext() as context:
        context.prec = 150 + abs(value.numerator.bit_length() - value.denominator.bit_length()) // 3
        context.Emax, context.Emin = 10**9, -(10**9)
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).ln())


def dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction())


def assert_bits(found: np.ndarray, expected: list[float]) -> None:
    assert found.tobytes() == struct.pack(f"<{len(expected)}d", *expected), (found, expected)


def assert_linear(x: np.ndarray, y: np.ndarray, *, unbiased: bool) -> None:
    groups = by_class(x, y)
    model = sr.LinearDiscriminantAnalysis(unbiased=unbiased).fit(x, y)
    total = [
        [sum(entries, Fraction()) for entries in zip(*rows, strict=True)]
        for rows in zip(*map(scatter, groups), strict=True)
    ]
    pooled = over(total, len(y) - (len(groups) if unbiased else 0))
    centres = [means(rows) for rows in groups]
    priors = [Fraction(len(rows), len(y)) for rows in groups]
    assert_bits(model.means_, [nearest(v) for centre in centres for v in centre])
    assert_bits(model.priors_, [nearest(prior) for prior in priors])
    assert_bits(model.covariance_, [nearest(v) for row in pooled for v in row])
    coefficients = [applied(pooled, centre) for centre in centres]
    solved = [entry for entry in coefficients if entry is not None]
    if not solved:
        with pytest.raises(ValueError, match="decided exactly"):
            model.predict(x)
        return
    rational = [-dot(m, c) / 2 for m, c in zip(centres, solved, strict=True)]
    rows = list(zip(solved, rational, priors, strict=True))
    if len(rows) == 2:
        (a, p, q), (b, r, s) = rows
        rows = [([u - v for u, v in zip(b, a, strict=True)], r - p, s / q)]
    assert_bits(model.coef_, [nearest(v) for row, _, _ in rows for v in row])
    assert_bits(model.intercept_, [nearest(v + ln(prior)) for _, v, prior in rows])


def assert_quadratic(x: np.ndarray, y: np.ndarray, *, unbiased: bool) -> None:
    groups = by_class(x, y)
    model = sr.QuadraticDiscriminantAnalysis(unbiased=unbiased).fit(x, y)
    covariances = [over(scatter(rows), len(rows) - unbiased) for rows in groups]
    assert_bits(model.covariance_, [nearest(v) for c in covariances for row in c for v in row])
    if not all(map(determinant, covariances)):
        with pytest.raises(ValueError, match="decided exactly"):
            model.predict(x)
        return
    precision, linear, constant = [], [], []
    for rows, covariance in zip(groups, covariances, strict=True):
        size, centre = len(covariance), means(rows)
        for at in range(size):
            unit = [Fraction(int(at == other)) for other in range(size)]
            precision += [nearest(v) for v in applied(covariance, unit) or ()]
        coefficients = applied(covariance, centre) or []
        linear += [nearest(v) for v in coefficients]
        log = ln(Fraction(len(rows), len(y)) ** 2 / determinant(covariance)) / 2
        constant.append(nearest(log - dot(centre, coefficients) / 2))
    assert_bits(model.precision_, precision)
    assert_bits(model.coef_, linear)
    assert_bits(model.intercept_, constant)


@given(tables(), st.booleans())
def test_oracle_linear(table: tuple[np.ndarray, np.ndarray], unbiased: bool) -> None:
    """Means, covariance, coefficients and constants of linear discriminants; of two classes their differences."""
    assert_linear(*table, unbiased=unbiased)


@given(tables(), st.booleans())
def test_oracle_quadratic(table: tuple[np.ndarray, np.ndarray], unbiased: bool) -> None:
    """Covariances, their inverses, linear terms and constants of quadratic discriminants."""
    assert_quadratic(*table, unbiased=unbiased)


@given(tables())
def test_oracle_variances(table: tuple[np.ndarray, np.ndarray]) -> None:
    """The variances of naive Bayes; where one is zero, that is found."""
    x, y = table
    model = sr.GaussianNB().fit(x, y)
    groups = by_class(x, y)
    expected = [products(c, c) / len(rows) for rows in groups for c in columns(rows)]
    assert_bits(model.var_, [nearest(variance) for variance in expected])
    if not all(expected):
        with pytest.raises(ValueError, match="constant within the class"):
            model.predict(x)


@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_oracle_data_sets(load: Callable[..., Any]) -> None:
    """The same of scikit-learn's data sets, of 4 and 13 features."""
    x, y = load(return_X_y=True)
    assert_linear(x, y, unbiased=True)
    assert_quadratic(x, y, unbiased=False)


def test_oracle_posteriors_of_distant_features() -> None:
    """Probabilities of features at 1.7e9 with digits that matter after the point are right to 12 digits."""
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1, 2], 40)
    x = np.column_stack([1.7e9 + rng.normal(size=120) + y, rng.normal(size=120) - y])
    groups = by_class(x, y)
    for model in (sr.QuadraticDiscriminantAnalysis(), sr.LinearDiscriminantAnalysis()):
        found = model.fit(x, y).predict_proba(x[::10])
        covariances = [over(scatter(rows), len(rows)) for rows in groups]
        if isinstance(model, sr.LinearDiscriminantAnalysis):
            entries = zip(*covariances, strict=True)
            third = [[sum(v) / 3 for v in zip(*rows, strict=True)] for rows in entries]
            covariances = [third] * 3
        for row, posteriors in zip(x[::10].tolist(), found.tolist(), strict=True):
            scores = []
            for rows, covariance in zip(groups, covariances, strict=True):
                away = [Fraction(v) - m for v, m in zip(row, means(rows), strict=True)]
                square = dot(away, applied(covariance, away) or [])
                scores.append(float(-square / 2 - ln(determinant(covariance)) / 2))
            expected = np.exp(np.array(scores) - max(scores))
            np.testing.assert_allclose(posteriors, expected / expected.sum(), rtol=1e-12)
