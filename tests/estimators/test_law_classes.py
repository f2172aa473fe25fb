"""What holds of classifiers alone when rows come and go: classes, windows, bytes."""

from __future__ import annotations

import pickle
from typing import Any, TypeAlias

import numpy as np
import pytest

import streamreg as sr

Exact: TypeAlias = sr.LinearDiscriminantAnalysis | sr.QuadraticDiscriminantAnalysis | sr.GaussianNB

EXACT: list[type[Exact]] = [
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
]
exact = pytest.mark.parametrize("kind", EXACT)


@exact
def test_law_a_class_that_was_forgotten_is_none(kind: type[Exact]) -> None:
    """With its last row its label goes, and comes again with another."""
    model = kind().partial_fit([[1.0], [2.0]], ["a", "b"])
    before = model.to_bytes()
    assert "outlier" in model.partial_fit([[1e300]], ["outlier"]).classes_
    assert model.forget([[1e300]], ["outlier"]).classes_.tolist() == ["a", "b"]
    assert model.to_bytes() == before
    assert model.partial_fit([[3.0]], ["outlier"]).classes_.tolist() == ["a", "b", "outlier"]


@exact
def test_law_a_window_that_slides_gives_the_results_of_its_rows(kind: type[Exact]) -> None:
    """With a feature in epoch seconds: probabilities are bit for bit those of the rows in the window alone."""
    rng = np.random.default_rng(11)
    y = rng.integers(0, 3, size=5000)
    x = np.column_stack([1.76e9 + np.arange(5000) * 0.05 + y, rng.normal(size=5000) + y])
    model = kind().fit(x[:500], y[:500])
    for start in range(0, 4500, 250):
        model.partial_fit(x[start + 500 : start + 750], y[start + 500 : start + 750])
        model.forget(x[start : start + 250], y[start : start + 250])
        window = slice(start + 250, start + 750)
        alone = kind().fit(x[window], y[window])
        assert model.to_bytes() == alone.to_bytes()
        assert model.predict_proba(x[window]).tobytes() == alone.predict_proba(x[window]).tobytes()
    assert model.n_samples_seen_ == 500


@exact
def test_law_round_trip(kind: type[Exact]) -> None:
    """Bytes and pickles give the same classifier: parameters, names, classes that were named, results."""
    x, y = np.arange(20.0).reshape(10, 2) ** 2, np.arange(10) % 2 == 0
    model = kind(priors=np.array([0.25, 0.75])).partial_fit(x, y, classes=[False, True])
    for again in (kind.from_bytes(model.to_bytes()), pickle.loads(pickle.dumps(model))):
        assert again.to_bytes() == model.to_bytes()
        assert again.predict_proba(x).tobytes() == model.predict_proba(x).tobytes()
        assert again.classes_.tolist() == [False, True]
        assert again.priors_.tolist() == [0.25, 0.75]


@pytest.mark.parametrize("kind", [*EXACT, sr.LogisticRegression])
def test_law_damaged_bytes_are_refused(kind: Any) -> None:  # noqa: ANN401  # any classifier
    """Whatever bit is flipped, and where they are cut."""
    state = kind().fit([[1.0], [2.0], [4.0], [4.5]], [0, 0, 1, 1]).to_bytes()
    for at in range(len(state)):
        damaged = state[:at] + bytes([state[at] ^ 1 << at % 8]) + state[at + 1 :]
        for wrong in (damaged, state[:at]):
            with pytest.raises(ValueError, match=kind.__name__):
                kind.from_bytes(wrong)


def test_classifiers_that_do_not_fit_are_not_put_together() -> None:
    """Neither of other features nor with labels of another type, nor of another kind."""
    one = sr.GaussianNB().fit([[1.0]], ["a"])
    with pytest.raises(ValueError, match="other features"):
        one.merge(sr.GaussianNB().fit([[1.0, 2.0]], ["a"]))
    with pytest.raises(ValueError, match="y holds integers, but the labels seen before are text"):
        one.merge(sr.GaussianNB().fit([[1.0]], [1]))
    with pytest.raises(TypeError):
        _ = one + sr.LinearDiscriminantAnalysis().fit([[1.0]], ["a"])  # type: ignore[operator]  # what is tested
