"""Streaming logistic regression over batches of any kind: nothing learned is forgotten, and how close it comes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import streamreg as sr

Floats = NDArray[np.float64]


def streamed(x: Floats, y: NDArray[Any], size: int, **options: Any) -> sr.LogisticRegression:  # noqa: ANN401  # any option
    model = sr.LogisticRegression(**options)
    for start in range(0, len(x), size):
        rows = slice(start, start + size)
        model.partial_fit(x[rows], y[rows], classes=np.unique(y))
    return model


def assert_fit_of_all(model: sr.LogisticRegression, x: Floats, y: NDArray[Any]) -> None:
    """The coefficients of one fit, here and in scikit-learn."""
    whole = sr.LogisticRegression().fit(x, y)
    theirs = LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, y)
    for other, tolerance in ((whole, 1e-6), (theirs, 1e-5)):
        np.testing.assert_allclose(model.coef_, other.coef_, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(
            model.intercept_, other.intercept_, rtol=tolerance, atol=tolerance
        )
    assert model.n_samples_seen_ == len(x)


@pytest.mark.parametrize("size", [50, 1, 7])
@pytest.mark.parametrize("classes", [2, 3])
def test_differential_iris_in_the_order_of_its_file(classes: int, size: int) -> None:
    """Batches of one class each, of one row each, or across a border give the fit of all rows."""
    x, y = load_iris(return_X_y=True)
    x, y = x[y < classes], y[y < classes]
    model = streamed(x, y, size)
    assert_fit_of_all(model, x, y)
    assert model.score(x, y) > 0.95


def problem(rows: int, classes: int, seed: int) -> tuple[Floats, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)) * [1.0, 10.0, 0.1] + [0.0, 500.0, -3.0]
    scores = (x - x.mean(axis=0)) / x.std(axis=0) @ rng.normal(size=(3, classes)) * 1.5
    return x, np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)


@pytest.mark.parametrize("classes", [2, 8])
@pytest.mark.parametrize("size", [100, 1])
def test_differential_sorted_by_class(classes: int, size: int) -> None:
    """2,000 rows sorted by class, up or down, in 20 batches or row by row."""
    x, y = problem(2000, classes, 3)
    up = np.argsort(y, kind="stable")
    for order in (up, up[::-1]):
        assert_fit_of_all(streamed(x[order], y[order], size), x, y)


def test_reading_between_batches_changes_nothing() -> None:
    """What is asked for on the way leaves no trace: equal batches give equal bytes."""
    x, y = problem(500, 3, 4)
    quiet = streamed(x, y, 50)
    asked = sr.LogisticRegression()
    for start in range(0, 500, 50):
        asked.partial_fit(x[start : start + 50], y[start : start + 50], classes=np.unique(y))
        asked.predict(x[:5])
    assert asked.to_bytes() == quiet.to_bytes()


def errors(x: Floats, y: NDArray[Any], whole: sr.LogisticRegression) -> Floats:
    """The standard errors of two classes' coefficients, the intercept's last."""
    chances = whole.predict_proba(x)[:, 1]
    design = np.column_stack([x, np.ones(len(x))])
    middle = design.mean(axis=0) * [1.0, 1.0, 1.0, 0.0]
    design = design - middle
    found: Floats = np.sqrt(
        np.diag(np.linalg.inv((design * (chances * (1 - chances))[:, None]).T @ design))
    )
    return found


def moved(model: sr.LogisticRegression, whole: sr.LogisticRegression, x: Floats) -> Floats:
    """How far coefficients are apart, the intercept at the mean of the features."""
    at = [
        model.decision_function(x.mean(axis=0)[None]),
        whole.decision_function(x.mean(axis=0)[None]),
    ]
    return np.append(model.coef_ - whole.coef_, at[0] - at[1])


HELD = 1600
"""Rows that are held in the tests that fill the room: of three features, each takes five numbers."""


@pytest.mark.parametrize("rare", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_more_rows_than_are_held(monkeypatch: pytest.MonkeyPatch, seed: int, *, rare: bool) -> None:
    """What the docstring says: 30,000 rows where 1,600 are held, mixed and sorted, a rare class too."""
    monkeypatch.setattr("streamreg._estimators.held.NUMBERS", 5 * HELD)
    x, y = problem(30_000, 2, seed)
    if rare:
        kept = (y == 0) | (np.random.default_rng(seed).random(len(y)) < 0.05)
        x, y = x[kept], y[kept]
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    whole = sr.LogisticRegression().fit(x, y)
    full = errors(x, y, whole)
    sampled = 3 * full * np.sqrt(len(x) / (HELD / 4 * 2))
    for order, allowed in (
        (np.arange(len(x)), 0.5 * full),
        (np.argsort(y, kind="stable"), sampled),
        (np.argsort(x[:, 0]), sampled),
        (np.lexsort((x[:, 0], y)), sampled),
    ):
        model = streamed(x[order], y[order], 100)
        assert model._state._held <= HELD
        assert (np.abs(moved(model, whole, x)) <= allowed).all()


@pytest.mark.parametrize("classes", [2, 8])
def test_a_class_is_never_forgotten(monkeypatch: pytest.MonkeyPatch, classes: int) -> None:
    """Classes that came first, or in one row only, are predicted as one fit does after many thousand rows of others."""
    monkeypatch.setattr("streamreg._estimators.held.NUMBERS", 5 * HELD)
    x, y = problem(20_000, classes, 7)
    order = np.argsort(y, kind="stable")
    model, whole = streamed(x[order], y[order], 500), sr.LogisticRegression().fit(x, y)
    assert model.score(x, y) > whole.score(x, y) - 0.01
    np.testing.assert_allclose(
        model.predict_proba(x).mean(axis=0), np.bincount(y) / len(y), atol=0.01
    )
    lone = np.zeros(20_000, int)
    lone[0] = 1
    model = streamed(x, lone, 500)
    assert abs(model.predict_proba(x)[:, 1].sum() - 1) < 0.05


def test_law_an_error_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails while a batch is taken, the estimator is as it was, also where rows are dropped."""
    monkeypatch.setattr("streamreg._estimators.held.NUMBERS", 5 * HELD)
    x, y = problem(HELD, 2, 1)
    model = streamed(x, y, 400)
    before = model.to_bytes()

    def full(*_: object) -> None:
        raise OverflowError("no room")

    for name in ("minimum", "thinned", "slope"):
        with monkeypatch.context() as patched:
            patched.setattr(f"streamreg._estimators.logistic_state.{name}", full)
            with pytest.raises(OverflowError, match="no room"):
                model.partial_fit(x[::2], y[::2])
        assert model.n_samples_seen_ == HELD
        assert model.to_bytes() == before
    # Each batch is in range, and both together are not.
    far = np.full((20, 3), 1e153) * np.where(np.arange(20) % 2, 1.0, -1.0)[:, None]
    model = sr.LogisticRegression().partial_fit(far, np.arange(20) % 2)
    for _ in range(100):
        before = model.to_bytes()
        try:
            model.partial_fit(far, np.arange(20) % 2)
        except sr.RangeError:
            break
        assert np.isfinite(model.coef_).all()
    else:
        pytest.fail("squares beyond the range of doubles were taken")
    assert model.to_bytes() == before
    assert np.isfinite(model.coef_).all()


@pytest.mark.parametrize("classes", [2, 3])
def test_differential_weights(classes: int) -> None:
    """A row of weight 3 is three rows, one of weight 0 is none, and classes weigh as in scikit-learn."""
    x, y = problem(300, classes, 5)
    weights = np.random.default_rng(6).integers(0, 4, 300)
    weighted = sr.LogisticRegression().fit(x, y, sample_weight=weights)
    repeated = sr.LogisticRegression().fit(np.repeat(x, weights, axis=0), np.repeat(y, weights))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-9)
    by_class: Sequence[Any] = ({0: 3.0, 1: 0.5}, "balanced", None)
    for class_weight in by_class:
        options: dict[str, Any] = {"class_weight": class_weight}
        theirs = LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000, **options)
        theirs.fit(x, y, sample_weight=weights)
        ours = sr.LogisticRegression(**options).fit(x, y, sample_weight=weights)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-5)
        if class_weight != "balanced":
            batches = sr.LogisticRegression(**options)
            for rows in (slice(0, 100), slice(100, 300)):
                batches.partial_fit(x[rows], y[rows], np.unique(y), sample_weight=weights[rows])
            np.testing.assert_allclose(batches.coef_, theirs.coef_, rtol=1e-5)
    with pytest.raises(ValueError, match="takes all rows at once"):
        sr.LogisticRegression(class_weight="balanced").partial_fit(x, y)


OLD = (
    "c3RyZWFtcmVnLkxvZ2lzdGljUmVncmVzc2lvbiAxCqgNXrR7ImNsYXNzZXMiOiBbImEiLCAiYiJdLCAiZmVhdHVyZXMiOiAyLCAiaW50ZXJj"
    "ZXB0cyI6IHRydWUsICJuYW1lcyI6IG51bGwsICJwYXJhbXMiOiB7IkMiOiAwLjUsICJmaXRfaW50ZXJjZXB0IjogdHJ1ZX0sICJyb3dzIjog"
    "NiwgInN0ZXBzIjogNH0KAAAAAAAA+D+rqqqqqqryPzVTosk2htw/KXPxcbj8vr9t5p4fysQoP7TMIrZ6Bfo/PQXry530q7+A1PzWxoBWvzoF"
    "68ud9Ku/PBQDzU88/T9A2Gzihrpgv4DU/NbGgFa/Ndhs4oa6YL9ML+tsWdPmPw=="
)


def test_bytes_of_the_version_before_are_read() -> None:
    """What an older streamreg wrote, a mean and a precision in the place of the rows, goes on."""
    state = base64.b64decode(OLD)
    model = sr.LogisticRegression.from_bytes(state)
    assert model.predict_proba([[1.0, 1.0]]).tolist() == [[0.5504484959410091, 0.449551504058991]]
    x, y = problem(300, 2, 5)
    text = np.array(["a", "b"])[y]
    model.partial_fit(x[:, :2], text)
    assert model.n_samples_seen_ == 306
    whole = sr.LogisticRegression(C=0.5).fit(x[:, :2], text)
    np.testing.assert_allclose(
        model.predict_proba(x[:, :2]), whole.predict_proba(x[:, :2]), atol=0.1
    )
