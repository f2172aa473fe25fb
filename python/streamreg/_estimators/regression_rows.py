"""Estimator, regression: rows in and out, of one target or of several."""

from __future__ import annotations

from typing import Self

from streamreg._estimators.inputs import Matrix, matrix
from streamreg._estimators.numbers import Column, Data
from streamreg._estimators.regression_results import Fitted
from streamreg._estimators.regression_state import Exact
from streamreg._estimators.targets import Targets, targets
from streamreg._estimators.turns import in_turn
from streamreg._estimators.weights import weights
from streamreg._plural import plural


class RegressionRows(Fitted):
    """What `LinearRegression` does with rows."""

    @in_turn
    def fit(self, X: Data, y: Data, sample_weight: Data = None) -> Self:
        """Forgets all rows, and takes these.

        Args:
            X: Features, (rows, features): an array, or a table of pandas, polars or Arrow.
            y: Target, (rows,), or several, (rows, targets): each is fitted by itself.
            sample_weight: Weights, (rows,), at least 0.

        Raises:
            TypeError: if something is no number.
            ValueError: if a number is missing, infinite or not exactly a double or 64-bit integer, or if shapes do
                not fit.
        """
        with self._anew():
            self._take(X, y, sample_weight, some=True)
        return self

    @in_turn
    def partial_fit(self, X: Data, y: Data, sample_weight: Data = None) -> Self:
        """Takes more rows; as `fit` of all rows at once."""
        self._take(X, y, sample_weight, some=False)
        return self

    def _take(self, X: Data, y: Data, sample_weight: Data, *, some: bool) -> None:
        """Takes rows; with `some` the weight of one at least must be above 0."""
        self._model()
        rows = matrix(X, type(self).__name__)
        found = targets(y, rows.rows, type(self).__name__)
        counted = weights(sample_weight, rows.rows, some=some)
        if self._is_fitted():
            self._check(rows, fitting=True)
            self._change(rows, found, counted, remove=False)
        elif found.several:
            each = [self._unfitted() for _ in found.columns]
            for model, target in zip(each, found.columns, strict=True):
                model._begin_with(rows, target, counted)
            self._begin(rows)
            self._each = tuple(each)
        else:
            self._begin_with(rows, found.columns[0], counted)

    def _begin_with(self, rows: Matrix, target: Column, counted: Column | None) -> None:
        """Takes the first rows."""
        exact = Exact.empty(rows, target, counted)
        exact.put_rows(rows, target, counted, remove=False)
        self._begin(rows)
        self._exact = exact

    def _change(
        self, rows: Matrix, found: Targets, counted: Column | None, *, remove: bool
    ) -> None:
        """Adds or removes rows, all or none."""
        each = self._several()
        if (len(each), len(each) > 0) != (len(found.columns) * found.several, found.several):
            raise ValueError(
                f"y has {_count_of_targets(len(found.columns), found.several)}, but the first rows had "
                f"{_count_of_targets(len(each), bool(each))}"
            )
        if not each:
            self._own().put_rows(rows, found.columns[0], counted, remove=remove)
            return
        for model, target in zip(each, found.columns, strict=True):
            model._own().put_rows(rows, target, counted, remove=remove)
        self._each = each

    def _targets_of_fit(self, y: Data, rows: Matrix) -> tuple[Column, ...]:
        """The targets of rows that are compared with the fit: as many as it has."""
        found = targets(y, rows.rows, type(self).__name__)
        fitted = len(self._several()) or 1
        if len(found.columns) != fitted:
            raise ValueError(
                f"y has {_count_of_targets(len(found.columns), found.several)}, but the fit had "
                f"{_count_of_targets(fitted, True)}"
            )
        return found.columns

    def _own(self) -> Exact:
        """The rows, to be changed."""
        exact = self._seen()
        if exact.shared:
            exact = self._exact = exact.copied()
        return exact

    @in_turn
    def forget(self, X: Data, y: Data, sample_weight: Data = None) -> Self:
        """Takes rows out again: the exact inverse of `partial_fit`."""
        self._need_fit()
        rows = matrix(X, type(self).__name__)
        self._check(rows, fitting=True)
        found = targets(y, rows.rows, type(self).__name__)
        self._change(rows, found, weights(sample_weight, rows.rows), remove=True)
        return self

    def merge(self, other: RegressionRows) -> Self:
        """Takes all rows that another estimator has seen.

        Raises:
            ValueError: if it has other features, or only one of the two has weights.
        """
        theirs = other._snapshot()  # of this moment, also if it is the same estimator
        with self._turn:
            both = self._combined(theirs, subtract=False)
            for name in ("_exact", "_each"):
                if name in both.__dict__:
                    setattr(self, name, both.__dict__[name])
        return self

    def __add__(self, other: RegressionRows) -> Self:
        """An estimator of the rows of both, with the parameters of the first."""
        if not isinstance(other, RegressionRows):
            return NotImplemented
        return self._snapshot()._combined(other._snapshot(), subtract=False)

    def __sub__(self, other: RegressionRows) -> Self:
        """An estimator of the rows of the first without those of the second."""
        if not isinstance(other, RegressionRows):
            return NotImplemented
        return self._snapshot()._combined(other._snapshot(), subtract=True)

    def _combined(self, other: RegressionRows, *, subtract: bool) -> Self:
        self._need_fit()
        other._need_fit()
        if self._features() != other._features():
            raise ValueError(
                f"the estimators have other features: {self._described()}, and {other._described()}"
            )
        mine, theirs = self._several(), other._several()
        if len(mine) != len(theirs) or bool(mine) != bool(theirs):
            raise ValueError(
                f"the estimators have other targets: {_count_of_targets(len(mine), bool(mine))}, and "
                f"{_count_of_targets(len(theirs), bool(theirs))}"
            )
        made = self._unfitted()
        made.n_features_in_, made._feature_names = self.n_features_in_, self._names()
        made._term_names = self._terms()
        if mine:
            pairs = zip(mine, theirs, strict=True)
            made._each = tuple(one._combined(two, subtract=subtract) for one, two in pairs)
        else:
            made._exact = self._exact.combined(other._exact, subtract=subtract)
        return made

    def _features(self) -> tuple[object, ...]:
        return self.n_features_in_, self._names(), self._terms()

    def _described(self) -> str:
        names = self._terms() or self._names()
        return f"{self.n_features_in_} without names" if names is None else ", ".join(names)

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


def _count_of_targets(targets: int, several: bool) -> str:
    """How many targets, as one column or as several."""
    return f"{plural(targets, 'target')} side by side" if several else "one column"
