"""The classifiers in scikit-learn: its own checks of an estimator, its tools around ours, its fits beside ours."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import streamreg as sr

Model: TypeAlias = Any
"""A classifier, ours or theirs."""

Load: TypeAlias = Callable[..., Any]
"""Gives one of the data sets that are bundled."""

Floats: TypeAlias = NDArray[np.float64]

OURS: list[Callable[..., Model]] = [
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
    sr.LogisticRegression,
]


# It warns of every estimator that does not inherit from its own base, while these are listed and checked.
NO_BASE = "Estimator .* does not inherit from `sklearn.base.BaseEstimator`"


def expected_failures(estimator: Model) -> dict[str, str]:
    """The checks that cannot pass, and why."""
    if estimator.get_params().get("fit_intercept") is False:
        # Its rows are around one point: without an intercept no weight makes one class of all of them.
        return {"check_class_weight_classifiers": "takes an intercept"}
    singular = isinstance(estimator, sr.QuadraticDiscriminantAnalysis) or (
        isinstance(estimator, sr.GaussianNB) and not estimator.var_smoothing
    )
    if isinstance(estimator, sr.QuadraticDiscriminantAnalysis) and estimator.unbiased:
        # The rows of a class together weigh less than the one row that its mean takes.
        reason = {"check_class_weight_classifiers": "has no unbiased covariance of less than a row"}
    else:
        reason = {}
    # 15 rows of 30 features, of which a class keeps one row.
    names = [f"check_sample_weight_equivalence_on_{kind}_data" for kind in ("dense", "sparse")]
    return reason | dict.fromkeys(names if singular else [], "has no finite result for such rows")


with warnings.catch_warnings():
    warnings.filterwarnings("ignore", NO_BASE)
    every_check: Callable[..., Any] = parametrize_with_checks(
        [
            *[made() for made in OURS],
            sr.LinearDiscriminantAnalysis(unbiased=True),
            sr.QuadraticDiscriminantAnalysis(unbiased=True),
            sr.GaussianNB(var_smoothing=1e-9),
            sr.LogisticRegression(fit_intercept=False, C=10.0),
        ],
        expected_failed_checks=expected_failures,
    )


@pytest.mark.filterwarnings(f"ignore:{NO_BASE}")
@pytest.mark.filterwarnings("ignore:within the classes:UserWarning")
@every_check
def test_law_estimator(estimator: object, check: Callable[[object], None]) -> None:
    """It behaves as scikit-learn asks of every classifier."""
    check(estimator)


@pytest.mark.parametrize("made", OURS)
def test_it_works_in_pipelines_and_searches(made: Callable[..., Model]) -> None:
    """Cloning, scaling before it, cross-validation, a search, and pickling with a fit or without."""
    x, y = load_iris(return_X_y=True)
    assert is_classifier(made())
    assert cross_val_score(make_pipeline(StandardScaler(), made()), x, y).min() > 0.85
    name, values = ("C", [1e-6, 1.0]) if made is sr.LogisticRegression else ("priors", [None])
    best = GridSearchCV(made(), {name: values}).fit(x, y).best_estimator_
    assert getattr(clone(best), name) == values[-1]
    assert pickle.loads(pickle.dumps(best)).to_bytes() == best.to_bytes()
    assert repr(pickle.loads(pickle.dumps(made()))) == f"{type(best).__name__}()"


def assert_same_results(ours: Model, theirs: Model, x: Floats, tolerance: float) -> None:
    """The same predictions, and every probability within a relative tolerance, of those that are no dust."""
    dust = (
        1e-9  # scikit-learn takes some probabilities from 1, which leaves few digits of small ones
    )
    expected, found = theirs.predict_proba(x), ours.predict_proba(x)
    assert (ours.predict(x) == theirs.predict(x)).all()
    close = np.abs(found - expected) <= tolerance * expected
    assert close[expected > dust].all()
    assert found[expected <= dust].max(initial=0.0) <= 1.01 * dust


DATA = pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])


@DATA
def test_differential_discriminants_are_those_of_scikit_learn(load: Load) -> None:
    """Linear and quadratic discriminants with its divisor (that of 1.9), and naive Bayes without smoothing."""
    x, y = load(return_X_y=True)
    linear, theirs = sr.LinearDiscriminantAnalysis().fit(x, y), LinearDiscriminantAnalysis()
    assert_same_results(linear, theirs.fit(x, y), x, 1e-8)
    # Its tolerance is absolute, and takes breast_cancer's small features for dependent ones.
    theirs = QuadraticDiscriminantAnalysis(tol=0.0).fit(x, y)
    assert_same_results(sr.QuadraticDiscriminantAnalysis().fit(x, y), theirs, x, 1e-6)
    assert_same_results(
        sr.GaussianNB().fit(x, y), GaussianNB(var_smoothing=0.0).fit(x, y), x, 1e-11
    )


def test_differential_digits() -> None:
    """Of the pixels some are constant: in all classes, which both leave out, or in some, which both refuse."""
    x, y = load_digits(return_X_y=True)
    ours = sr.LinearDiscriminantAnalysis().fit(x, y)
    with pytest.warns(UserWarning, match="features 'x0', 'x32', 'x39' are constant"):
        assert_same_results(ours, LinearDiscriminantAnalysis().fit(x, y), x, 1e-10)
    with pytest.raises(np.linalg.LinAlgError, match="not full rank"):
        QuadraticDiscriminantAnalysis().fit(x, y)
    constant = "class 0: features 'x0', 'x7', .* and 6 more are constant"
    for model in (sr.QuadraticDiscriminantAnalysis(), sr.GaussianNB()):
        with pytest.raises(ValueError, match=constant):
            model.fit(x, y).predict(x)
    varying = np.all([x[y == digit].std(axis=0) > 0.5 for digit in range(10)], axis=0)
    theirs = QuadraticDiscriminantAnalysis(tol=0.0).fit(x[:, varying], y)
    own = sr.QuadraticDiscriminantAnalysis().fit(x[:, varying], y)
    assert_same_results(own, theirs, x[:, varying], 1e-7)


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_digits])
@pytest.mark.parametrize("smoothing", [1e-9, 0.01])
def test_differential_smoothed_variances(load: Load, smoothing: float) -> None:
    """With what scikit-learn adds to variances by default, and with more, naive Bayes has its results everywhere."""
    x, y = load(return_X_y=True)
    ours = sr.GaussianNB(var_smoothing=smoothing).fit(x, y)
    theirs = GaussianNB(var_smoothing=smoothing).fit(x, y)
    np.testing.assert_allclose(ours.var_, theirs.var_, rtol=1e-12)
    assert_same_results(ours, theirs, x, 1e-7 if load is load_digits else 1e-11)


@pytest.mark.parametrize("load", [load_iris, load_wine])
def test_differential_idle_directions(load: Load) -> None:
    """Columns that are constant or follow from others, also up to a constant of the class, do what they do there."""
    x, y = load(return_X_y=True)
    # In whole parts of a power of two the sums of columns are exact.
    x = np.round(x * 64) / 64
    more = [np.ones(len(y)), x[:, 0] + x[:, 1], x[:, 1] - 2 * x[:, 2] + y / 4]
    x = np.column_stack([more[2], x, more[0], more[1]])
    ours = sr.LinearDiscriminantAnalysis().fit(x, y)
    with pytest.warns(UserWarning, match="the directions that do not vary are excluded"):
        assert_same_results(ours, LinearDiscriminantAnalysis().fit(x, y), x, 1e-8)


@DATA
def test_differential_priors(load: Load) -> None:
    """Priors that are given take the place of the shares of the rows."""
    x, y = load(return_X_y=True)
    priors = np.array([1.0, 3.0, 4.0][: len(set(y))])
    priors /= priors.sum()
    linear = LinearDiscriminantAnalysis(priors=priors).fit(x, y)
    assert_same_results(sr.LinearDiscriminantAnalysis(priors=priors).fit(x, y), linear, x, 1e-8)
    bayes = GaussianNB(priors=priors, var_smoothing=0.0).fit(x, y)
    assert_same_results(sr.GaussianNB(priors=priors).fit(x, y), bayes, x, 1e-11)


@DATA
@pytest.mark.parametrize("intercept", [True, False])
def test_differential_logistic_is_that_of_scikit_learn(load: Load, intercept: bool) -> None:
    """One batch gives the penalised maximum of the likelihood: coefficients and probabilities."""
    x, y = load(return_X_y=True)
    for c in (0.01, 1.0, 100.0):
        options: dict[str, Any] = {"C": c, "fit_intercept": intercept}
        theirs = LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=1000, **options)
        ours = sr.LogisticRegression(**options).fit(x, y)
        assert_same_results(ours, theirs.fit(x, y), x, 1e-6)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-6, atol=1e-7)


def test_differential_logistic_of_many_coefficients() -> None:
    """Ten classes of 64 features, of which some are constant; of all rows with a penalty that few steps satisfy."""
    x, y = load_digits(return_X_y=True)
    for rows, c in ((300, 1.0), (len(y), 0.01)):
        theirs = LogisticRegression(solver="newton-cholesky", C=c, tol=1e-12, max_iter=1000)
        ours = sr.LogisticRegression(C=c).fit(x[:rows], y[:rows])
        assert_same_results(ours, theirs.fit(x[:rows], y[:rows]), x[:rows], 1e-6)
