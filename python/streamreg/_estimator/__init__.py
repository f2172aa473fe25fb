"""Estimators: the exact core with scikit-learn's interface.

`_matrix`, `_labels`, `_targets` and `_weights` take what users bring, of which `_numbers` says what a column may hold;
`_interface` (with `_routing`) and `_sealed` are shared by all.

Regression: `_exact` holds the rows, `_regression_rows` takes them, `_fitted` gives the results, `_regression` is what
users see. Classification: `_moments` holds the rows, `_class_rows` takes them, `_classifier` and `_exact_classifier`
give the results, `_discriminant` (with `_projection`) and `_naive_bayes` are what users see; `_logistic` is not exact:
`_logistic_state` and `_held` keep its rows, and `_newton` is its solver.
"""

from streamreg._estimator._discriminant import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from streamreg._estimator._logistic import LogisticRegression
from streamreg._estimator._naive_bayes import GaussianNB
from streamreg._estimator._regression import LinearRegression

__all__ = [
    "GaussianNB",
    "LinearDiscriminantAnalysis",
    "LinearRegression",
    "LogisticRegression",
    "QuadraticDiscriminantAnalysis",
]
