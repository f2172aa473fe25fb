"""scikit-learn's own checks of an estimator."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone, is_regressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import streamreg as sr

# It warns of every estimator that does not inherit from its own base, while these are listed and checked.
NO_BASE = "Estimator .* does not inherit from `sklearn.base.BaseEstimator`"
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", NO_BASE)
    every_check: Callable[..., Any] = parametrize_with_checks(
        [
            sr.LinearRegression(),
            sr.LinearRegression(fit_intercept=False),
            sr.LinearRegression(ridge=0.5),
        ]
    )


@pytest.mark.filterwarnings(f"ignore:{NO_BASE}")
@pytest.mark.filterwarnings(
    "ignore:the coefficients are not determined by the rows seen:RuntimeWarning"
)
@every_check
def test_law_estimator(estimator: object, check: Callable[[object], None]) -> None:
    """It behaves as scikit-learn asks of every regressor."""
    check(estimator)


def test_it_works_in_pipelines_and_searches() -> None:
    """Cloning, scaling before it, cross-validation and a search for its penalty."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(60, 3))
    y = x @ [1.0, -2.0, 0.5] + 3 + rng.normal(scale=0.1, size=60)
    assert is_regressor(sr.LinearRegression())
    assert clone(sr.LinearRegression(ridge=2.0)).ridge == 2.0
    assert cross_val_score(make_pipeline(StandardScaler(), sr.LinearRegression()), x, y).min() > 0.9
    search = GridSearchCV(sr.LinearRegression(), {"ridge": [0.0, 1.0, 100.0]}).fit(x, y)
    assert search.best_params_ == {"ridge": 0.0}
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert again.to_bytes() == search.best_estimator_.to_bytes()
