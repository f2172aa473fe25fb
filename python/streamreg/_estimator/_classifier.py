"""Estimator, classifiers: the answers that all of them give, in scikit-learn's shapes."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._estimator._interface import Interface, classifier_tags
from streamreg._estimator._labels import Label, array_of, kind, labels
from streamreg._estimator._matrix import Data, Matrix, doubles, matrix
from streamreg._estimator._weights import weights

Floats: TypeAlias = NDArray[np.float64]
Asked: TypeAlias = Literal["score", "posterior", "log_posterior"]


class Classifier(Interface):
    """What is asked of rows; how it is answered is each classifier's own."""

    @abstractmethod
    def _known(self) -> tuple[Label, ...]:
        """The labels of `classes_`, in order.

        Raises:
            NotFittedError: if there is none.
        """

    @abstractmethod
    def _answers(self, rows: Matrix, asked: Asked) -> Floats:
        """What is asked of each row, for each of the known classes."""

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels of the classes, in order."""
        return array_of(self._known())

    def _of_rows(self, X: Data, asked: Asked) -> Floats:  # scikit-learn's name
        self._known()
        rows = matrix(X, type(self).__name__)
        self._check(rows, fitting=False)
        return self._answers(rows, asked)

    def decision_function(self, X: Data) -> Floats:  # scikit-learn's name
        """Scores of rows: logarithms of what the probabilities of the classes are proportional to.

        Args:
            X: Features, (rows, features).

        Returns:
            An array of shape (rows, classes); of two classes one of shape (rows,), with the second's score less the
            first's.
        """
        scores = self._of_rows(X, "score")
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict_proba(self, X: Data) -> Floats:  # scikit-learn's name
        """The probabilities of the classes, (rows, classes)."""
        return self._of_rows(X, "posterior")

    def predict_log_proba(self, X: Data) -> Floats:  # scikit-learn's name
        """The logarithms of the probabilities of the classes, (rows, classes)."""
        return self._of_rows(X, "log_posterior")

    def predict(self, X: Data) -> NDArray[Any]:  # scikit-learn's name
        """The label of the most probable class of each row; of equally probable ones the first."""
        found: NDArray[Any] = self.classes_[self._of_rows(X, "score").argmax(axis=1)]
        return found

    def score(self, X: Data, y: Data, sample_weight: Data = None) -> float:  # scikit-learn's name
        """The share of rows whose label is predicted."""
        codes = self._of_rows(X, "score").argmax(axis=1)
        true = labels(y, len(codes), type(self).__name__)
        order = {label: code for code, label in enumerate(self._known())}
        hit = np.array([order.get(label, -1) for label in true.distinct])[true.codes] == codes
        counted = weights(sample_weight, len(hit), some=True)
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
                f"y holds {strangers[0]!r}, which is none of the classes that were named: {list(known)!r:.200}"
            )

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401  # a type of scikit-learn's, which may not be there
        """What scikit-learn is to know of this estimator."""
        return classifier_tags()
