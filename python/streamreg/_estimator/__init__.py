"""Estimators: the exact core with scikit-learn's interface.

`_matrix` takes what users bring, `_exact` holds the rows, `_fitted` gives the answers, `_regression` is what users see.
"""

from streamreg._estimator._regression import LinearRegression

__all__ = ["LinearRegression"]
