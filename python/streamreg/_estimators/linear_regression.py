"""Estimator: `LinearRegression`."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, Literal, Self, overload

import numpy as np

from streamreg._estimators.inputs import Column, Data, Matrix, doubles, matrix, vector
from streamreg._estimators.open_regression import Cell, find
from streamreg._estimators.regression_results import Fitted, Floats
from streamreg._estimators.regression_state import Exact
from streamreg._estimators.serialization import damage, seal, unseal
from streamreg._estimators.sklearn_interface import regressor_tags


class LinearRegression(Fitted):
    """Exact linear least squares, with scikit-learn's interface.

    Sums and products of all rows are held without rounding, and each answer is rounded once: it is the same for any
    order and split of the rows, and rows that were added can be forgotten without a trace.

    Args:
        fit_intercept: Whether there is an intercept.
        ridge: The penalty on the squares of the coefficients (not of the intercept), at least 0. With a penalty there
            are no standard errors, and none of what follows from them.
        singular: What becomes of features where they depend on each other exactly: with "null" no coefficient is
            determined. With "drop" a feature that follows from those before it, or is constant beside an intercept, has
            the coefficient NaN, and all else is as if it were not there, as in R. Exactly means in rational numbers.

    Attributes:
        coef_: The coefficients, an array of shape (features,); NaN where the rows do not determine them. Of a job with
            `sr.poly` there is one for each power.
        intercept_: The intercept, 0.0 without one.
        n_features_in_: How many features there are.
        feature_names_in_: Their names, if the rows came with names.
        n_samples_seen_: Rows added less rows forgotten.
        rank_: The exact rank of the design, the intercept counted.
        condition_number_: The ratio of the largest to the smallest singular value of the design, the intercept's column
            counted, after each column was scaled to length 1 (with weights, of the rows times their roots); right
            to some 13 digits, also from 1e16 on; infinite where the coefficients are not determined.
            Where a feature is no further than 2^-48 of its length from those before it, a `NumericalWarning` says so.
        df_resid_: Rows less coefficients, the intercept counted.
        rss_, r2_, adjusted_r2_, residual_std_, f_statistic_, f_p_value_, log_likelihood_, aic_, bic_: As
            `summary` shows them; None where they are not defined. The last three are None with weights too: they take
            the sum of the logarithms of the weights, of which no exact sum is kept. With the weights at hand, the
            likelihood is (sum(log(weights)) - n * (log(2 * pi * rss_ / n) + 1)) / 2.
        std_errors_, t_values_, p_values_: Arrays with an entry for the intercept, if there is one, then one for each
            feature; NaN where they are not defined.
        covariance_: The covariance matrix of the coefficients, in the same order.
    """

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        ridge: float = 0.0,
        singular: Literal["null", "drop"] = "null",
    ) -> None:
        """Keeps the parameters; they are looked at when they are used."""
        self.fit_intercept = fit_intercept
        self.ridge = ridge
        self.singular = singular

    # --- rows in and out -----------------------------------------------------

    def fit(self, X: Data, y: Data, sample_weight: Data = None) -> Self:
        """Forgets all rows, and takes these.

        Args:
            X: Features, (rows, features): an array, or a table of pandas, polars or Arrow.
            y: Target, (rows,).
            sample_weight: Weights, (rows,), at least 0.

        Raises:
            TypeError: if something is no number.
            ValueError: if a number is missing, infinite or not exactly a double or 64-bit integer, or if shapes do
                not fit.
        """
        if sample_weight is not None and not np.asarray(sample_weight).any():
            raise ValueError("sample_weight is zero for every row, so that none counts")
        for attribute in ("_exact", "_feature_names", "_term_names", "n_features_in_"):
            self.__dict__.pop(attribute, None)
        return self.partial_fit(X, y, sample_weight)

    def partial_fit(self, X: Data, y: Data, sample_weight: Data = None) -> Self:
        """Takes more rows; as `fit` of all rows at once."""
        self._model()
        rows = matrix(X, type(self).__name__)
        columns, weights = self._columns(rows, y, sample_weight)
        if "_exact" in self.__dict__:
            self._check(rows, fitting=True)
        else:
            exact = Exact.empty(columns, weights)
            self._begin(rows)
            self._exact = exact
        self._exact.put(columns, weights, remove=False)
        return self

    def forget(self, X: Data, y: Data, sample_weight: Data = None) -> Self:
        """Takes rows out again: the exact inverse of `partial_fit`.

        Raises:
            ValueError: if the rows cannot all have been added, as far as exact sums can tell: too few rows would be
                left, or sums that no rows have. Nothing is changed then.
        """
        exact = self._seen()
        rows = matrix(X, type(self).__name__)
        self._check(rows, fitting=True)
        columns, weights = self._columns(rows, y, sample_weight)
        exact.put(columns, weights, remove=True)
        return self

    def _columns(
        self, rows: Matrix, y: Data, sample_weight: Data
    ) -> tuple[list[Column], Column | None]:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        target = vector(y, rows.rows, "y")
        if sample_weight is None:
            return [*rows.columns, target], None
        if isinstance(sample_weight, int | float):
            sample_weight = np.full(rows.rows, float(sample_weight))
        weights = vector(sample_weight, rows.rows, "sample_weight")
        if (doubles(weights) < 0).any():
            raise ValueError("sample_weight must be at least 0, but one is negative")
        return [*rows.columns, target], weights

    def merge(self, other: LinearRegression) -> Self:
        """Takes all rows that another estimator has seen.

        Raises:
            ValueError: if it has other features, or only one of the two has weights.
        """
        self._exact = self._combined(other, subtract=False)
        return self

    def __add__(self, other: LinearRegression) -> LinearRegression:
        """An estimator of the rows of both, with the parameters of the first."""
        if not isinstance(other, LinearRegression):
            return NotImplemented
        return self._with(self._combined(other, subtract=False))

    def __sub__(self, other: LinearRegression) -> LinearRegression:
        """An estimator of the rows of the first without those of the second."""
        if not isinstance(other, LinearRegression):
            return NotImplemented
        return self._with(self._combined(other, subtract=True))

    def _combined(self, other: LinearRegression, *, subtract: bool) -> Exact:
        mine, theirs = self._seen(), other._seen()
        if self._features() != other._features():
            raise ValueError(
                f"the estimators have other features: {self._described()}, and {other._described()}"
            )
        return mine.combined(theirs, subtract=subtract)

    def _features(self) -> tuple[object, ...]:
        return self.n_features_in_, self._names(), self._terms()

    def _described(self) -> str:
        names = self._terms() or self._names()
        return f"{self.n_features_in_} without names" if names is None else ", ".join(names)

    def _with(self, exact: Exact) -> LinearRegression:
        made = LinearRegression(**self.get_params())
        made._hold(exact, self.n_features_in_, self._names(), self._terms())
        return made

    def _hold(
        self,
        exact: Exact,
        features: int,
        names: tuple[str, ...] | None,
        terms: tuple[str, ...] | None,
    ) -> None:
        """Takes over rows of such features."""
        self._exact, self.n_features_in_ = exact, features
        self._feature_names, self._term_names = names, terms

    # --- answers -------------------------------------------------------------

    @overload
    def predict(self, X: Data, *, interval: None = None, level: float = ...) -> Floats: ...
    @overload
    def predict(
        self,
        X: Data,
        *,
        interval: Literal["confidence", "prediction"],
        level: float = ...,
    ) -> tuple[Floats, Floats, Floats]: ...
    def predict(
        self,
        X: Data,
        *,
        interval: Literal["confidence", "prediction"] | None = None,
        level: float = 0.95,
    ) -> Floats | tuple[Floats, Floats, Floats]:
        """The target that the model expects for rows of features, each rounded once from the exact coefficients.

        Args:
            X: Features, (rows, features).
            interval: "confidence" for the mean, "prediction" for a new observation: then the answer is three arrays,
                the expected values with the lower and the upper ends.
            level: The probability that an interval is to cover. The ends are within one unit in the last place.
        """
        self._seen()
        rows = matrix(X, type(self).__name__)
        self._check(rows, fitting=False)
        self._coefficients()  # which warns where there are none
        fit = self._fit()
        columns = [rows.columns[at] for at, _ in self._exact.features]
        if interval is None:
            return fit.values(columns)
        if interval not in ("confidence", "prediction"):
            raise ValueError(f'interval: expected "confidence" or "prediction", found {interval!r}')
        return fit.intervals(columns, interval, level)

    def score(self, X: Data, y: Data, sample_weight: Data = None) -> float:
        """The coefficient of determination of the predictions for these rows."""
        expected = self.predict(X)
        observed = doubles(vector(y, len(expected), "y"))
        weights = (
            np.ones(len(expected))
            if sample_weight is None
            else doubles(vector(sample_weight, len(expected), "sample_weight"))
        )
        mean = math.fsum(weights * observed) / math.fsum(weights)
        around = math.fsum(weights * (observed - mean) ** 2)
        left = math.fsum(weights * (observed - expected) ** 2)
        return 1.0 - left / around if around else float(left == 0)

    # --- from elsewhere ------------------------------------------------------

    @classmethod
    def from_state(
        cls,
        directory: str | os.PathLike[str],
        *,
        output: str | os.PathLike[str] | None = None,
        key: Cell | tuple[Cell, ...] | None = None,
    ) -> Self:
        """The regression of a job, from the state directory of a run that goes on or has ended.

        It is that of the last epoch that the run has closed: its rows, with the job's intercept, ridge and `singular`.
        The run is not disturbed, and does not see rows that are added here. With `sr.poly` the features are the
        columns, whose powers are taken exactly, and there is a coefficient for each power.

        Args:
            directory: What the job has for `state=`.
            output: The file that shows the regression, as the job names it; needed if there are several regressions.
            key: With `by=`, the cell of the key, or a tuple of several.

        Raises:
            StateError: if there is no state, it is damaged, it holds no regression, or no row was read yet.
            ConfigurationError: if there is no such output or key, or one must be chosen; it says which there are.
        """
        path = None if output is None else os.fspath(output)
        found = find(Path(directory), path, key)
        singular: Literal["null", "drop"] = "drop" if found.drop else "null"
        made = cls(fit_intercept=found.intercept, ridge=found.ridge, singular=singular)
        terms = None if found.coefficients == found.columns else found.coefficients
        made._hold(found.exact, len(found.columns), found.columns, terms)
        return made

    # --- bytes ---------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """Everything of this estimator, with a checksum: equal rows give equal bytes.

        Raises:
            NotFittedError: if it has seen no row.
        """
        exact = self._seen()
        intercept, ridge = self._model()
        about = {
            "params": {
                "fit_intercept": intercept,
                "ridge": ridge,
                # Bytes of an estimator without it are those of versions that did not know it.
                **({"singular": "drop"} if self._drops() else {}),
            },
            "features": self.n_features_in_,
            "names": self._names(),
            "terms": self._terms(),
        }
        return seal("LinearRegression", about, exact.to_bytes())

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Reads what `to_bytes` wrote.

        Raises:
            ValueError: for any other bytes.
        """
        about, rows = unseal("LinearRegression", state)
        with damage("LinearRegression"):
            made = cls(**about["params"])
            names, terms = (
                None if held is None else tuple(map(str, held))
                for held in (about["names"], about.get("terms"))
            )
            made._hold(Exact.from_bytes(rows), int(about["features"]), names, terms)
        return made

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401  # a type of scikit-learn's, which may not be there
        """What scikit-learn is to know of this estimator."""
        return regressor_tags()
