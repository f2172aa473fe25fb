"""A plugin of pytest: puts our estimators in the place of scikit-learn's, before its own tests import them.

Each takes the parameters of the one whose place it has. What we have too is passed on; a value that asks for something
else raises `Lacking`, so that the test that asks fails by that name.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pytest
import sklearn.discriminant_analysis
import sklearn.linear_model
import sklearn.naive_bayes
from numpy.typing import NDArray

import streamreg as sr

Option: TypeAlias = Any
"""A parameter of theirs."""


class Lacking(Exception):  # no error, but what a test is about
    """An option that streamreg does not have."""


def refuse(**options: Option) -> None:
    """For options that are not at their defaults, which we lack."""
    for name, value in options.items():
        if (
            value is not None
            and value is not False
            and not (isinstance(value, float) and value == 0)
        ):
            raise Lacking(f"{name}={value!r}")


class LinearRegression(sr.LinearRegression):
    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        tol: float = 1e-6,
        n_jobs: Option = None,
        positive: bool = False,
    ) -> None:
        refuse(positive=positive)
        super().__init__(fit_intercept=fit_intercept)
        self.copy_X, self.tol, self.n_jobs, self.positive = copy_X, tol, n_jobs, positive


class LinearDiscriminantAnalysis(sr.LinearDiscriminantAnalysis):
    def __init__(
        self,
        solver: str = "svd",
        shrinkage: Option = None,
        priors: Option = None,
        n_components: int | None = None,
        store_covariance: bool = False,
        tol: float = 1e-4,
        covariance_estimator: Option = None,
    ) -> None:
        refuse(shrinkage=shrinkage, covariance_estimator=covariance_estimator)
        # Their other solvers always store it.
        stored = store_covariance or solver != "svd"
        super().__init__(priors=priors, n_components=n_components, store_covariance=stored)
        self.solver, self.shrinkage, self.tol = solver, shrinkage, tol
        self.covariance_estimator = covariance_estimator

    def transform(self, X: Option) -> NDArray[np.float64]:
        if self.solver == "lsqr":
            raise NotImplementedError(
                "transform not implemented for 'lsqr' solver (use 'svd' or 'eigen')."
            )
        return super().transform(X)


class QuadraticDiscriminantAnalysis(sr.QuadraticDiscriminantAnalysis):
    def __init__(
        self,
        *,
        solver: str = "svd",
        shrinkage: Option = None,
        priors: Option = None,
        reg_param: float = 0.0,
        store_covariance: bool = False,
        tol: float = 1e-4,
        covariance_estimator: Option = None,
    ) -> None:
        refuse(shrinkage=shrinkage, covariance_estimator=covariance_estimator, reg_param=reg_param)
        super().__init__(priors=priors, store_covariance=store_covariance)
        self.solver, self.shrinkage, self.reg_param, self.tol = solver, shrinkage, reg_param, tol
        self.covariance_estimator = covariance_estimator


class GaussianNB(sr.GaussianNB):
    def __init__(self, *, priors: Option = None, var_smoothing: float = 1e-9) -> None:
        super().__init__(priors=priors, var_smoothing=var_smoothing)


sklearn.linear_model.LinearRegression = LinearRegression
sklearn.discriminant_analysis.LinearDiscriminantAnalysis = LinearDiscriminantAnalysis
sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis = QuadraticDiscriminantAnalysis
sklearn.naive_bayes.GaussianNB = GaussianNB


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where a test goes through a list of solvers, those with shrinkage are excluded from it."""
    for module in {item.module for item in items if isinstance(item, pytest.Function)}:
        pairs = getattr(module, "solver_shrinkage", None)
        if pairs is not None:
            module.solver_shrinkage = [pair for pair in pairs if pair[1] is None]
