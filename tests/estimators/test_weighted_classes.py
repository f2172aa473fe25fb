"""Classifiers of weighted rows, and naive Bayes of very many features: exact as those of rows that count once."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB

import streamreg as sr

Model: TypeAlias = Any
Floats = NDArray[np.float64]

EXACT: list[Callable[..., Model]] = [
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
]


def problem(seed: int = 3, rows: int = 60) -> tuple[Floats, NDArray[np.int64], Floats]:
    rng = np.random.default_rng(seed)
    y = np.arange(rows) % 3
    x = rng.normal(size=(rows, 3)) * [1.0, 1e-3, 1e5] + y[:, None] * [1.0, 1e-3, 2e5]
    return x, y, rng.random(rows) * rng.choice([1e-9, 1.0, 1e9, 0.0], rows)


def parameters(model: Model) -> list[bytes]:
    """All that is told of a fit, to the bit."""
    names = ["classes_", "priors_", "means_", "coef_", "intercept_", "covariance_", "var_"]
    return [np.asarray(getattr(model, name)).tobytes() for name in names if hasattr(model, name)]


@pytest.mark.parametrize("unbiased", [False, True])
@pytest.mark.parametrize("made", EXACT)
def test_oracle_whole_weights_are_repeated_rows(made: Callable[..., Model], unbiased: bool) -> None:
    """A row of weight 3 is three rows, one of weight 0 is none: every parameter to the bit."""
    x, y, _ = problem()
    weights = np.random.default_rng(1).integers(0, 5, len(x))
    options: dict[str, Any] = {} if made is sr.GaussianNB else {"unbiased": unbiased}
    weighted = made(**options).fit(x, y, sample_weight=weights)
    repeated = made(**options).fit(np.repeat(x, weights, axis=0), np.repeat(y, weights))
    assert parameters(weighted) == parameters(repeated)
    for asked in ("predict_proba", "predict_log_proba", "decision_function"):
        own, others = getattr(weighted, asked)(x), getattr(repeated, asked)(x)
        assert own.tobytes() == others.tobytes()
    assert weighted.class_count_.tolist() == repeated.class_counts_.tolist()
    assert weighted.class_counts_.sum() == len(x)
    eighths = made(**options).fit(x, y, sample_weight=weights / 8)
    if not unbiased:
        assert parameters(eighths) == parameters(repeated)


@pytest.mark.parametrize("seed", range(3))
def test_oracle_weighted_moments(seed: int) -> None:
    """Priors, means and variances of any weights are the rationals', rounded once."""
    x, y, weights = problem(seed)
    model = sr.GaussianNB().fit(x, y, sample_weight=weights)
    whole = sum(map(Fraction, weights.tolist()), Fraction(0))
    for label in range(3):
        own = [Fraction(weight) for weight in weights[y == label].tolist()]
        total = sum(own, Fraction(0))
        assert model.class_count_[label] == float(total)
        assert model.class_prior_[label] == model.priors_[label] == float(total / whole)
        for at in range(3):
            values = [Fraction(value) for value in x[y == label, at].tolist()]
            mean = sum((w * v for w, v in zip(own, values, strict=True)), Fraction(0)) / total
            spread = sum(
                (w * (v - mean) ** 2 for w, v in zip(own, values, strict=True)), Fraction(0)
            )
            assert model.means_[label, at] == float(mean)
            assert model.var_[label, at] == float(spread / total)


@pytest.mark.parametrize("made", EXACT)
def test_law_weighted_rows_are_a_group(made: Callable[..., Model]) -> None:
    """Any order and split gives the same bytes; what was added can be forgotten, also another model's rows."""
    x, y, weights = problem()
    whole = made().fit(x, y, sample_weight=weights)
    order = np.random.default_rng(9).permutation(len(x))
    parts = made()
    for rows in np.array_split(order, 5):
        parts.partial_fit(x[rows], y[rows], sample_weight=weights[rows])
    assert parts.to_bytes() == whole.to_bytes()
    more = made().fit(x[:20] + 1, y[:20], sample_weight=weights[:20] + 0.1)
    assert (whole + more - more).to_bytes() == whole.to_bytes()
    parts.partial_fit(x[:9] * 3, y[:9], sample_weight=7).forget(x[:9] * 3, y[:9], sample_weight=7)
    assert parts.to_bytes() == whole.to_bytes()
    for again in (made.from_bytes(whole.to_bytes()), pickle.loads(pickle.dumps(whole))):  # type: ignore[attr-defined]  # a classmethod
        assert again.predict_proba(x).tobytes() == whole.predict_proba(x).tobytes()
        assert (
            again.partial_fit(x, y).to_bytes()
            == made()
            .fit(
                np.vstack([x, x]),
                np.append(y, y),
                sample_weight=np.append(weights, np.ones(len(x))),
            )
            .to_bytes()
        )


@pytest.mark.parametrize("made", EXACT)
def test_weights_must_come_from_the_first_rows_on(made: Callable[..., Model]) -> None:
    """Rows without weights are of weight 1 beside others; the other way round is refused, and nothing changes."""
    x, y, weights = problem()
    plain = made().fit(x, y)
    before = plain.to_bytes()
    with pytest.raises(
        ValueError, match=r"rows have weights, but earlier rows came without.*np\.ones"
    ):
        plain.partial_fit(x, y, sample_weight=weights)
    with pytest.raises(ValueError, match="cannot be merged"):
        plain.merge(made().fit(x, y, sample_weight=weights))
    assert plain.to_bytes() == before
    with pytest.raises(ValueError, match="cannot all have been added before"):
        made().fit(x, y, sample_weight=1).forget(x, y, sample_weight=2)


@pytest.mark.parametrize("made", [*EXACT, sr.LogisticRegression])
def test_class_weights(made: Callable[..., Model]) -> None:
    """What rows of a class count: as weights of its rows; "balanced" makes classes count the same."""
    x, y = load_iris(return_X_y=True)
    x, y = x[:120], y[:120]
    own = np.where(y == 1, 4.0, np.where(y == 2, 0.5, 1.0))
    by_class = made(class_weight={1: 4.0, 2: 0.5}).fit(x, y)
    np.testing.assert_array_equal(
        by_class.predict_proba(x), made().fit(x, y, sample_weight=own).predict_proba(x)
    )
    named = made(class_weight={"b": 4.0, "c": 0.5}).fit(x, np.array(["a", "b", "c"])[y])
    np.testing.assert_array_equal(named.predict_proba(x), by_class.predict_proba(x))
    balanced = made(class_weight="balanced").fit(x, y)
    if made is not sr.LogisticRegression:
        np.testing.assert_allclose(balanced.priors_, np.ones(3) / 3, rtol=1e-15)
        parts = made(class_weight={1: 4.0, 2: 0.5})
        parts.partial_fit(x[::2], y[::2]).partial_fit(x[1::2], y[1::2])
        assert parts.to_bytes() == by_class.to_bytes()
    with pytest.raises(ValueError, match="takes all rows at once"):
        made(class_weight="balanced").partial_fit(x, y)
    for bad, message in (
        ("even", 'a dict or "balanced"'),
        ([1, 2], 'a dict or "balanced"'),
        ({1: -1.0}, "from 0 up for 1"),
        ({1: float("nan")}, "from 0 up for 1"),
        ({1: "2"}, "from 0 up for 1"),
    ):
        with pytest.raises(ValueError, match=message):
            made(class_weight=bad).fit(x, y)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 1e-3])
def test_oracle_naive_bayes_of_many_features(weighted: bool, smoothing: float) -> None:
    """100 features: each is told as if it stood beside few; scikit-learn's probabilities; added, forgotten, stored."""
    rng = np.random.default_rng(4)
    y = np.arange(80) % 2
    x = rng.normal(size=(80, 100)) * rng.choice([1e-3, 1.0, 1e3], 100) + y[:, None] * 1e-2
    weights = rng.random(80) if weighted else None
    wide = sr.GaussianNB(var_smoothing=smoothing).fit(x, y, sample_weight=weights)
    few = [sr.GaussianNB().fit(x[:, at : at + 50], y, sample_weight=weights) for at in (0, 50)]
    assert wide.means_.tobytes() == np.column_stack([each.means_ for each in few]).tobytes()
    assert wide.priors_.tobytes() == few[0].priors_.tobytes()
    if not smoothing:
        assert wide.var_.tobytes() == np.column_stack([each.var_ for each in few]).tobytes()
    # Scikit-learn adds a share of the greatest variance of rows that count the same.
    counted = np.ones(80) if weights is None else weights
    means = np.average(x, axis=0, weights=counted)
    greatest = np.average((x - means) ** 2, axis=0, weights=counted).max()
    share = smoothing * greatest / np.var(x, axis=0).max()
    theirs = GaussianNB(var_smoothing=share).fit(x, y, sample_weight=weights)
    np.testing.assert_allclose(
        wide.predict_log_proba(x), theirs.predict_log_proba(x), rtol=1e-8, atol=1e-10
    )
    again = sr.GaussianNB.from_bytes(wide.to_bytes())
    more = np.ones((4, 100)) * np.arange(4)[:, None]
    again.partial_fit(more, [0, 1, 0, 1]).forget(more, [0, 1, 0, 1])
    assert again.to_bytes() == wide.to_bytes()
    halves = sr.GaussianNB(var_smoothing=smoothing)
    for rows in (slice(40, 80), slice(0, 40)):
        halves.partial_fit(
            x[rows], y[rows], sample_weight=None if weights is None else weights[rows]
        )
    assert halves.to_bytes() == wide.to_bytes()
    with pytest.raises(ValueError, match="1 to 64 features, not 100"):
        sr.LinearDiscriminantAnalysis().fit(x, y)


def test_law_damaged_bytes_are_refused() -> None:
    """Whatever byte is changed, and whatever features and classes a right checksum claims: an error, at once."""
    from streamreg._core import ClassSums
    from streamreg._estimators.serialization import serialized

    x, y, weights = problem()
    for bayes in (
        sr.GaussianNB().fit(x, y, sample_weight=weights),
        sr.GaussianNB().fit(np.tile(x, 30), y),
    ):
        state = bayes._moments.to_bytes()
        for at in range(0, len(state), 7):
            broken = bytearray(state)
            broken[at] ^= 0x41
            with pytest.raises(ValueError, match=r"checksum|version|kind|corrupt|state"):
                ClassSums.from_bytes(bytes(broken))
    model = sr.LinearDiscriminantAnalysis().fit(x, y)
    about: dict[str, Any] = {"params": {}, "features": 3, "names": None, "classes": None}
    state = model._moments.to_bytes()
    assert (
        sr.LinearDiscriminantAnalysis.from_bytes(
            serialized("LinearDiscriminantAnalysis", about, state)
        )
        .predict(x)
        .tolist()
        == model.predict(x).tolist()
    )
    hostile: list[dict[str, Any]] = [
        {"features": 2**70},
        {"features": -1},
        {"features": 3.0},
        {"features": True},
        {"features": "3"},
        {"names": ["a"]},
        {"names": [1, 2, 3]},
        {"names": "abc"},
        {"names": {"a": 1}},
        {"classes": [[0, 1, 2]]},
        {"classes": [0, 1]},
        {"classes": ["a", "b", "c"]},
        {"classes": [2, 1, 0]},
        {"classes": []},
        {"classes": [0, 1, 2.5]},
        {"classes": 7},
        {"params": {"strange": 1}},
        {"params": []},
        {"params": {"class_weight": {"other": 1}}},
    ]
    for claim in hostile:
        with pytest.raises(ValueError, match="state of the LinearDiscriminantAnalysis is damaged"):
            sr.LinearDiscriminantAnalysis.from_bytes(
                serialized("LinearDiscriminantAnalysis", about | claim, state)
            )
    logistic = sr.LogisticRegression().fit(x, y)
    said, numbers = logistic._state.to_parts()
    about |= {"classes": [0, 1, 2], **said}
    assert (
        sr.LogisticRegression.from_bytes(serialized("LogisticRegression", about, numbers)).score(
            x, y
        )
        > 0
    )
    hostile += [
        {"held": 2**62},
        {"rows": -1},
        {"steps": None},
        {"held": 59},
        {"classes": list(range(10**4))},
    ]
    hostile.remove({"classes": ["a", "b", "c"]})  # of which these rows could be
    for claim in hostile:
        with pytest.raises(ValueError, match="state of the LogisticRegression is damaged"):
            sr.LogisticRegression.from_bytes(
                serialized("LogisticRegression", about | claim, numbers)
            )


@pytest.mark.parametrize("features", [65, 200])
def test_oracle_ties_of_many_features(features: int) -> None:
    """Two classes that mirror each other: the label of any row, in the middle too, is that of the sum in rationals."""
    rng = np.random.default_rng(features)
    x = rng.normal(size=(7, features)) + 1.0
    model = sr.GaussianNB().fit(np.concatenate([x, -x]), np.repeat([0, 1], 7))
    columns = [[Fraction(value) for value in column] for column in x.T.tolist()]
    means = [sum(column, Fraction(0)) / 7 for column in columns]
    spreads = [
        sum(((value - mean) ** 2 for value in column), Fraction(0))
        for column, mean in zip(columns, means, strict=True)
    ]
    rows = np.zeros((6, features))
    rows[1, 3], rows[2, 3] = 1e-300, -1e-300
    # What one feature adds, another nearly takes away.
    factors = [mean / spread for mean, spread in zip(means, spreads, strict=True)]
    rows[3:, 0] = 1.0
    rows[3:, 1] = float(-factors[0] / factors[1])
    rows[4, 1] = np.nextafter(rows[4, 1], 9.0)
    rows[5, 1] = np.nextafter(rows[5, 1], -9.0)
    sums = [
        sum((Fraction(v) * factor for v, factor in zip(row, factors, strict=True)), Fraction(0))
        for row in rows.tolist()
    ]
    assert model.predict(rows).tolist() == [int(one < 0) for one in sums]
    assert model.decision_function(rows)[0] == 0.0
    assert model.predict_proba(rows)[0].tolist() == [0.5, 0.5]
    assert (
        (model.decision_function(rows) < 0) == (np.array([float(one) for one in sums]) > 0)
    ).all()
