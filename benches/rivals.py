"""Those that fit a linear model, each called as its documentation says: what `numerics` compares.

A rival is a function from a problem to the coefficients, the intercept first if there is one; None if it has no such
model. It imports its package itself: one that is not installed is skipped.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benches.problems import Problem
from streamreg._core import Moments, Monomials

Fit = Callable[[Problem], list[float] | None]

_BATCH = 1000
"""Rows at a time, of those that take batches."""

_MANIFEST = Path(__file__).parents[1] / "Cargo.toml"


@dataclass(frozen=True)
class Rival:
    """A way to fit."""

    name: str
    fit: Fit
    rows: int
    """What its speed is measured with: a slow one is given less; 0 if not here, but by `cargo bench`."""


def exact_floats(problem: Problem) -> list[float] | None:
    """The exact core on doubles, as the workers feed it: columns of a batch. Powers are exact."""
    features = len(problem.predictors)
    exact: Moments | Monomials = Moments(features)
    if problem.degree > 1:
        exact = Monomials(["float"] * (features + 1), problem.powers, features)
    for start in range(0, len(problem.target), _BATCH):
        exact.add([column[start : start + _BATCH] for column in problem.columns])
    return exact.fit(problem.intercept).coefficients()


def exact_decimals(problem: Problem) -> list[float] | None:
    """The same on decimals, as they are written."""
    features = len(problem.predictors)
    exact = Monomials(["decimal"] * (features + 1), problem.powers, features)
    for start in range(0, len(problem.target), _BATCH):
        exact.add([column[start : start + _BATCH] for column in problem.decimals])
    return exact.fit(problem.intercept).coefficients()


def bitrep(problem: Problem) -> list[float] | None:
    """The crate bitrep, exact on the doubles that it is given: powers are rounded before; always with an intercept."""
    if not problem.intercept:
        return None
    rows = np.column_stack([problem.features, problem.columns[-1]]).tolist()
    done = subprocess.run(
        ["cargo", "run", "-qr", "-p", "streamreg-core", "--example", "bitrep"],
        cwd=_MANIFEST.parent,
        input="".join(",".join(map(repr, row)) + "\n" for row in rows),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return list(map(float, done.stdout.split(",")))


def usual(problem: Problem) -> list[float]:
    """The normal equations from sums and sums of products in doubles, as most engines add them up."""
    rows = problem.design
    return list(np.linalg.solve(rows.T @ rows, rows.T @ problem.columns[-1]))


def lstsq(problem: Problem) -> list[float]:
    """NumPy, by singular values; needs all rows at once."""
    return list(np.linalg.lstsq(problem.design, problem.columns[-1])[0])


def river(problem: Problem) -> list[float]:
    """River, by gradient descent over scaled rows; one at a time."""
    from river import linear_model, preprocessing

    model = linear_model.LinearRegression(**({} if problem.intercept else {"intercept_lr": 0.0}))
    scale = preprocessing.StandardScaler()
    line = scale | model
    names = range(problem.features.shape[1])
    for row, y in zip(problem.features.tolist(), problem.columns[-1].tolist(), strict=True):
        line.learn_one(dict(zip(names, row, strict=True)), y)
    means = [scale.means[name] for name in names]
    deviations = [scale.vars[name] ** 0.5 for name in names]
    weights = [model.weights[name] for name in names]
    found = _unscaled(model.intercept, weights, means, deviations)
    return found if problem.intercept else found[1:]


def river_bayesian(problem: Problem) -> list[float]:
    """River's Bayesian regression, whose sums are those of least squares but for the prior; one row at a time."""
    from river import linear_model

    model = linear_model.BayesianLinearRegression()
    names = range(problem.design.shape[1])
    for row, y in zip(problem.design.tolist(), problem.columns[-1].tolist(), strict=True):
        model.learn_one(dict(zip(names, row, strict=True)), y)
    return [model.predict_one({name: 1.0}) for name in names]


def sgd(problem: Problem) -> list[float]:
    """scikit-learn's `partial_fit`, by gradient descent over scaled batches."""
    from sklearn.linear_model import SGDRegressor
    from sklearn.preprocessing import StandardScaler

    # Without an intercept the origin must stay where it is.
    scale = StandardScaler(with_mean=problem.intercept)
    model = SGDRegressor(random_state=0, fit_intercept=problem.intercept)
    for start in range(0, len(problem.target), _BATCH):
        rows = problem.features[start : start + _BATCH]
        scale.partial_fit(rows)
        model.partial_fit(scale.transform(rows), problem.columns[-1][start : start + _BATCH])
    means = scale.mean_ if problem.intercept else np.zeros(len(model.coef_))
    found = _unscaled(model.intercept_[0], model.coef_, means, scale.scale_)
    return found if problem.intercept else found[1:]


def sklearn(problem: Problem) -> list[float]:
    """scikit-learn's least squares; needs all rows at once."""
    from sklearn.linear_model import LinearRegression

    model = LinearRegression(fit_intercept=problem.intercept)
    model.fit(problem.features, problem.columns[-1])
    return [*([model.intercept_] if problem.intercept else []), *model.coef_]


def ols(problem: Problem) -> list[float]:
    """Statsmodels, by QR; needs all rows at once."""
    import statsmodels.api as sm

    return list(sm.OLS(problem.columns[-1], problem.design).fit(method="qr").params)


def recursive(problem: Problem) -> list[float]:
    """Statsmodels' recursive least squares, a Kalman filter over the rows."""
    import statsmodels.api as sm

    # Over all rows: `params` itself comes from an ordinary fit.
    fitted = sm.RecursiveLS(problem.columns[-1], problem.design).fit()
    return list(fitted.recursive_coefficients.filtered[:, -1])


def _unscaled(
    intercept: float,
    weights: Any,  # noqa: ANN401 - a list or an array, as the two after it
    means: Any,  # noqa: ANN401
    deviations: Any,  # noqa: ANN401
) -> list[float]:
    slopes = [w / d if d else 0.0 for w, d in zip(weights, deviations, strict=True)]
    return [intercept - sum(s * m for s, m in zip(slopes, means, strict=True)), *slopes]


OURS = (
    Rival("streamreg, float", exact_floats, 1_000_000),
    Rival("streamreg, Decimal", exact_decimals, 200_000),
)
RIVALS = (
    Rival("usual sums in doubles", usual, 1_000_000),
    Rival("numpy lstsq", lstsq, 1_000_000),
    Rival("statsmodels OLS (QR)", ols, 1_000_000),
    Rival("scikit-learn LinearRegression", sklearn, 1_000_000),
    Rival("scikit-learn SGDRegressor.partial_fit", sgd, 1_000_000),
    Rival("statsmodels RecursiveLS", recursive, 20_000),
    Rival("River LinearRegression", river, 50_000),
    Rival("River BayesianLinearRegression", river_bayesian, 50_000),
    Rival("bitrep", bitrep, 0),
    *OURS,
)
