"""Parameters of classes recomputed from scratch in rationals: ours are these, rounded once, bit for bit."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import nullcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris, load_wine

import streamreg as sr
from tests.support.columns import DOUBLES
from tests.support.discriminants import (
    Rows,
    added,
    applied,
    applied_without_idle,
    columns,
    determinant,
    dot,
    inverted,
    ln,
    means,
    over,
    quadratic_parameters,
    reduced,
    scatter,
    within,
)
from tests.support.rationals import nearest, products

pytestmark = pytest.mark.filterwarnings("ignore::streamreg.NumericalWarning")
"""That digits decide is tested in `test_condition.py`."""

SMALL = st.one_of(st.integers(-5, 5).map(float), st.floats(-1e3, 1e3), DOUBLES)


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """A few rows of a few features, of up to three classes that have four rows or more each."""
    features = draw(st.integers(1, 3))
    sizes = draw(st.lists(st.integers(4, 7), min_size=1, max_size=3))
    codes = np.repeat(np.arange(len(sizes)), sizes)
    row = st.lists(SMALL, min_size=features, max_size=features)
    return np.array([draw(row) for _ in codes]), codes


@st.composite
def idle_tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """The same with a column that is constant, one that follows from others, also up to a constant of the class."""
    x, y = draw(tables())
    whole = np.round(np.clip(x, -1e3, 1e3) * 8)
    offsets = draw(st.sampled_from([np.zeros(len(y)), 3.0 * y]))
    more = [np.full(len(y), 7.0), whole.sum(axis=1) + offsets, offsets - 2 * whole[:, 0]]
    chosen = draw(st.lists(st.sampled_from(more), min_size=1, max_size=2))
    order = draw(st.permutations([*whole.T, *chosen]))
    return np.column_stack(order), y


def by_class(x: np.ndarray, y: np.ndarray) -> list[Rows]:
    return [[[Fraction(v) for v in row] for row in x[y == k].tolist()] for k in np.unique(y)]


def assert_bits(found: np.ndarray, expected: list[float]) -> None:
    assert found.tobytes() == struct.pack(f"<{len(expected)}d", *expected), (found, expected)


def assert_linear(x: np.ndarray, y: np.ndarray, *, unbiased: bool) -> None:
    groups = by_class(x, y)
    model = sr.LinearDiscriminantAnalysis(unbiased=unbiased).fit(x, y)
    pooled = within(groups, unbiased=unbiased)
    assert pooled is not None
    centres = [means(rows) for rows in groups]
    priors = [Fraction(len(rows), len(y)) for rows in groups]
    assert_bits(model.means_, [nearest(v) for centre in centres for v in centre])
    assert_bits(model.priors_, [nearest(prior) for prior in priors])
    assert_bits(model.covariance_, [nearest(v) for row in pooled for v in row])
    pivots, _ = reduced(pooled)
    if not pivots:
        with pytest.raises(ValueError, match="decided exactly"):
            model.predict(x)
        return
    regular = len(pivots) == len(pooled)
    with nullcontext() if regular else pytest.warns(UserWarning, match="decided exactly"):
        model.predict(x)
    solved = [applied_without_idle(pooled, centre) or [] for centre in centres]
    assert not regular or solved == [applied(pooled, centre) for centre in centres]
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
    precisions = [inverted(covariance) for covariance in covariances]
    expected = quadratic_parameters(dict(enumerate(groups)), unbiased=unbiased).values()
    assert_bits(model.precision_, [nearest(v) for p in precisions for row in p for v in row])
    assert_bits(model.coef_, [v for _, _, _, linear, _ in expected for v in linear or ()])
    assert_bits(model.intercept_, [constant or 0.0 for _, _, constant, _, _ in expected])


@given(tables(), st.booleans())
def test_oracle_linear(table: tuple[np.ndarray, np.ndarray], unbiased: bool) -> None:
    """Means, covariance, coefficients and constants of linear discriminants; of two classes their differences."""
    assert_linear(*table, unbiased=unbiased)


@given(tables(), st.booleans())
def test_oracle_quadratic(table: tuple[np.ndarray, np.ndarray], unbiased: bool) -> None:
    """Covariances, their inverses, linear terms and constants of quadratic discriminants."""
    assert_quadratic(*table, unbiased=unbiased)


@given(idle_tables(), st.booleans())
def test_oracle_linear_without_idle_directions(
    table: tuple[np.ndarray, np.ndarray], unbiased: bool
) -> None:
    """The same where features are constant or follow from others: by the inverse that leaves these directions out."""
    assert_linear(*table, unbiased=unbiased)


@given(tables(), st.sampled_from([0.0, 1e-9, 0.5]))
def test_oracle_variances(table: tuple[np.ndarray, np.ndarray], smoothing: float) -> None:
    """The variances of naive Bayes, with a share of the greatest; where one is zero, that is found."""
    x, y = table
    model = sr.GaussianNB(var_smoothing=smoothing).fit(x, y)
    groups = by_class(x, y)
    more = added(groups, smoothing)
    expected = [products(c, c) / len(rows) + more for rows in groups for c in columns(rows)]
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
