"""Estimators: the exact core with scikit-learn's interface.

`_matrix` and `_labels` take what users bring, `_interface` and `_sealed` are shared by all. Regression: `_exact` holds
the rows, `_fitted` gives the results, `_regression` is what users see. Classification: `_moments` holds the rows,
`_classifier` and `_exact_classifier` give the results, `_discriminant` is what users see; `_logistic` is not exact,
and `_newton` is its solver.
"""

from streamreg._estimators.discriminants import (
    GaussianNB,
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from streamreg._estimators.linear_regression import LinearRegression
from streamreg._estimators.logistic_regression import LogisticRegression

__all__ = [
    "GaussianNB",
    "LinearDiscriminantAnalysis",
    "LinearRegression",
    "LogisticRegression",
    "QuadraticDiscriminantAnalysis",
]
