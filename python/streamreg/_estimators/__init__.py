"""Estimators: the exact core with scikit-learn's interface.

`inputs`, `labels`, `targets` and `weights` take what users bring, of which `numbers` says what a column may hold;
`sklearn_interface` (with `routing`), `turns` (threads) and `serialization` are shared by all.

Regression: `regression_state` holds the rows, `regression_rows` takes them, `regression_results` gives the results,
`linear_regression` is what users see. Classification: `class_moments` holds the rows, `class_rows` takes them,
`classifier_base` and `exact_classifier` give the results, `discriminants` (with `projection`) and `naive_bayes` are
what users see; `logistic_regression` is not exact: `logistic_state` and `held` keep its rows, and `newton` is its
solver.

`rolling` fits the window of each row of a frame: `rolling_frames` takes frames apart and makes them, `rolling_window`
reads how long windows are.
"""

from streamreg._estimators.discriminants import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from streamreg._estimators.linear_regression import LinearRegression
from streamreg._estimators.logistic_regression import LogisticRegression
from streamreg._estimators.naive_bayes import GaussianNB
from streamreg._estimators.rolling import rolling_linear_regression

__all__ = [
    "GaussianNB",
    "LinearDiscriminantAnalysis",
    "LinearRegression",
    "LogisticRegression",
    "QuadraticDiscriminantAnalysis",
    "rolling_linear_regression",
]
