"""Those that fit a line in Python, each called as its documentation says: what `numerics` compares.

A rival is a function from features (rows by features) and a target to the coefficients, the intercept first. It
imports its package itself: one that is not installed is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamreg._core import Moments

Floats = NDArray[np.float64]
Fit = Callable[[Floats, Floats], list[float]]

_BATCH = 1000
"""Rows at a time, of those that take batches."""


@dataclass(frozen=True)
class Rival:
    """A way to fit."""

    name: str
    fit: Fit
    rows: int
    """What its speed is measured with: a slow one is given less."""


def streamreg(features: Floats, target: Floats) -> list[float]:
    """The exact core, as the workers feed it: columns of a batch."""
    moments = Moments(features.shape[1])
    columns = [*np.ascontiguousarray(features.T), target]
    for start in range(0, len(target), _BATCH):
        moments.add([column[start : start + _BATCH] for column in columns])
    return moments.solve() or []


def lstsq(features: Floats, target: Floats) -> list[float]:
    """NumPy, by singular values; needs all rows at once."""
    rows = np.column_stack([np.ones(len(target)), features])
    return list(np.linalg.lstsq(rows, target)[0])


def river(features: Floats, target: Floats) -> list[float]:
    """River, by gradient descent over scaled rows; one at a time."""
    from river import linear_model, preprocessing

    scale, model = preprocessing.StandardScaler(), linear_model.LinearRegression()
    line = scale | model
    names = range(features.shape[1])
    for row, y in zip(features.tolist(), target.tolist(), strict=True):
        line.learn_one(dict(zip(names, row, strict=True)), y)
    means = [scale.means[name] for name in names]
    deviations = [scale.vars[name] ** 0.5 for name in names]
    weights = [model.weights[name] for name in names]
    return _unscaled(model.intercept, weights, means, deviations)


def sgd(features: Floats, target: Floats) -> list[float]:
    """scikit-learn's `partial_fit`, by gradient descent over scaled batches."""
    from sklearn.linear_model import SGDRegressor
    from sklearn.preprocessing import StandardScaler

    scale, model = StandardScaler(), SGDRegressor(random_state=0)
    for start in range(0, len(target), _BATCH):
        rows = features[start : start + _BATCH]
        scale.partial_fit(rows)
        model.partial_fit(scale.transform(rows), target[start : start + _BATCH])
    return _unscaled(model.intercept_[0], model.coef_, scale.mean_, scale.scale_)


def sklearn(features: Floats, target: Floats) -> list[float]:
    """scikit-learn's least squares; needs all rows at once."""
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(features, target)
    return [model.intercept_, *model.coef_]


def ols(features: Floats, target: Floats) -> list[float]:
    """Statsmodels, by the pseudo-inverse; needs all rows at once."""
    import statsmodels.api as sm

    return list(sm.OLS(target, sm.add_constant(features, has_constant="add")).fit().params)


def recursive(features: Floats, target: Floats) -> list[float]:
    """Statsmodels' recursive least squares, a Kalman filter over the rows."""
    import statsmodels.api as sm

    rows = sm.add_constant(features, has_constant="add")
    # Over all rows: `params` itself comes from an ordinary fit.
    return list(sm.RecursiveLS(target, rows).fit().recursive_coefficients.filtered[:, -1])


def _unscaled(intercept: float, weights: Any, means: Any, deviations: Any) -> list[float]:  # noqa: ANN401 - lists or arrays
    slopes = [w / d if d else 0.0 for w, d in zip(weights, deviations, strict=True)]
    return [intercept - sum(s * m for s, m in zip(slopes, means, strict=True)), *slopes]


RIVALS = (
    Rival("streamreg", streamreg, 1_000_000),
    Rival("numpy lstsq", lstsq, 1_000_000),
    Rival("scikit-learn LinearRegression", sklearn, 1_000_000),
    Rival("scikit-learn SGDRegressor.partial_fit", sgd, 1_000_000),
    Rival("statsmodels OLS", ols, 1_000_000),
    Rival("statsmodels RecursiveLS", recursive, 20_000),
    Rival("River LinearRegression", river, 50_000),
)
