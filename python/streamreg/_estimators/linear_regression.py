"""Estimator: `LinearRegression`."""

from __future__ import annotations

import math
import os
import warnings
from pathlib import Path
from typing import Any, Literal, Self, overload

import numpy as np

from streamreg._estimators.inputs import Matrix, matrix
from streamreg._estimators.key_cells import Key
from streamreg._estimators.numbers import Column, Data
from streamreg._estimators.open_regression import find
from streamreg._estimators.open_windows import AskedWindow, Start
from streamreg._estimators.regression_figures import RegressionFigures
from streamreg._estimators.regression_results import Floats
from streamreg._estimators.regression_state import Exact
from streamreg._estimators.serialization import (
    damage,
    deserialized,
    joined,
    name_list,
    parameters,
    serialized,
    split,
    whole,
)
from streamreg._estimators.sklearn_interface import regressor_tags
from streamreg._estimators.turns import as_of_now
from streamreg._estimators.weights import weights
from streamreg._exceptions import CorruptStateError
from streamreg._plural import plural


class LinearRegression(RegressionFigures):
    """Exact linear least squares, with scikit-learn's interface.

    Sums and products of all rows are held without rounding, and each result is rounded once: it is the same for any
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
            Of several targets these, and all that follows from a fit, have one entry, or row, for each target first.
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
        """Keeps the parameters; they are checked when they are used."""
        self.fit_intercept = fit_intercept
        self.ridge = ridge
        self.singular = singular

    # --- results -------------------------------------------------------------

    @overload
    def predict(
        self,
        X: Data,
        *,
        interval: None = None,
        level: float = ...,
        return_std: Literal[False] = ...,
    ) -> Floats: ...
    @overload
    def predict(
        self, X: Data, *, interval: None = None, level: float = ..., return_std: Literal[True]
    ) -> tuple[Floats, Floats]: ...
    @overload
    def predict(
        self, X: Data, *, interval: Literal["confidence", "prediction"], level: float = ...
    ) -> tuple[Floats, Floats, Floats]: ...
    @as_of_now
    def predict(
        self,
        X: Data,
        *,
        interval: Literal["confidence", "prediction"] | None = None,
        level: float = 0.95,
        return_std: bool = False,
    ) -> Floats | tuple[Floats, Floats] | tuple[Floats, Floats, Floats]:
        """The target that the model expects for rows of features, each rounded once from the exact coefficients.

        Args:
            X: Features, (rows, features).
            interval: "confidence" for the mean, "prediction" for a new observation: then the result is three arrays,
                the expected values with the lower and the upper ends.
            level: The probability that an interval is to cover. The ends are within one unit in the last place.
            return_std: Whether to give beside the expected values the standard errors of a new observation, as
                scikit-learn's `BayesianRidge` does; NaN where there are none, as with a ridge.

        Returns:
            Arrays of shape (rows,); of several targets (rows, targets).
        """
        self._need_fit()
        if interval not in (None, "confidence", "prediction"):
            raise ValueError(f'interval: expected "confidence" or "prediction", found {interval!r}')
        if interval is not None and return_std:
            raise ValueError("return_std=True and interval= exclude each other: give one")
        rows = matrix(X, type(self).__name__)
        self._check(rows, fitting=False)
        several = self._several()
        found = [
            model._predicted(rows, interval, level, return_std) for model in several or (self,)
        ]
        parts = [np.column_stack(part) if several else part[0] for part in zip(*found, strict=True)]
        if interval is not None:
            return parts[0], parts[1], parts[2]
        return (parts[0], parts[1]) if return_std else parts[0]

    def _predicted(
        self,
        rows: Matrix,
        interval: Literal["confidence", "prediction"] | None,
        level: float,
        return_std: bool,
    ) -> list[Floats]:
        """What is asked for of rows, for one target."""
        self._coefficients()  # which warns where there are none
        fit = self._fit()
        found: list[tuple[Floats, ...]] = []
        for _, own in rows.pieces():
            columns = [own[at] for at, _ in self._exact.features]
            if interval is not None:
                found.append(fit.intervals(columns, interval, level))
            elif return_std:
                values, _, errors = fit.predict(columns)
                found.append((values, errors))
            else:
                found.append((fit.values(columns),))
        return [np.concatenate(part) for part in zip(*found, strict=True)]

    @as_of_now
    def score(self, X: Data, y: Data, sample_weight: Data = None) -> float:
        """The coefficient of determination R² of the exact predictions for these rows, rounded once.

        It is about the mean of y, also without an intercept: with one, that of the rows of the fit is `r2_`, bit for
        bit. If y does not vary it is 1.0 where all are predicted, else 0.0; of one row it is NaN, with scikit-learn's
        warning. Of several targets it is the mean.

        Raises:
            TypeError: if something is no number.
            ValueError: as for `fit`.
        """
        self._need_fit()
        rows = matrix(X, type(self).__name__)
        self._check(rows, fitting=False)
        columns = self._targets_of_fit(y, rows)
        counted = weights(sample_weight, rows.rows, some=True)
        if rows.rows < 2:
            _warn_of_one_row()
            return math.nan
        models = self._several() or (self,)
        each = [m._scored(rows, y, counted) for m, y in zip(models, columns, strict=True)]
        return each[0] if len(each) == 1 else math.fsum(each) / len(each)

    def _scored(self, rows: Matrix, target: Column, counted: Column | None) -> float:
        """R² of one target."""
        self._coefficients()  # which warns where there are none
        found = self._exact.score(
            *self._model(), self._drops(), self._exact.like(rows, target, counted)
        )
        return math.nan if found is None else found

    # --- from elsewhere ------------------------------------------------------

    @classmethod
    def from_state(
        cls,
        directory: str | os.PathLike[str],
        *,
        output: str | os.PathLike[str] | None = None,
        key: Key = None,
        instance: Key = None,
        window_start: Start = None,
    ) -> Self:
        """The regression of a job, from the state directory of a run that goes on or has ended.

        It is that of the last epoch that the run has closed: its rows, with the job's intercept, ridge and `singular`.
        The run is not disturbed, and does not see rows that are added here. With `sr.poly` the features are the
        columns, whose powers are taken exactly, and there is a coefficient for each power.

        Args:
            directory: What the job has for `state=`.
            output: The file that shows the regression, as the job names it; needed if there are several regressions.
            key: With `by=`, the cell of the key, or a tuple of several; `(None,)` for the key that is missing.
            instance: Of windows, the cell of the instance, or a tuple of several, as for `key`.
            window_start: Of windows, when the one begins that is meant. By default it is the last closed one of the
                instance, if the job scores rows by it, else the newest. Other closed windows are not in a state.

        Raises:
            StateError: if there is no state, it is damaged, it holds no regression, or no row was read yet.
            ConfigurationError: if there is no such output, key or window, or one must be chosen; the error lists them.
        """
        path = None if output is None else os.fspath(output)
        found = find(Path(directory), path, key, AskedWindow(instance, window_start))
        singular: Literal["null", "drop"] = "drop" if found.drop else "null"
        made = cls(fit_intercept=found.intercept, ridge=found.ridge, singular=singular)
        terms = None if found.coefficients == found.columns else found.coefficients
        made._hold(found.exact, len(found.columns), found.columns, terms)
        return made

    # --- bytes ---------------------------------------------------------------

    @as_of_now
    def to_bytes(self) -> bytes:
        """Everything of this estimator, with a checksum: equal rows give equal bytes.

        Raises:
            NotFittedError: if it has seen no row.
        """
        self._need_fit()
        self._model()
        several = self._several()
        params = self._plain_params()
        if not self._drops():
            # Bytes of an estimator without it are those of versions that did not know it.
            del params["singular"]
        about = {
            "params": params,
            "features": self.n_features_in_,
            "names": self._names(),
            "terms": self._terms(),
        }
        if several:
            about["targets"] = len(several)
        states = [model._exact.to_bytes() for model in several or (self,)]
        return serialized("LinearRegression", about, joined(states) if several else states[0])

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Reads what `to_bytes` wrote.

        Raises:
            CorruptStateError: for any other bytes.
            MismatchError: for those of another estimator or of a newer version.
        """
        about, rows = deserialized("LinearRegression", state)
        with damage("LinearRegression"):
            made = cls(**parameters(about, cls._parameters()))
            features = whole(about, "features")
            names, terms = name_list(about.get("names"), features), about.get("terms")
            several = "targets" in about
            states = split(rows, whole(about, "targets")) if several else [rows]
            each = []
            for state in states:
                one = made._unfitted()
                exact = Exact.from_bytes(state)
                count = len(exact.features)
                if count != features and terms is None:
                    raise CorruptStateError(
                        f"{plural(features, 'feature')} where the rows have {count}"
                    )
                one._hold(exact, features, names, name_list(terms, count))
                each.append(one)
            if not several:
                return each[0]
            made.n_features_in_, made._feature_names = features, names
            made._each = tuple(each)
        return made

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401  # a type of scikit-learn's, which may not be there
        """scikit-learn's tags of this estimator."""
        return regressor_tags()


def _warn_of_one_row() -> None:
    category: type[Warning] = UserWarning
    try:
        from sklearn.exceptions import UndefinedMetricWarning
    except ImportError:
        pass  # without scikit-learn nobody can ask for its kind of warning
    else:
        category = UndefinedMetricWarning
    warnings.warn(
        "R^2 score is not well-defined with less than two samples.", category, stacklevel=3
    )
