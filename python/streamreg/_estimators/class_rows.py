"""Estimator, exact classifiers: rows in and out."""

from __future__ import annotations

from typing import ClassVar, Final, Self

from streamreg._estimators.class_moments import ClassMoments
from streamreg._estimators.classifier_base import Classifier
from streamreg._estimators.labels import Label
from streamreg._estimators.numbers import Data
from streamreg._estimators.shown import classes_of
from streamreg._estimators.sklearn_interface import not_fitted
from streamreg._estimators.turns import in_turn
from streamreg._types import ClassMethod

MOST_FEATURES: Final = 64
"""Of more features the products of two are too many: naive Bayes then keeps their squares alone."""


class ClassRows(Classifier):
    """What classifiers of exact moments do with rows."""

    _FITTED: ClassVar[tuple[str, ...]] = (*Classifier._FITTED, "_moments", "_declared")

    _METHOD: ClassVar[ClassMethod]
    _moments: ClassMoments
    _declared: tuple[Label, ...] | None

    # --- rows in and out -----------------------------------------------------

    @in_turn
    def partial_fit(
        self, X: Data, y: Data, classes: Data = None, sample_weight: Data = None
    ) -> Self:  # scikit-learn's name
        """Takes more rows; as `fit` of all rows at once.

        Args:
            X: Features, (rows, features).
            y: Labels, (rows,).
            classes: All labels that may come, to have them in `classes_` before they come; other ones are an error
                then. Without it classes are those that have rows.
            sample_weight: What each row counts, (rows,), at least 0; if some rows have weights, the first must.
        """
        self._take(X, y, classes, sample_weight, whole=False)
        return self

    def _take(self, X: Data, y: Data, classes: Data, sample_weight: Data, *, whole: bool) -> None:
        batch = self._batch(X, y, sample_weight, whole=whole)
        rows, fresh, weights = batch.rows, batch.labels, batch.weights
        named = self._named_classes(classes, self.__dict__.get("_declared"))
        if "_moments" in self.__dict__:
            self._check(rows, fitting=True)
            if classes is not None:
                self._check_labels(self._seen_labels(None), named or (), closed=True)
            self._check_labels(fresh.distinct, self._seen_labels(named), named is not None)
            self._own().put(fresh, rows, weights, remove=False)
        else:
            self._check_labels(fresh.distinct, named or (), named is not None)
            squares = self._METHOD == "bayes" and rows.features > MOST_FEATURES
            moments = ClassMoments.empty(
                rows.features, weighted=weights is not None, squares=squares
            )
            moments.put(fresh, rows, weights, remove=False)
            self._begin(rows)
            self._moments = moments
        self._declared = named

    @in_turn
    def forget(self, X: Data, y: Data, sample_weight: Data = None) -> Self:  # scikit-learn's name
        """Takes rows out again, with the weights that they had: the exact inverse of `partial_fit`."""
        self._seen()
        gone = self._batch(X, y, sample_weight, whole=False)
        self._check(gone.rows, fitting=True)
        self._check_labels(
            gone.labels.distinct, self._seen_labels(self._declared), self._declared is not None
        )
        self._own().put(gone.labels, gone.rows, gone.weights, remove=True)
        return self

    def merge(self, other: Self) -> Self:
        """Takes all rows that another classifier of the same kind has seen.

        Raises:
            ValueError: if it has other features, or labels of another type.
        """
        theirs = other._snapshot()  # of this moment, also if it is the same classifier
        with self._turn:
            both = self._combined(theirs, subtract=False)
            self._moments, self._declared = both._moments, both._declared
        return self

    def __add__(self, other: Self) -> Self:
        """A classifier of the rows of both, with the parameters of the first."""
        if type(other) is not type(self):
            return NotImplemented
        return self._snapshot()._combined(other._snapshot(), subtract=False)

    def __sub__(self, other: Self) -> Self:
        """A classifier of the rows of the first without those of the second."""
        if type(other) is not type(self):
            return NotImplemented
        return self._snapshot()._combined(other._snapshot(), subtract=True)

    def _combined(self, other: Self, *, subtract: bool) -> Self:
        mine, theirs = self._seen(), other._seen()
        if (self.n_features_in_, self._names()) != (other.n_features_in_, other._names()):
            raise ValueError(
                f"the classifiers have other features: {self._named()}, and {other._named()}"
            )
        own, others = self._seen_labels(self._declared), other._seen_labels(other._declared)
        self._check_labels(others, own, closed=False)
        made = self._unfitted()
        made._moments = mine.combined(theirs, subtract=subtract)
        made._declared = None
        if self._declared is not None or other._declared is not None:
            made._declared = tuple(sorted({*own, *others}))
        made.n_features_in_, made._feature_names = self.n_features_in_, self._names()
        return made

    # --- what was seen -------------------------------------------------------

    def _seen(self) -> ClassMoments:
        if "_moments" not in self.__dict__:
            raise not_fitted(self)
        return self._moments

    def _own(self) -> ClassMoments:
        """The rows, to be changed."""
        moments = self._seen()
        if moments.shared:
            moments = self._moments = moments.copied()
        return moments

    def _named(self) -> list[str]:
        return list(self._names() or [f"x{i}" for i in range(self.n_features_in_)])

    def _counts(self) -> dict[Label, tuple[int, float]]:
        return self._seen().counts(self._named())

    def _seen_labels(self, declared: tuple[Label, ...] | None) -> tuple[Label, ...]:
        return tuple(self._counts()) if declared is None else declared

    def _known(self) -> tuple[Label, ...]:
        self._seen()
        known = self._seen_labels(self._declared)
        if not known:
            raise not_fitted(self)
        return known

    def _fitted_text(self) -> str:
        if "_moments" not in self.__dict__:
            return ""
        try:
            known = self._known()
        except ValueError as error:  # nothing is left, or what no rows can have left
            return str(error)
        return classes_of(known, self._moments.n)
