"""What classifiers take and say: labels of any kind, classes that are named beforehand, errors that say what to do."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import streamreg as sr
from streamreg._estimators.labels import labels
from streamreg._estimators.numbers import Data

X = [[1.0, 2.0], [2.0, 5.0], [3.0, 1.0], [7.0, 8.0], [8.0, 6.0], [9.0, 9.0], [9.5, 8.0]]
Y = ["a", "a", "a", "b", "b", "b", "b"]
Classifier: TypeAlias = (
    sr.LinearDiscriminantAnalysis
    | sr.QuadraticDiscriminantAnalysis
    | sr.GaussianNB
    | sr.LogisticRegression
)
KINDS: list[type[Classifier]] = [
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
    sr.LogisticRegression,
]
every = pytest.mark.parametrize("kind", KINDS)


@pytest.mark.parametrize(
    "y",
    [
        Y,
        np.array(Y),
        np.array(Y, object),
        np.array(Y)[:, None],
        pd.Series(Y),
        pd.Series(Y, dtype="category"),
        pl.Series(Y),
        pl.Series(Y, dtype=pl.Categorical),
        pa.chunked_array([Y]),
    ],
)
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_law_every_kind_of_label_gives_the_same_bytes(y: Data) -> None:
    """Text from lists, arrays and columns of tables, categories included."""
    assert sr.GaussianNB().fit(X, y).to_bytes() == sr.GaussianNB().fit(X, Y).to_bytes()


@pytest.mark.parametrize(
    "table", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "Arrow"]
)
@every
def test_every_table(kind: type[Classifier], table: type) -> None:
    """Names are kept, and asked for again."""
    rows = table({"x": [row[0] for row in X], "z": [row[1] for row in X]})
    model = kind().fit(rows, Y)
    assert model.feature_names_in_.tolist() == ["x", "z"]
    assert model.predict(rows).tolist() == Y
    with pytest.warns(UserWarning, match="valid feature names"):
        assert model.predict_proba(X).tobytes() == model.predict_proba(rows).tobytes()


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([1, 0, 2**63 - 1], [0, 1, 2**63 - 1]),
        ([1.0, -3.0, 1.0], [-3, 1]),
        ([True, False, True], [False, True]),
        (np.array([3, 1, 1], "u1"), [1, 3]),
        (["é", "a\0", "a"], ["a", "a\0", "é"]),
        (np.array([1, 2, np.int8(1)], object), [1, 2]),
        (pd.array([2, 1, 2], "Int64"), [1, 2]),
    ],
)
def test_labels_are_kept_in_order(y: Data, expected: list[object]) -> None:
    """Integers, booleans and text as they are; doubles that are integers as integers."""
    found = labels(y, 3, "test")
    assert [(type(label), label) for label in found.distinct] == [(type(e), e) for e in expected]
    assert [found.distinct[code] for code in found.codes] == list(y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, "a", 2], "Unknown label type: y holds int, str"),
        ([True, "a", 2], "Unknown label type"),
        ([0.5, 1.0, 2.0], "Unknown label type: continuous"),
        ([1.0, np.nan, 2.0], "contains NaN"),
        ([1.0, np.inf, 2.0], "infinity"),
        ([1e300, 1.0, 2.0], "continuous"),
        (["a", None, "b"], "contains NaN"),
        (pl.Series([1, None, 2]), "contains NaN"),
        (pa.array(["a", None, "b"]), "contains NaN"),
        (np.array([2**63, 1, 2], "u8"), "beyond 64-bit"),
        ([2**70, 1, 2], "labels are 64-bit|too large"),
        ([b"a", b"b", b"a"], "Unknown label type"),
        (np.array([1j, 2, 3]), "Complex data not supported"),
        (["a", "b"], "inconsistent numbers of samples"),
        ([["a", "b"]] * 3, "should be a 1d array"),
        (None, "requires y to be passed"),
    ],
)
def test_labels_that_are_none_are_refused(y: Data, message: str) -> None:
    """What is missing, mixed, no whole number or of another type."""
    with pytest.raises((TypeError, ValueError), match=message):
        labels(y, 3, "test")


@every
def test_classes_can_be_named_before_they_come(kind: type[Classifier]) -> None:
    """Then `classes_` and probabilities have them from the beginning, and no other ones are taken."""
    model = kind().partial_fit(X, Y, classes=["c", "b", "a"])
    assert model.classes_.tolist() == ["a", "b", "c"]
    chances = model.predict_proba(X)
    assert chances.shape == (7, 3)
    assert (chances[:, 2] < 1e-9).all()
    assert model.score(X, Y) == 1.0
    with pytest.raises(ValueError, match="'d', which is none of the classes that were named"):
        model.partial_fit(X, ["d"] * 7)
    with pytest.raises(ValueError, match="differs from the classes of the"):
        model.partial_fit(X, Y, classes=["a", "b"])
    with pytest.raises(ValueError, match="y holds integers, but the labels seen before are text"):
        model.partial_fit(X, [1] * 7)
    shifted = [[a + 20, b - 20] for a, b in X]
    later = np.random.default_rng(2).permutation(7)
    model.partial_fit([shifted[i] for i in later], ["c"] * 7)
    assert model.predict(shifted).tolist() == ["c"] * 7


def test_a_class_without_rows_has_no_mean() -> None:
    """It has the prior 0, and NaN for what only its rows could tell."""
    model = sr.QuadraticDiscriminantAnalysis().partial_fit(X, Y, classes=["a", "b", "c"])
    assert model.class_counts_.tolist() == [3, 4, 0]
    assert model.priors_.tolist() == [3 / 7, 4 / 7, 0.0]
    assert np.isnan(model.means_).tolist() == [[False] * 2, [False] * 2, [True] * 2]
    assert np.isnan(model.covariance_[2]).all()
    assert model.coef_.shape == (2, 2)


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ([1.0], "one for each of the 2 classes"),
        ([0.5, 0.6], "sum to 1"),
        ([1.0, 0.0], "above 0"),
        ([np.nan, 1.0], "above 0"),
    ],
)
def test_priors_must_be_those_of_the_classes(priors: list[float], message: str) -> None:
    """One each, above 0, 1 together."""
    with pytest.raises(ValueError, match=message):
        sr.GaussianNB(priors=priors).fit(X, Y).predict(X)


def test_rows_without_result_say_what_to_do() -> None:
    """The class and the feature are named; attributes that depend on it are not there."""
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "z": [1.0, 1.0, 3.0, 4.0]})
    y = [0, 0, 1, 1]
    with pytest.raises(ValueError, match=r"class 0: feature 'z' is constant within the class"):
        sr.GaussianNB().fit(frame, y).predict(frame)
    quadratic = sr.QuadraticDiscriminantAnalysis(unbiased=True).fit(frame, y)
    with pytest.raises(ValueError, match="LinearDiscriminantAnalysis"):
        quadratic.decision_function(frame)
    with pytest.raises(ValueError, match="class 0 has only 1 sample"):
        quadratic.forget(frame[:1], [0]).predict(frame)
    linear = sr.LinearDiscriminantAnalysis(unbiased=True).fit(frame, [0, 1, 2, 3])
    with pytest.raises(ValueError, match="more rows than classes"):
        linear.predict(frame)
    assert not hasattr(linear, "coef_")
    linear = sr.LinearDiscriminantAnalysis().fit(frame, [0, 1, 2, 3])
    with pytest.raises(ValueError, match="together: features 'x', 'z' are constant, or follow"):
        linear.predict(frame)
    emptied = sr.GaussianNB().fit(frame, y).forget(frame, y)
    with pytest.raises(ValueError, match="not fitted yet"):
        emptied.predict(frame)
    with pytest.raises(ValueError, match="class 0: no row would be left, but sums"):
        sr.GaussianNB().fit(frame, y).forget(frame + 1.0, y)


def test_directions_that_do_not_vary_are_left_out_with_a_warning() -> None:
    """Once for each model that is computed; the probabilities are those without them."""
    rows = [[*row, 2 * row[0] - row[1], 7.0] for row in X]
    model = sr.LinearDiscriminantAnalysis().fit(rows, Y)
    with pytest.warns(UserWarning, match="'x2', 'x3' are constant, or follow .* are excluded"):
        found = model.predict_proba(rows)
    assert model.predict_proba(rows).tobytes() == found.tobytes()
    alone = sr.LinearDiscriminantAnalysis().fit(X, Y)
    np.testing.assert_allclose(found, alone.predict_proba(X), rtol=1e-10)
    with pytest.warns(UserWarning, match="feature 'x1' is constant, or follows"):
        sr.LinearDiscriminantAnalysis().fit([[a, 1.0] for a, _ in X], Y).predict(X)


@pytest.mark.parametrize("smoothing", [-1e-9, np.nan, np.inf])
def test_variances_are_raised_by_a_share(smoothing: float) -> None:
    """A finite one from 0 up; it is kept with the bytes of the model."""
    with pytest.raises(ValueError, match="var_smoothing: must be a finite number from 0 up, found"):
        sr.GaussianNB(var_smoothing=smoothing).fit(X, Y).predict(X)
    model = sr.GaussianNB(var_smoothing=0.5).fit([[1.0], [1.0], [5.0]], ["a", "a", "b"])
    assert sr.GaussianNB.from_bytes(model.to_bytes()).var_.tolist() == [[16 / 9], [16 / 9]]


@every
def test_scores_of_two_classes_are_one_column(kind: type[Classifier]) -> None:
    """The logarithm of the odds of the second class; probabilities sum to 1, their logarithms are theirs."""
    model = kind().fit(X, Y)
    chances, logs = model.predict_proba(X), model.predict_log_proba(X)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0, rtol=1e-15)
    np.testing.assert_allclose(np.exp(logs), chances, rtol=1e-13)
    np.testing.assert_allclose(model.decision_function(X), logs[:, 1] - logs[:, 0], rtol=1e-12)
    assert model.score(X, ["a", *Y[1:-1], "a"], sample_weight=[1, 1, 1, 1, 1, 1, 4]) == 0.6
