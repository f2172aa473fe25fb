"""Estimator: `LogisticRegression`, streaming, of second order. It is iterative and not exact."""

from __future__ import annotations

import math
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from streamreg._estimators.classifier_base import Asked, Classifier, Floats
from streamreg._estimators.inputs import Data, Matrix, matrix
from streamreg._estimators.labels import Label, labels
from streamreg._estimators.newton import Batch, Belief, in_range, log_softmax, logits, posterior
from streamreg._estimators.serialization import damage, field, listed, parameters, seal, unseal
from streamreg._estimators.sklearn_interface import not_fitted
from streamreg._estimators.turns import as_of_now, in_turn
from streamreg._exceptions import CorruptStateError

_MOST_COEFFICIENTS: Final = 4096
"""Their curvature, the square of that, then takes 128 MB."""

_INTERCEPT: Final = 1e-13
"""How much is known of an intercept beforehand, in rows: all but nothing, but a batch without a class has a minimum."""


class LogisticRegression(Classifier):
    """Streaming logistic regression, binary and multinomial, with scikit-learn's interface.

    `fit` finds the penalised maximum of the likelihood of its rows, as scikit-learn's `LogisticRegression(C)` does.
    Each further `partial_fit` does so for the rows of its batch, with a quadratic approximation in the place of all
    rows before: the curvature of their likelihood at the coefficients that they gave (D. J. Spiegelhalter and
    S. L. Lauritzen, *Sequential updating of conditional probabilities on directed graphical structures*, Networks 20,
    1990; the online Laplace approximation). It is of second order, so that there is no learning rate and no second
    pass, and the memory that it takes does not grow.

    Unlike streamreg's other estimators it is iterative and not exact: the coefficients depend a little on how rows
    are divided into batches and on their order, and rows cannot be forgotten. Batches that are large, and of which
    the first holds rows of all classes, come closest to one fit of all rows.

    Args:
        C: How much the likelihood of a row counts against the penalty, half of the sum of the squared coefficients
            (without the intercepts); above 0.
        fit_intercept: Whether there are intercepts.

    Attributes:
        classes_: The labels of the classes, in order.
        coef_: The coefficients, (classes, features); of two classes (1, features).
        intercept_: The intercepts, (classes,); of two classes (1,). Zeros without them.
        n_features_in_: How many features there are.
        feature_names_in_: Their names, if the rows came with names.
        n_samples_seen_: The rows seen.
        n_iter_: The Newton steps of the last batch.
    """

    _belief: Belief
    _origin: Floats
    _labels: tuple[Label, ...]
    _intercepts: bool
    """As `fit_intercept` was when the first batch came."""

    def __init__(
        self, *, C: float = 1.0, fit_intercept: bool = True
    ) -> None:  # scikit-learn's name
        """Keeps the parameters; they are looked at when they are used."""
        self.C = C
        self.fit_intercept = fit_intercept

    # --- rows in -------------------------------------------------------------

    @in_turn
    def fit(self, X: Data, y: Data) -> Self:  # scikit-learn's name
        """Forgets all rows, and takes these.

        Args:
            X: Features, (rows, features): an array, or a table of pandas, polars or Arrow.
            y: Labels, (rows,): text, integers or booleans, of at least 2 classes.

        Raises:
            TypeError: if a feature is no number, or the labels are of several types.
            ValueError: if something is missing or infinite, if shapes do not fit, or there is one class only.
            RangeError: if a number leaves the range of doubles on the way.
        """
        for attribute in ("_belief", "_labels", "_origin", "_feature_names", "n_features_in_"):
            self.__dict__.pop(attribute, None)
        return self.partial_fit(X, y)

    @in_turn
    def partial_fit(self, X: Data, y: Data, classes: Data = None) -> Self:  # scikit-learn's name
        """Takes a batch of rows.

        Args:
            X: Features, (rows, features).
            y: Labels, (rows,).
            classes: All labels that may come; needed with the first batch if that does not hold them all.
        """
        who = type(self).__name__
        weight = self._weight()
        rows = matrix(X, who)
        fresh = labels(y, rows.rows, who)
        named = fresh.distinct if classes is None else labels(classes, None, who).distinct
        if "_belief" in self.__dict__:
            self._check(rows, fitting=True)
            if classes is not None and named != self._labels:
                raise ValueError(
                    f"classes={list(named)!r:.200} differs from the classes of the first batch: "
                    f"{list(self._labels)!r:.200}"
                )
            self._check_labels(fresh.distinct, self._labels, closed=True)
        else:
            self._check_labels(fresh.distinct, named, closed=True)
            if len(named) < 2:
                raise ValueError(
                    f"{who} needs at least 2 classes, but y holds one class only, {named[0]!r}: name all with "
                    "partial_fit(X, y, classes=...)"
                )
            with in_range():
                self._start(rows, named, weight)
        code = np.array([self._labels.index(label) for label in fresh.distinct], dtype=np.int64)
        with in_range():
            batch = Batch(self._design(rows), code[fresh.codes], weight)
            self._belief, self.n_iter_ = posterior(batch, self._belief)
        self.n_samples_seen_ += rows.rows
        return self

    def _weight(self) -> float:
        """C, if it can be used."""
        if isinstance(self.C, bool) or not isinstance(self.C, int | float | np.number):
            raise ValueError(f"C: expected a number above 0, found {self.C!r}")
        if not (math.isfinite(self.C) and self.C > 0):
            raise ValueError(f"C: expected a finite number above 0, found {self.C!r}")
        return float(self.C)

    def _start(self, rows: Matrix, named: tuple[Label, ...], weight: float) -> None:
        """What is known before the first row: the penalty."""
        intercepts = bool(self.fit_intercept)
        width = len(rows.columns) + intercepts
        columns = _columns(named)
        if width * columns > _MOST_COEFFICIENTS:
            raise ValueError(
                f"{len(rows.columns)} features and {len(named)} classes are {width * columns} coefficients, and "
                f"{type(self).__name__} takes at most {_MOST_COEFFICIENTS}"
            )
        penalty = np.eye(width * columns)
        if intercepts:
            at = slice(width - 1, None, width)
            # Intercepts are not penalised. Those of several classes could all be larger by the same, which would
            # change nothing: it is their sum that is held at 0.
            penalty[at, at] = _INTERCEPT * weight * np.eye(columns) + (columns > 1)
        self._begin(rows)
        self._labels, self._intercepts = named, intercepts
        # Features are counted from their means in the first batch, where there is an intercept to take that up:
        # otherwise those that are far from zero could hardly be told from it.
        means = [column.mean() if intercepts else 0.0 for column in rows.columns]
        self._origin = np.array(means, dtype=np.float64)
        self._belief = Belief(np.zeros(width * columns), penalty)
        self.n_samples_seen_ = 0

    # --- results -------------------------------------------------------------

    def _known(self) -> tuple[Label, ...]:
        if "_belief" not in self.__dict__:
            raise not_fitted(self)
        return self._labels

    def _design(self, rows: Matrix) -> Floats:
        features = np.column_stack(
            [np.asarray(column, dtype=np.float64) for column in rows.columns]
        )
        features -= self._origin
        return np.column_stack([features, np.ones(rows.rows)]) if self._intercepts else features

    @property
    @as_of_now
    def coef_(self) -> Floats:
        """The coefficients of the features."""
        self._known()
        return self._table()[:, : len(self._origin)].copy()

    @property
    @as_of_now
    def intercept_(self) -> Floats:
        """The intercepts."""
        self._known()
        table = self._table()
        if not self._intercepts:
            return np.zeros(len(table))
        found: Floats = table[:, -1] - table[:, :-1] @ self._origin
        return found

    def _table(self) -> Floats:
        """The coefficients of each column of logits, its intercept last."""
        return self._belief.mean.reshape(-1, len(self._origin) + self._intercepts)

    def _results(self, rows: Matrix, asked: Asked) -> Floats:
        with in_range():
            scores = logits(self._design(rows), self._belief.mean)
        if asked == "score":
            return scores
        found = log_softmax(scores)
        return found if asked == "log_posterior" else np.exp(found)

    # --- bytes ---------------------------------------------------------------

    @as_of_now
    def to_bytes(self) -> bytes:
        """Everything of this classifier, with a checksum.

        Raises:
            NotFittedError: if it has seen no row.
        """
        about = {
            "params": self.get_params(),
            "classes": self._known(),
            "names": self._names(),
            "features": self.n_features_in_,
            "rows": self.n_samples_seen_,
            "steps": self.n_iter_,
            "intercepts": self._intercepts,
        }
        arrays = (self._origin, self._belief.mean, self._belief.precision.reshape(-1))
        return seal(type(self).__name__, about, np.concatenate(arrays).astype("<f8").tobytes())

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Reads what `to_bytes` wrote.

        Raises:
            CorruptStateError: for any other bytes.
            MismatchError: for those of another estimator or of a newer version.
        """
        about, numbers = unseal(cls.__name__, state)
        with damage(cls.__name__):
            made = cls(**parameters(about, cls._parameters()))
            made.n_features_in_ = field(about, "features", int)
            made._labels = listed(about, "classes", (bool, int, str)) or ()
            made._feature_names = listed(about, "names", (str,))
            made.n_samples_seen_, made.n_iter_ = (
                field(about, "rows", int),
                field(about, "steps", int),
            )
            made._intercepts = field(about, "intercepts", bool)
            size = (made.n_features_in_ + made._intercepts) * _columns(made._labels)
            if len(numbers) != 8 * (made.n_features_in_ + size + size**2):
                raise CorruptStateError(
                    "it has more or fewer numbers than its features and classes take"
                )
            values: NDArray[Any] = np.frombuffer(numbers, "<f8").astype(np.float64)
            made._origin, mean, precision = np.split(
                values, [made.n_features_in_, made.n_features_in_ + size]
            )
            made._belief = Belief(mean, precision.reshape(size, size))
        return made


def _columns(named: tuple[Label, ...]) -> int:
    """The columns of logits: of two classes, one."""
    return 1 if len(named) == 2 else len(named)
