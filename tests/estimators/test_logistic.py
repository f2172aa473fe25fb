"""Streaming logistic regression: how close batches come to one fit, and what it does where that has no minimum."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

import streamreg as sr


def streamed(x: NDArray[Any], y: NDArray[Any], size: int) -> sr.LogisticRegression:
    model = sr.LogisticRegression()
    for start in range(0, len(x), size):
        rows = slice(start, start + size)
        model.partial_fit(x[rows], y[rows], classes=np.unique(y))
    return model


@pytest.mark.parametrize(
    ("load", "size", "moved", "differing"),
    [
        (load_iris, 75, 0.02, 0),
        (load_iris, 25, 0.06, 1),
        (load_wine, 50, 0.25, 2),
        (load_breast_cancer, 284, 0.15, 3),
        (load_breast_cancer, 50, 0.3, 6),
    ],
)
def test_batches_come_close_to_one_fit(
    load: Callable[..., Any], size: int, moved: float, differing: int
) -> None:
    """How far the most moved probability may be, and of how many rows the prediction may differ."""
    x, y = load(return_X_y=True)
    order = np.random.default_rng(5).permutation(len(x))
    x, y = x[order], y[order]
    whole, batches = sr.LogisticRegression().fit(x, y), streamed(x, y, size)
    assert np.abs(whole.predict_proba(x) - batches.predict_proba(x)).max() <= moved
    assert (whole.predict(x) != batches.predict(x)).sum() <= differing
    assert batches.score(x, y) >= whole.score(x, y) - 0.005
    assert batches.n_samples_seen_ == len(x)


def test_many_rows_leave_no_difference() -> None:
    """100,000 rows in batches of 1,000: within a hundredth of a standard error of one fit."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(100_000, 3))
    y = rng.random(100_000) < 1 / (1 + np.exp(-(x @ [1.0, -2.0, 0.5] + 0.3)))
    whole, batches = sr.LogisticRegression().fit(x, y), streamed(x, y, 1000)
    assert np.abs(whole.coef_ - batches.coef_).max() < 5e-4  # a standard error is about 0.01
    assert abs(whole.intercept_ - batches.intercept_) < 5e-4


@pytest.mark.parametrize("rows", [3, 10_000])
@pytest.mark.parametrize("classes", [2, 5])
def test_a_batch_of_one_class_has_a_minimum(rows: int, classes: int) -> None:
    """No warning, no infinity, and the classes that come later are learnt all the same."""
    rng = np.random.default_rng(1)
    model = sr.LogisticRegression()
    model.partial_fit(rng.normal(size=(rows, 2)), np.zeros(rows, int), classes=range(classes))
    assert np.isfinite(model.intercept_).all()
    y = np.arange(500) % classes
    x = rng.normal(size=(500, 2)) + 6.0 * np.column_stack([y, y % 2])
    assert model.partial_fit(x, y).score(x, y) > 0.9


@pytest.mark.parametrize("c", [1e-9, 1.0, 1e12])
@pytest.mark.parametrize("scale", [1e-150, 1.0, 1e140])
def test_separable_classes_and_odd_scales(c: float, scale: float) -> None:
    """The steps end without a warning; the classes are separated where the penalty allows it."""
    x = np.random.default_rng(4).normal(size=(200, 2)) * [scale, 1.0]
    y = x[:, 0] > 0
    model = sr.LogisticRegression(C=c).fit(x, y)
    assert np.isfinite(model.coef_).all()
    assert model.score(x, y) > (0.98 if scale * c >= 1 else 0.4)


def test_features_far_from_zero() -> None:
    """A feature in epoch seconds gives the coefficients that it gives counted from its own beginning."""
    rng = np.random.default_rng(6)
    x = np.round(rng.normal(size=(300, 1)) * 100)
    y = (x[:, 0] + rng.normal(size=300) * 50 > 0).astype(int)
    near, far = sr.LogisticRegression().fit(x, y), sr.LogisticRegression().fit(x + 1.76e9, y)
    np.testing.assert_allclose(far.coef_, near.coef_, rtol=1e-12)
    np.testing.assert_allclose(far.predict_proba(x + 1.76e9), near.predict_proba(x), rtol=1e-12)


def test_law_round_trip() -> None:
    """Bytes and pickles go on as the classifier itself does."""
    x, y = load_iris(return_X_y=True)
    model = sr.LogisticRegression(C=0.5).partial_fit(x[::2], y[::2])
    again = sr.LogisticRegression.from_bytes(model.to_bytes())
    other = pickle.loads(pickle.dumps(model))
    for each in (model, again, other):
        each.partial_fit(x[1::2], y[1::2])
    assert model.to_bytes() == again.to_bytes() == other.to_bytes()
    assert again.predict_log_proba(x).tobytes() == model.predict_log_proba(x).tobytes()


@pytest.mark.parametrize("c", [0.0, -1.0, np.nan, np.inf, "1", True])
def test_a_penalty_that_is_none(c: object) -> None:
    """C must be a finite number above 0."""
    with pytest.raises(ValueError, match="C: expected a"):
        sr.LogisticRegression(C=c).fit([[1.0], [2.0]], [0, 1])  # type: ignore[arg-type]  # what is tested


def test_what_it_cannot_take() -> None:
    """Numbers beyond the range, one class without a word of others, and more coefficients than memory is meant for."""
    with pytest.raises(ValueError, match=r"at least 2 classes.*partial_fit\(X, y, classes=...\)"):
        sr.LogisticRegression().fit([[1.0], [2.0]], ["a", "a"])
    with pytest.raises(OverflowError, match="scale the features"):
        sr.LogisticRegression().fit([[-1e200], [1e200]], ["a", "b"])
    with pytest.raises(OverflowError, match="look for outliers"):
        sr.LogisticRegression(C=1e9).fit([[-1.0], [1.0]], ["a", "b"]).predict([[1e308]])
    wide = np.zeros((2, 5000))
    with pytest.raises(
        ValueError, match="5,001 coefficients, and LogisticRegression takes at most"
    ):
        sr.LogisticRegression().fit(wide, [0, 1])


@pytest.mark.parametrize("size", [1.0, 1e9, 1e20, 1e100])
def test_law_features_that_are_the_same(size: float) -> None:
    """A feature twice, however large, is one of half the penalty: the probabilities are those of that fit."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(200, 1))
    y = (x[:, 0] + rng.normal(size=200) > 0).astype(int)
    both = sr.LogisticRegression().fit(np.column_stack([x, x, x]) * size, y)
    alone = sr.LogisticRegression(C=3.0).fit(x * size, y)
    np.testing.assert_allclose(
        both.predict_proba(x[:, [0] * 3] * size), alone.predict_proba(x * size), atol=1e-6
    )
    assert np.isfinite(both.coef_).all()
