"""What models give beside a prediction, as scikit-learn's do: several targets, standard errors, projections."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import linear_model
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  # makes the next one importable
from sklearn.impute import IterativeImputer

import streamreg as sr


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_differential_several_targets(intercept: bool, weighted: bool) -> None:
    """Shapes as in scikit-learn, and of each target the very fit that it has by itself."""
    rng = np.random.default_rng(2)
    x, y, weights = rng.normal(size=(40, 3)), rng.normal(size=(40, 2)), rng.random(40)
    own = weights if weighted else None
    model = sr.LinearRegression(fit_intercept=intercept).fit(x, y, sample_weight=own)
    theirs = linear_model.LinearRegression(fit_intercept=intercept).fit(x, y, sample_weight=own)
    alone = [
        sr.LinearRegression(fit_intercept=intercept).fit(x, y[:, at], sample_weight=own)
        for at in (0, 1)
    ]
    assert model.coef_.shape == theirs.coef_.shape
    assert np.shape(model.intercept_) == np.shape(theirs.intercept_)
    np.testing.assert_allclose(model.coef_, theirs.coef_, rtol=1e-10)
    assert model.predict(x).shape == (40, 2)
    for name in ("coef_", "intercept_", "r2_", "rss_", "std_errors_", "covariance_", "p_values_"):
        expected = np.array([getattr(each, name) for each in alone])
        assert np.array_equal(
            getattr(model, name), expected if name != "intercept_" or intercept else 0.0
        )
    assert (
        model.predict(x).tobytes() == np.column_stack([each.predict(x) for each in alone]).tobytes()
    )
    assert model.conf_int().shape == (2, 3 + intercept, 2)
    assert model.score(x, y, sample_weight=own) == pytest.approx(
        theirs.score(x, y, sample_weight=own), rel=1e-10
    )
    low = model.predict(x, interval="confidence")[1]
    assert (
        low.tobytes()
        == np.column_stack([each.predict(x, interval="confidence")[1] for each in alone]).tobytes()
    )
    parts = sr.LinearRegression(fit_intercept=intercept)
    for rows in (slice(30, 40), slice(0, 30)):
        parts.partial_fit(x[rows], y[rows], sample_weight=None if own is None else own[rows])
    assert parts.to_bytes() == model.to_bytes()
    parts.partial_fit(x[:5], y[:5]).forget(x[:5], y[:5])
    assert (parts + model - model).to_bytes() == model.to_bytes()
    again = sr.LinearRegression.from_bytes(model.to_bytes())
    assert (
        again.to_bytes()
        == pickle.loads(pickle.dumps(copy.copy(model))).to_bytes()
        == model.to_bytes()
    )
    assert model.set_params(ridge=2.0).coef_.tobytes() != again.coef_.tobytes()
    for bad in (y[:, 0], y[:, :1], np.column_stack([y, y])):
        with pytest.raises(ValueError, match="target"):
            again.partial_fit(x, bad)
    one = sr.LinearRegression(fit_intercept=intercept).fit(x, y[:, :1])
    assert one.coef_.shape == (1, 3)
    assert one.predict(x).shape == (40, 1)
    assert "2 targets" in repr(again)
    assert again.summary().count("R-squared:") == 4


def test_standard_errors_of_predictions() -> None:
    """return_std gives those of a new observation, by which the interval is made; imputation takes them."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(50, 3))
    y = x @ [1.0, -1.0, 2.0] + rng.normal(size=50)
    model = sr.LinearRegression().fit(x, y)
    values, errors = model.predict(x, return_std=True)
    assert values.tobytes() == model.predict(x).tobytes()
    design = np.column_stack([np.ones(50), x])
    variance = model.rss_ / model.df_resid_
    expected = np.sqrt(variance + np.einsum("ij,jk,ik->i", design, model.covariance_, design))
    np.testing.assert_allclose(errors, expected, rtol=1e-12)
    assert np.isnan(sr.LinearRegression(ridge=1.0).fit(x, y).predict(x, return_std=True)[1]).all()
    with pytest.raises(ValueError, match="exclude each other"):
        model.predict(x, interval="confidence", return_std=True)  # type: ignore[call-overload]  # what is tested
    holed = np.where(
        rng.random((50, 3)) < 0.1, np.nan, np.column_stack([x[:, :2], x[:, 0] * 2 + x[:, 1]])
    )
    imputed = IterativeImputer(
        sr.LinearRegression(), sample_posterior=True, random_state=0, max_iter=3
    )
    assert np.isfinite(imputed.fit_transform(holed)).all()


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer, load_digits])
@pytest.mark.filterwarnings("ignore:within the classes:UserWarning")
def test_differential_projections(load: Callable[..., Any]) -> None:
    """Transform is scikit-learn's but for the signs of directions; a projected class has the covariance 1."""
    x, y = load(return_X_y=True)
    ours, theirs = sr.LinearDiscriminantAnalysis().fit(x, y), LinearDiscriminantAnalysis().fit(x, y)
    found, expected = ours.transform(x), theirs.transform(x)
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found * signs, expected, atol=1e-9)
    np.testing.assert_allclose(
        ours.explained_variance_ratio_, theirs.explained_variance_ratio_, rtol=1e-9
    )
    np.testing.assert_allclose(ours.xbar_, theirs.xbar_, rtol=1e-12, atol=1e-12)
    assert ours.scalings_.shape == theirs.scalings_.shape
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()
    one = sr.LinearDiscriminantAnalysis(n_components=1)
    assert one.fit_transform(x, y).shape == (len(x), 1)
    assert one.explained_variance_ratio_.shape == (1,)
    with pytest.raises(ValueError, match="n_components cannot be larger"):
        sr.LinearDiscriminantAnalysis(n_components=10).fit(x, y)
    hidden = sr.LinearDiscriminantAnalysis(store_covariance=False).fit(x, y)
    assert not hasattr(hidden, "covariance_")
    assert hidden.transform(x).tobytes() == found.tobytes()
