"""Rows that were never added are not forgotten, as far as sums can tell; what was there before is there still."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import streamreg as sr

Model: TypeAlias = (
    sr.LinearRegression
    | sr.LinearDiscriminantAnalysis
    | sr.QuadraticDiscriminantAnalysis
    | sr.GaussianNB
)

X = [[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]]
Y = [1.0, 3.0, 2.0, 5.0, 4.0, 6.0]
LABELS = ["a", "a", "a", "b", "b", "b"]

CLASSIFIERS: list[Callable[[], Model]] = [
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
]


def refused(model: Model, why: str, change: Callable[[], object]) -> None:
    before = model.to_bytes()
    with pytest.raises(ValueError, match=f"cannot all have been added before: .*{why}"):
        change()
    assert model.to_bytes() == before


def test_law_sums_that_no_rows_have() -> None:
    """One row that lies elsewhere, more rows than there were, all rows moved, and too few rows for what they span."""
    model = sr.LinearRegression().fit(X, Y)
    refused(model, "sums of squares would be left", lambda: model.forget([[2.5]], [50.0]))
    refused(model, "sums of squares would be left", lambda: model.forget([[1e200]], [1.0]))
    refused(model, "-1 rows would be left", lambda: model.forget([*X, [1.0]], [*Y, 1.0]))
    moved = [[x + 1] for (x,) in X]
    refused(model, "no row would be left", lambda: model.forget(moved, Y))
    refused(
        model,
        "2 rows would be left, with sums that 3 have",
        lambda: model.forget([[1.0], [2.0], [3.0], [4.5]], [1.0, 3.0, 2.0, 4.5]),
    )
    # What was there can go, also to the last row.
    model.forget(X[:4], Y[:4]).forget(X[4:], Y[4:])
    assert model.n_samples_seen_ == 0
    assert model.to_bytes() == sr.LinearRegression().fit(X, Y).forget(X, Y).to_bytes()


def test_law_weights_and_decimals() -> None:
    """The same of rows with weights, of zero too, and of decimals."""
    weights = [1.0, 0.5, 0.0, 2.0, 1.0, 0.25]
    model = sr.LinearRegression().fit(X, Y, weights)
    refused(model, "sums of squares", lambda: model.forget(X[:1], Y[:1], [1.5]))
    refused(model, "sum that is not above zero", lambda: model.forget(X[:1], Y[:1], [50.0]))
    model.forget(X[2:3], Y[2:3], [0.0])
    exact = sr.LinearRegression().fit(
        [[Decimal(i)] for i in range(6)], [Decimal(i * i) for i in range(6)]
    )
    refused(exact, "sums of squares", lambda: exact.forget([[Decimal("2.5")]], [Decimal(50)]))
    exact.forget([[Decimal(2)]], [Decimal(4)])


def test_law_differences_and_merges() -> None:
    """`-` gives no estimator of rows that cannot be, whatever the two are."""
    whole, other = sr.LinearRegression().fit(X, Y), sr.LinearRegression().fit(X, Y[::-1])
    refused(whole, "no row would be left", lambda: whole - other)
    refused(whole, "rows would be left", lambda: sr.LinearRegression().fit(X[:2], Y[:2]) - whole)
    assert (whole - sr.LinearRegression().fit(X[:4], Y[:4])).n_samples_seen_ == 2
    assert (whole + other - whole).to_bytes() == other.to_bytes()


@pytest.mark.parametrize("made", CLASSIFIERS)
def test_law_classifiers(made: Callable[[], sr.GaussianNB]) -> None:
    """A class that has no such rows, or not so many: it is named, and nothing is forgotten of the others."""
    model = made().fit(X, LABELS)
    refused(model, 'class "a": sums of squares', lambda: model.forget([[50.0], [5.0]], ["a", "b"]))
    refused(model, 'class "c": -1 rows', lambda: model.forget([[1.0]], ["c"]))
    refused(model, 'class "b": -1 rows', lambda: model.forget([*X[2:]], ["b"] * 4))
    refused(model, "class", lambda: model - made().fit(X, LABELS[::-1]))
    numbered = made().fit(X, [3, 3, 3, 4, 4, 4])
    refused(numbered, "class 4: no row would be left", lambda: numbered.forget(X[:3], [4, 4, 4]))
    model.forget(X[:3], LABELS[:3])
    assert model.class_counts_.tolist() == [3]


@given(st.integers(0, 2**30), st.integers(1, 6), st.sampled_from([0.0, 1e6, 1e15]))
def test_law_windows_stay_exact(seed: int, features: int, far: float) -> None:
    """A window that moves over rows, fewer than features too, and far from zero: never refused, and exact."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(size=(24, features)) * 4) / 4 + far
    y = rng.normal(size=24)
    window = sr.LinearRegression().fit(x[:9], y[:9])
    for at in range(15):
        window.partial_fit(x[at + 9 : at + 10], y[at + 9 : at + 10])
        window.forget(x[at : at + 1], y[at : at + 1])
    assert window.to_bytes() == sr.LinearRegression().fit(x[15:], y[15:]).to_bytes()
    for at in range(15, 24):
        window.forget(x[at : at + 1], y[at : at + 1])
    assert window.n_samples_seen_ == 0


@given(st.integers(0, 2**30), st.integers(2, 5))
def test_law_definite_but_for_one_direction(seed: int, features: int) -> None:
    """Rows beside the span of those there, however little they weigh: they cannot have been among them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(30, features))
    whole = (x * 1000).round()
    rows = np.column_stack([whole, whole.sum(axis=1)])
    y = rng.normal(size=30)
    model = sr.LinearRegression().fit(rows, y)
    beside = rows[:1] + np.eye(features + 1)[-1] * 1e-9
    refused(model, "sums of squares", lambda: model.forget(beside, y[:1]))
    model.forget(rows[:1], y[:1])


@pytest.mark.parametrize("made", CLASSIFIERS)
def test_law_weighted_classes(made: Callable[[], sr.GaussianNB]) -> None:
    """The same where rows have weights, of zero too, also of a class that has none but such."""
    weights = [1.0, 0.5, 2.0, 1.0, 0.0, 0.25]
    model = made().fit(X, LABELS, sample_weight=weights)
    refused(model, 'class "a": sums of squares', lambda: model.forget([[50.0]], ["a"], [0.5]))
    refused(model, 'class "a": the weights', lambda: model.forget(X[:1], ["a"], [50.0]))
    refused(model, 'class "c": -1 rows', lambda: model.forget([[1.0]], ["c"], [0.0]))
    refused(model, 'class "b": -1 rows', lambda: model.forget(X[2:], ["b"] * 4, weights[2:]))
    refused(
        model, 'class "a": no row would', lambda: model.forget(X[:3], ["a"] * 3, [1.0, 0.5, 1.0])
    )
    refused(model, "class", lambda: model - made().fit(X, LABELS[::-1], sample_weight=weights))
    beside = made().fit([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], ["a"] * 3, sample_weight=np.ones(3))
    if made is not sr.GaussianNB:
        refused(beside, "sums of squares", lambda: beside.forget([[2.0, 4.5]], ["a"], [1e-9]))
    model.forget(X[:3], LABELS[:3], weights[:3])
    assert model.class_counts_.tolist() == [3]
    model.forget(X[3:], LABELS[3:], weights[3:])
    assert model.n_samples_seen_ == 0


@pytest.mark.parametrize("weights", [None, [1.0, 0.5, 2.0, 1.0, 0.0, 0.25]])
def test_law_squares_alone(weights: list[float] | None) -> None:
    """Of more than 64 features, of which only the squares are known: feature by feature."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(6, 80))
    model = sr.GaussianNB().fit(x, LABELS, sample_weight=weights)

    def forget(rows: object, labels: list[str], own: list[float] | None = None) -> object:
        return model.forget(rows, labels, None if weights is None else own)

    odd = x[1:2].copy()
    odd[0, 70] = 40.0
    refused(model, 'class "a": sums of squares', lambda: forget(odd, ["a"], [0.5]))
    refused(model, 'class "c": -1 rows', lambda: forget(odd, ["c"], [0.5]))
    refused(model, 'class "b": -1 rows', lambda: forget(x[2:], ["b"] * 4, [1.0, 1.0, 0.0, 0.25]))
    # Two rows less one between them leave one row of two values.
    mixed = (x[:1] + x[1:2]) / 2
    forget(x[2:3], ["a"], [2.0])
    refused(
        model, "1 rows? would be left, with sums that 2 have", lambda: forget(mixed, ["a"], [0.25])
    )
    forget(x[:2], LABELS[:2], [1.0, 0.5])
    assert model.class_counts_.tolist() == [3]
