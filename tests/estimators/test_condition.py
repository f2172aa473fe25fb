"""How nearly features follow from each other: the condition number beside that of 100 digits, and who is warned."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

import streamreg as sr


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def celsius() -> np.ndarray:
    found = np.round(normal(1, 300) * 8 + 15, 1)
    return np.column_stack([found, found * 1.8 + 32])


def sums() -> np.ndarray:
    x = normal(2, 300, 2) * 10
    return np.column_stack([x, x.sum(axis=1)])


def means() -> np.ndarray:
    x = normal(3, 300, 5) + 20
    return np.column_stack([x, x.mean(axis=1)])


def thirds() -> np.ndarray:
    x = normal(4, 300)
    return np.column_stack([x, normal(5, 300), x / 3])


def shares() -> np.ndarray:
    x = np.abs(normal(6, 300, 3)) + 1
    return np.column_stack([column / x.sum(axis=1) for column in x.T])


NEAR: dict[str, tuple[Callable[[], np.ndarray], int]] = {
    "celsius": (celsius, 1),
    "sums": (sums, 2),
    "means": (means, 5),
    "thirds": (thirds, 2),
    "shares": (shares, 2),
}
"""Rows, and the feature that follows from those before it but for roundings."""


def condition(
    x: np.ndarray, *, intercept: bool, weights: np.ndarray | None = None, ridge: float = 0.0
) -> float:
    """By the eigenvalues of the scaled cross-products, to a hundred digits."""
    with mpmath.workdps(120):
        rows = [([1.0] if intercept else []) + row for row in x.tolist()]
        weighed = np.ones(len(x)) if weights is None else weights
        size = len(rows[0])
        gram = mpmath.zeros(size)
        for row, weight in zip(rows, weighed.tolist(), strict=True):
            own = [mpmath.mpf(v) for v in row]
            for a in range(size):
                for b in range(size):
                    gram[a, b] += own[a] * own[b] * mpmath.mpf(weight)
        for a in range(int(intercept), size):
            gram[a, a] += mpmath.mpf(ridge)
        roots = [mpmath.sqrt(gram[a, a]) for a in range(size)]
        scaled = mpmath.matrix(
            [[gram[a, b] / (roots[a] * roots[b]) for b in range(size)] for a in range(size)]
        )
        values = mpmath.eigsy(scaled, eigvals_only=True)
        return float(mpmath.sqrt(max(values) / min(values)))


@pytest.mark.parametrize("rows", [*(rows for rows, _ in NEAR.values()), lambda: normal(7, 80, 4)])
@pytest.mark.parametrize("intercept", [True, False])
def test_oracle_condition_number(rows: Callable[[], np.ndarray], intercept: bool) -> None:
    """Of ordinary features, and of those that follow from others, it is right to 13 digits, also from 1e16 on."""
    x = rows()[:60]
    model = sr.LinearRegression(fit_intercept=intercept).fit(x, x[:, 0] + normal(8, len(x)))
    expected = condition(x, intercept=intercept)
    assert model.condition_number_ == pytest.approx(expected, rel=1e-13)
    assert expected < 1e5 or expected > 1e15


@pytest.mark.parametrize("scales", [[1e200, 1e-200, 1.0], [1e-300, 1e150, 1e15]])
def test_oracle_condition_number_of_scales_weights_and_ridge(scales: list[float]) -> None:
    """No scale of a feature changes it; weights and the rows of a ridge count as rows of the design."""
    x, weights = normal(9, 50, 3), np.abs(normal(10, 50))
    y = normal(11, 50)
    plain = sr.LinearRegression().fit(x, y)
    scaled = sr.LinearRegression().fit(x * np.exp2(np.round(np.log2(scales))), y)
    assert scaled.condition_number_ == pytest.approx(plain.condition_number_, rel=1e-13)
    weighted = sr.LinearRegression().fit(x, y, weights)
    expected = condition(x, intercept=True, weights=weights)
    assert weighted.condition_number_ == pytest.approx(expected, rel=1e-13)
    ridge = sr.LinearRegression(ridge=7.5).fit(x, y)
    expected = condition(x, intercept=True, ridge=7.5)
    assert ridge.condition_number_ == pytest.approx(expected, rel=1e-13)


def test_law_condition_number_at_the_ends() -> None:
    """One feature without an intercept has 1, a singular design an infinity, no row nothing."""
    y = [1.0, 2.0, 4.0]
    alone = sr.LinearRegression(fit_intercept=False).fit([[1e-300], [2e-300], [3e-300]], y)
    assert alone.condition_number_ == 1.0
    singular = sr.LinearRegression().fit([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], y)
    assert singular.condition_number_ == math.inf
    assert singular.forget([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], y).condition_number_ is None
    far = sr.LinearRegression().fit(
        [[1.0, 1e-250], [2.0, -1e-250], [3.0, 1.0], [5.0, 1e-260]], [*y, 5.0]
    )
    assert far.condition_number_ is not None
    assert math.isfinite(far.condition_number_)


@pytest.mark.parametrize("kind", NEAR)
def test_law_near_dependence_is_told(kind: str) -> None:
    """Whatever is made of the coefficients comes with a warning that names the feature; so does the summary."""
    rows, at = NEAR[kind]
    x = rows()
    y = x[:, 0] + normal(12, len(x))
    intercept = kind != "thirds"
    model = sr.LinearRegression(fit_intercept=intercept).fit(x, y)
    told = f"feature 'x{at}' is constant, or follows"
    with pytest.warns(sr.NumericalWarning, match=told):
        assert model.coef_.shape == (x.shape[1],)
    with pytest.warns(sr.NumericalWarning, match=told):
        model.predict(x[:2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = model.summary()
    assert "Condition Number:" in text
    assert f"Warning: feature 'x{at}'" in text
    labels = (normal(13, len(x)) > 0).astype(int)
    for made in (sr.LinearDiscriminantAnalysis, sr.QuadraticDiscriminantAnalysis):
        with pytest.warns(sr.NumericalWarning, match=f"within the classes feature 'x{at}'"):
            made().fit(x, labels).predict(x[:2])


def test_law_ordinary_features_bring_no_warning() -> None:
    """Data sets, powers up to the fifth, features far from zero and of other scales: not a word."""
    cases = [load_diabetes(return_X_y=True), load_iris(return_X_y=True)]
    x = normal(14, 100)
    cases.append((np.column_stack([x**k for k in range(1, 6)]), x))
    cases.append((np.column_stack([1.7e12 + 1e6 * x, 1e-200 * normal(15, 100)]), x))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for features, y in cases:
            model = sr.LinearRegression().fit(features, y)
            assert model.coef_.shape == (features.shape[1],)
            assert "Warning" not in model.summary()
            labels = (y > np.median(y)).astype(int)
            for made in (sr.LinearDiscriminantAnalysis, sr.QuadraticDiscriminantAnalysis):
                made().fit(features, labels).predict(features)
            sr.GaussianNB().fit(features, labels).predict(features)


def test_law_nearly_constant_feature_of_naive_bayes() -> None:
    """A class in which a feature varies in its last digits only has a variance made of these: it is told."""
    x = np.array([[0.1 + 0.2, 1.0], [0.3, 2.0], [5.0, 3.0], [6.0, 4.0]])
    with pytest.warns(sr.NumericalWarning, match="feature 'x0'"):
        sr.GaussianNB().fit(x, [0, 0, 1, 1]).predict(x)
