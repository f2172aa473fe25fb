"""Equal to statsmodels and scikit-learn, on the data that scikit-learn brings, as far as these are exact themselves.

They solve by singular values, which loses some multiple of the condition of the design in units of the last place.
Relative to a standard error a coefficient loses as much more as it is larger than that, which is its t; a tail
magnifies the error of what it is the tail of by the degrees of freedom. Nothing here is wider than that.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from sklearn import linear_model
from sklearn.datasets import load_diabetes, make_regression

import streamreg as sr

Floats: TypeAlias = NDArray[np.float64]
Model: TypeAlias = Any
"""A fit of statsmodels, which has no types."""


@dataclass(frozen=True)
class Case:
    """Rows, and how they are fitted."""

    x: Floats
    y: Floats
    weights: Floats | None = None
    intercept: bool = True

    @property
    def design(self) -> Floats:
        return np.asarray(sm.add_constant(self.x)) if self.intercept else self.x

    @property
    def error(self) -> float:
        """What the others lose, relative to a number without cancellation."""
        root = np.sqrt(np.ones(len(self.y)) if self.weights is None else self.weights)
        return 64 * np.finfo(float).eps * float(np.linalg.cond(self.design * root[:, None]))

    def ours(self) -> sr.LinearRegression:
        model = sr.LinearRegression(fit_intercept=self.intercept)
        return model.fit(self.x, self.y, self.weights)

    def theirs(self) -> Model:
        if self.weights is None:
            return sm.OLS(self.y, self.design).fit()
        return sm.WLS(self.y, self.design, weights=self.weights).fit()


def _cases() -> dict[str, Case]:
    rng = np.random.default_rng(1)
    scaled, raw = load_diabetes(), load_diabetes(scaled=False)
    weights = rng.uniform(0.5, 3, len(raw.target))
    x, y = make_regression(200, 6, noise=5, random_state=2)
    return {
        "diabetes": Case(scaled.data, scaled.target),
        "diabetes as measured": Case(raw.data, raw.target),
        "diabetes, weighted": Case(raw.data, raw.target, weights),
        "diabetes through the origin": Case(raw.data, raw.target, intercept=False),
        "synthetic": Case(x, y),
        "synthetic, weighted": Case(x, y, weights[:200]),
    }


CASES = _cases()
each = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def coefficients(model: sr.LinearRegression) -> Floats:
    return np.array([*([model.intercept_] if model.fit_intercept else []), *model.coef_])


def near(found: object, expected: object, error: float) -> None:
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), error, 0)


@each
def test_coefficients_and_their_evidence(case: Case) -> None:
    """params, bse, tvalues, pvalues, conf_int and cov_params."""
    ours, theirs = case.ours(), case.theirs()
    largest = np.abs(theirs.tvalues).max()
    error = case.error * largest
    assert np.abs((coefficients(ours) - theirs.params) / theirs.bse).max() < error
    near(ours.std_errors_, theirs.bse, case.error)
    assert np.abs(ours.t_values_ - theirs.tvalues).max() < error
    assert np.abs(ours.p_values_ - theirs.pvalues).max() < error
    for level in (0.95, 0.5):
        ends = (ours.conf_int(level) - theirs.conf_int(1 - level)) / theirs.bse[:, None]
        assert np.abs(ends).max() < error
    spread = np.outer(theirs.bse, theirs.bse)
    assert np.abs((ours.covariance_ - theirs.cov_params()) / spread).max() < case.error


@each
def test_statistics_of_the_fit(case: Case) -> None:
    """Rsquared, rsquared_adj, fvalue, f_pvalue, ssr, and of unweighted rows llf, aic and bic."""
    ours, theirs = case.ours(), case.theirs()
    pairs = [
        (ours.rss_, theirs.ssr),
        (ours.r2_, theirs.rsquared),
        (ours.adjusted_r2_, theirs.rsquared_adj),
        (ours.f_statistic_, theirs.fvalue),
        (ours.residual_std_, math.sqrt(theirs.mse_resid)),
    ]
    if case.weights is None:
        pairs += [
            (ours.log_likelihood_, theirs.llf),
            (ours.aic_, theirs.aic),
            (ours.bic_, theirs.bic),
        ]
    for found, expected in pairs:
        near(found, expected, case.error)
    near(ours.f_p_value_, theirs.f_pvalue, case.error * theirs.df_resid)
    assert (ours.df_resid_, ours.n_samples_seen_) == (theirs.df_resid, theirs.nobs)
    assert ours.rank_ == case.design.shape[1]


@pytest.mark.parametrize("name", ["diabetes, weighted", "synthetic, weighted"])
def test_the_likelihood_of_weighted_rows(name: str) -> None:
    """It is left empty, as the documentation says, which also says how it follows from the weights."""
    case = CASES[name]
    assert case.weights is not None
    ours, n = case.ours(), len(case.y)
    assert (ours.log_likelihood_, ours.aic_, ours.bic_) == (None, None, None)
    assert ours.rss_ is not None
    found = (math.fsum(np.log(case.weights)) - n * (math.log(2 * math.pi * ours.rss_ / n) + 1)) / 2
    near(found, case.theirs().llf, case.error)


@each
@pytest.mark.parametrize("interval", ["confidence", "prediction"])
def test_predictions(case: Case, interval: Any) -> None:  # noqa: ANN401 - one of two literals
    """get_prediction().conf_int, for the mean and for a new observation."""
    ours, theirs = case.ours(), case.theirs()
    expected, low, high = ours.predict(case.x[:50], interval=interval, level=0.9)
    predicted = theirs.get_prediction(case.design[:50])
    ends = predicted.conf_int(obs=interval == "prediction", alpha=0.1)
    error = case.error * np.abs(theirs.tvalues).max()
    assert np.abs((expected - predicted.predicted_mean) / (high - low)).max() < error
    assert np.abs((np.column_stack([low, high]) - ends) / (high - low)[:, None]).max() < error


@each
def test_the_summary_has_their_numbers(case: Case) -> None:
    """Each to the four digits that it shows."""
    theirs = case.theirs()
    text = case.ours().summary()
    columns = (theirs.params, theirs.bse, theirs.tvalues, theirs.pvalues, *theirs.conf_int().T)
    rows = [line.split() for line in text.splitlines()[-1 - len(theirs.params) : -1]]
    assert [row[1:] for row in rows] == [
        [f"{value:.4g}" for value in row] for row in zip(*columns, strict=True)
    ]
    shown = {
        "No. Observations:": f"{int(theirs.nobs)}",
        "Df Residuals:": f"{int(theirs.df_resid)}",
        "Df Model:": f"{int(theirs.df_model)}",
        "R-squared:": f"{theirs.rsquared:.4g}",
        "Adj. R-squared:": f"{theirs.rsquared_adj:.4g}",
        "F-statistic:": f"{theirs.fvalue:.4g}",
        "Prob (F-statistic):": f"{theirs.f_pvalue:.4g}",
    }
    if case.weights is None:
        shown["Log-Likelihood:"] = f"{theirs.llf:.4g}"
    found = dict(re.findall(r"(?:^|  )(\S.*?:) +(\S+)", text, re.M))
    assert {name: found[name] for name in shown} == shown


@each
def test_scikit_learn_gives_the_same(case: Case) -> None:
    """coef_, intercept_, predict and score of its least squares, weighted too."""
    ours = case.ours()
    theirs = linear_model.LinearRegression(fit_intercept=case.intercept)
    theirs.fit(case.x, case.y, case.weights)
    scale = ours.std_errors_[-case.x.shape[1] :]
    error = case.error * np.abs(ours.t_values_).max()
    assert np.abs((ours.coef_ - theirs.coef_) / scale).max() < error
    assert abs(ours.intercept_ - theirs.intercept_) <= error * ours.std_errors_[0]
    spread = np.std(case.y)
    assert np.abs(ours.predict(case.x) - theirs.predict(case.x)).max() < error * spread
    near(
        ours.score(case.x, case.y, case.weights),
        theirs.score(case.x, case.y, case.weights),
        case.error,
    )


@each
@pytest.mark.parametrize("ridge", [0.01, 3.0])
def test_scikit_learn_gives_the_same_with_a_ridge(case: Case, ridge: float) -> None:
    """Its penalty is ours, and lets the intercept go free too."""
    ours = case.ours().set_params(ridge=ridge)
    theirs = linear_model.Ridge(ridge, fit_intercept=case.intercept, solver="svd")
    theirs.fit(case.x, case.y, case.weights)
    size = np.abs(theirs.coef_).max()
    assert np.abs(ours.coef_ - theirs.coef_).max() < case.error * size
    spread = np.std(case.y)
    assert np.abs(ours.predict(case.x) - theirs.predict(case.x)).max() < case.error * spread
