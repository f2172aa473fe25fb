"""Estimator, classifiers: the results that all of them give, in scikit-learn's shapes."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from streamreg._dataclass import dataclass
from streamreg._estimators.inputs import Matrix, matrix
from streamreg._estimators.labels import Label, Labels, array_of, kind, labels
from streamreg._estimators.numbers import Column, Data, doubles
from streamreg._estimators.sklearn_interface import Interface, classifier_tags
from streamreg._estimators.turns import as_of_now
from streamreg._estimators.weights import ClassWeight, row_weights, weights

Floats: TypeAlias = NDArray[np.float64]
_Entry = TypeVar("_Entry", np.float64, np.int64)
Asked: TypeAlias = Literal["score", "posterior", "log_posterior"]


@dataclass(frozen=True)
class LabelledRows:
    """Rows with their labels, and what each counts; None for 1 each."""

    rows: Matrix
    labels: Labels
    weights: Column | None


class Classifier(Interface):
    """Results for rows; each classifier computes them in its own way."""

    class_weight: ClassWeight = None

    def _batch(self, X: Data, y: Data, sample_weight: Data, *, whole: bool) -> LabelledRows:
        """Rows that come or go; `whole` tells whether they are all that there will be.

        Raises:
            TypeError: if a feature is no number, or the labels are of several types.
            ValueError: if something is missing or infinite, if shapes do not fit, or a weight cannot be one.
        """
        who = type(self).__name__
        rows = matrix(X, who, exact=False)
        fresh = labels(y, rows.rows, who)
        weights = row_weights(self.class_weight, fresh, sample_weight, whole=whole)
        return LabelledRows(rows, fresh, weights)

    def _named_classes(
        self, classes: Data, before: tuple[Label, ...] | None
    ) -> tuple[Label, ...] | None:
        """The labels that may come, if they were named in this call or before it.

        Raises:
            ValueError: if both name some, and others.
        """
        if classes is None:
            return before
        named = labels(classes, None, type(self).__name__).distinct
        if before is not None and before != named:
            raise ValueError(
                f"classes={list(named)!r:.200} differs from the classes of the first batch: {list(before)!r:.200}"
            )
        return named

    @abstractmethod
    def _known(self) -> tuple[Label, ...]:
        """The labels of `classes_`, in order.

        Raises:
            NotFittedError: if there is none.
        """

    @abstractmethod
    def _results(self, columns: Sequence[Column], asked: Asked) -> Floats:
        """What is asked of each row of these features, for each of the known classes."""

    @property
    @as_of_now
    def classes_(self) -> NDArray[Any]:
        """The labels of the classes, in order."""
        return array_of(self._known())

    def _rows(self, X: Data) -> Matrix:  # scikit-learn's name
        """Rows with the features of the fit."""
        self._known()
        rows = matrix(X, type(self).__name__, exact=False)
        self._check(rows, fitting=False)
        return rows

    def _by_piece(
        self, rows: Matrix, found: Callable[[Sequence[Column]], NDArray[_Entry]]
    ) -> NDArray[_Entry]:
        """What is found of rows, piece by piece: sparse ones are spread out a few at a time."""
        return np.concatenate([found(columns) for _, columns in rows.pieces()])

    def _of_rows(self, X: Data, asked: Asked) -> Floats:  # scikit-learn's name
        return self._by_piece(self._rows(X), lambda columns: self._results(columns, asked))

    def _places(self, columns: Sequence[Column]) -> NDArray[np.int64]:
        """The place of each row's class among the known ones: the most probable, of equally probable ones the first."""
        places: NDArray[np.int64] = self._results(columns, "score").argmax(axis=1)
        return places

    def _decisions(self, columns: Sequence[Column]) -> Floats:
        """As `decision_function`."""
        scores = self._results(columns, "score")
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    @as_of_now
    def decision_function(self, X: Data) -> Floats:  # scikit-learn's name
        """Scores of rows: logarithms of what the probabilities of the classes are proportional to.

        Args:
            X: Features, (rows, features).

        Returns:
            An array of shape (rows, classes); of two classes one of shape (rows,), with the second's score less the
            first's.
        """
        return self._by_piece(self._rows(X), self._decisions)

    @as_of_now
    def predict_proba(self, X: Data) -> Floats:  # scikit-learn's name
        """The posterior probabilities of the classes, (rows, classes)."""
        return self._of_rows(X, "posterior")

    @as_of_now
    def predict_log_proba(self, X: Data) -> Floats:  # scikit-learn's name
        """The logarithms of the posterior probabilities of the classes, (rows, classes)."""
        return self._of_rows(X, "log_posterior")

    @as_of_now
    def predict(self, X: Data) -> NDArray[Any]:  # scikit-learn's name
        """The label of the most probable class of each row; of equally probable ones the first."""
        found: NDArray[Any] = self.classes_[self._by_piece(self._rows(X), self._places)]
        return found

    @as_of_now
    def score(self, X: Data, y: Data, sample_weight: Data = None) -> float:  # scikit-learn's name
        """The share of rows whose label is predicted."""
        rows = self._rows(X)
        true = labels(y, rows.rows, type(self).__name__)
        counted = weights(sample_weight, rows.rows, some=True, exact=False)
        codes = self._by_piece(rows, self._places)
        order = {label: code for code, label in enumerate(self._known())}
        hit = np.array([order.get(label, -1) for label in true.distinct])[true.codes] == codes
        if counted is None:
            return int(hit.sum()) / len(hit)
        values = doubles(counted)
        values = np.ldexp(
            values, -math.frexp(values.max())[1]
        )  # at most 1, so that no sum is too large
        return math.fsum(values[hit]) / math.fsum(values)

    def _check_labels(self, fresh: Sequence[Label], known: Sequence[Label], closed: bool) -> None:
        """That labels can stand beside those known; where they are `closed`, that they are among them.

        Raises:
            ValueError: if they cannot.
        """
        if not known or not fresh:
            return
        if kind(fresh) != kind(known):
            raise ValueError(f"y holds {kind(fresh)}, but the labels seen before are {kind(known)}")
        strangers = sorted(set(fresh) - set(known))
        if closed and strangers:
            raise ValueError(
                f"The target labels {strangers!r:.200} in y do not exist in the initial classes: y holds "
                f"{strangers[0]!r}, which is none of the classes that were named: {list(known)!r:.200}"
            )

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401  # a type of scikit-learn's, which may not be there
        """scikit-learn's tags of this estimator."""
        return classifier_tags()
