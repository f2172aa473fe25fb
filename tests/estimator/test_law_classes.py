"""Rows in and out of the classifiers: whatever the order, the split and what was forgotten."""

from __future__ import annotations

import pickle
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamreg as sr
from tests.unit.columns import DOUBLES

LABELS = ["", "a", 'b\n,"', "é\0"]
ROWS = st.lists(st.tuples(DOUBLES, DOUBLES, st.sampled_from(LABELS)), min_size=1, max_size=30)
Rows: TypeAlias = list[tuple[float, float, str]]
Exact: TypeAlias = sr.LinearDiscriminantAnalysis | sr.QuadraticDiscriminantAnalysis | sr.GaussianNB

EXACT: list[type[Exact]] = [
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
]
exact = pytest.mark.parametrize("kind", EXACT)


def parts(rows: Rows) -> tuple[np.ndarray, list[str]]:
    return np.array([row[:2] for row in rows]), [row[2] for row in rows]


def added(rows: Rows) -> sr.GaussianNB:
    return sr.GaussianNB().partial_fit(*parts(rows))


@given(ROWS, st.data())
def test_law_any_split_and_order_give_the_same_bytes(rows: Rows, draw: st.DataObject) -> None:
    """Rows in two heaps in any order, one fitted after the other or merged, are the rows at once."""
    shuffled = draw.draw(st.permutations(rows))
    at = draw.draw(st.integers(0, len(rows)))
    heaps = [heap for heap in (shuffled[:at], shuffled[at:]) if heap]
    whole, one_by_one = added(rows).to_bytes(), sr.GaussianNB()
    for heap in heaps:
        one_by_one.partial_fit(*parts(heap))
    assert one_by_one.to_bytes() == whole
    if len(heaps) == 2:
        first, second = map(added, heaps)
        assert (first + second).to_bytes() == whole
        assert ((first + second) - second).to_bytes() == first.to_bytes()
        assert first.merge(second).to_bytes() == whole


@given(ROWS, ROWS)
def test_law_forgotten_rows_leave_no_trace(kept: Rows, gone: Rows) -> None:
    """What is added and forgotten might never have been: a class of its own and an outlier of 1e300 included."""
    model = added(kept)
    before, labels = model.to_bytes(), model.classes_.tolist()
    rows = parts([*gone, (1e300, -1e300, "outlier")])
    assert "outlier" in model.partial_fit(*rows).classes_
    assert model.forget(*rows).to_bytes() == before
    assert model.classes_.tolist() == labels == sorted(set(parts(kept)[1]))


@exact
def test_law_a_window_that_slides_gives_the_answers_of_its_rows(kind: type[Exact]) -> None:
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
    """Bytes and pickles give the same classifier: parameters, names, classes that were named, answers."""
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
