"""Rows in and out of the exact estimators: whatever the order, the split and what was forgotten."""

from __future__ import annotations

import itertools
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamreg as sr
from tests.support.columns import DOUBLES

Model: TypeAlias = (
    sr.LinearRegression
    | sr.LinearDiscriminantAnalysis
    | sr.QuadraticDiscriminantAnalysis
    | sr.GaussianNB
)
Rows: TypeAlias = list[tuple[float, float, float]]

EXACT: list[type[Model]] = [
    sr.LinearRegression,
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
]
every = pytest.mark.parametrize("kind", EXACT)
ROWS = st.lists(st.tuples(DOUBLES, DOUBLES, DOUBLES), min_size=1, max_size=30)
LABELS = ["", "a", 'b\n,"', "é\0"]


def parts(kind: type[Model], rows: Rows) -> tuple[Any, Any]:
    """Two features, then the target; of a classifier a label in its place."""
    table = np.array(rows)
    if kind is sr.LinearRegression:
        return table[:, :2], table[:, 2]
    return table[:, :2], [LABELS[hash(target) % len(LABELS)] for target in table[:, 2].tolist()]


def added(kind: type[Model], rows: Rows) -> Any:  # noqa: ANN401  # a model of this kind
    return kind().partial_fit(*parts(kind, rows))


@every
@given(ROWS, st.data())
def test_law_any_split_and_order_give_the_same_bytes(
    kind: type[Model], rows: Rows, draw: st.DataObject
) -> None:
    """Rows in two heaps in any order, one fitted after the other or merged, are the rows at once."""
    shuffled = draw.draw(st.permutations(rows))
    at = draw.draw(st.integers(0, len(rows)))
    heaps = [heap for heap in (shuffled[:at], shuffled[at:]) if heap]
    whole, one_by_one = added(kind, rows).to_bytes(), kind()
    for heap in heaps:
        one_by_one.partial_fit(*parts(kind, heap))
    assert one_by_one.to_bytes() == whole
    if len(heaps) == 2:
        first, second = (added(kind, heap) for heap in heaps)
        assert (first + second).to_bytes() == whole
        assert ((first + second) - second).to_bytes() == first.to_bytes()
        assert first.merge(second).to_bytes() == whole


@every
@given(ROWS, ROWS)
def test_law_forgotten_rows_leave_no_trace(kind: type[Model], kept: Rows, gone: Rows) -> None:
    """What is added and forgotten might never have been, an outlier of 1e300 included."""
    model = added(kind, kept)
    before = model.to_bytes()
    rows = parts(kind, [*gone, (1e300, -1e300, 1e300)])
    assert model.partial_fit(*rows).forget(*rows).to_bytes() == before


@pytest.mark.parametrize("weighted", [False, True])
def test_law_a_window_that_slides_over_epoch_seconds_ends_at_nothing(weighted: bool) -> None:
    """A window of 1,000 rows slid over 100,000 with x in epoch seconds: every result is that of its rows alone."""
    rng = np.random.default_rng(11)
    x = 1.76e9 + np.arange(100_000) * 0.05
    y = np.cumsum(rng.normal(size=100_000))
    weights = rng.integers(1, 5, size=100_000).astype(float) if weighted else np.ones(100_000)
    window, step = 1000, 500

    def part(start: int, stop: int) -> tuple[object, object, object]:
        rows = slice(start, stop)
        return x[rows, None], y[rows], weights[rows] if weighted else None

    model = sr.LinearRegression().fit(*part(0, window))
    starts = range(0, len(x) - window, step)
    for start, nth in zip(starts, itertools.count(), strict=False):
        model.partial_fit(*part(start + window, start + window + step))
        model.forget(*part(start, start + step))
        if nth % 20 == 0:
            alone = sr.LinearRegression().fit(*part(start + step, start + step + window))
            assert model.coef_.tobytes() == alone.coef_.tobytes()
            assert model.to_bytes() == alone.to_bytes()
    rest = len(x) - window
    model.forget(*part(rest, len(x)))
    empty = sr.LinearRegression().fit(*part(0, 1)).forget(*part(0, 1))
    assert model.to_bytes() == empty.to_bytes()
    assert model.n_samples_seen_ == 0


def test_estimators_of_other_features_are_not_put_together() -> None:
    """Neither by number nor by name."""
    one = sr.LinearRegression().fit([[1.0]], [2.0])
    two = sr.LinearRegression().fit([[1.0, 2.0]], [2.0])
    with pytest.raises(ValueError, match="1 without names, and 2 without names"):
        one.merge(two)
    with pytest.raises(ValueError, match="other features"):
        _ = one - two
