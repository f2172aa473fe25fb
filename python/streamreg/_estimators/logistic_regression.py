"""Estimator: `LogisticRegression`, streaming, of second order. It is iterative and not exact."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Final, Self

import numpy as np

from streamreg._estimators.classifier_base import Asked, Classifier, Floats
from streamreg._estimators.held import Rows
from streamreg._estimators.inputs import Matrix
from streamreg._estimators.labels import Label
from streamreg._estimators.logistic_state import LogisticState, Shape
from streamreg._estimators.newton import in_range, log_softmax
from streamreg._estimators.numbers import Column, Data, doubles
from streamreg._estimators.serialization import (
    damage,
    deserialized,
    field,
    label_list,
    name_list,
    parameters,
    serialized,
    whole,
)
from streamreg._estimators.shown import classes_of, formula_of
from streamreg._estimators.sklearn_interface import not_fitted
from streamreg._estimators.turns import as_of_now, in_turn
from streamreg._estimators.weights import ClassWeight
from streamreg._plural import plural

_MOST_COEFFICIENTS: Final = 4096
"""Their curvature, the square of that, then takes 128 MB."""


class LogisticRegression(Classifier):
    """Streaming logistic regression, binary and multinomial, with scikit-learn's interface.

    `fit` finds the penalised maximum of the likelihood of its rows, as scikit-learn's `LogisticRegression(C)` does, and
    `partial_fit` that of all rows so far. There is no learning rate and no second pass.

    Unlike streamreg's other estimators it is iterative and not exact, and rows cannot be forgotten. How far the result
    is from one fit of all rows does not depend on how they came, sorted by class, row by row, or mixed:

    - As long as the rows fit into 2^19 numbers, features + 2 for each row (100,000 rows of three features), or the
      square of the number of coefficients if that is more, it is the same minimum: each coefficient differs by less
      than 1e-6 of itself.
    - Beyond, half of the rows held are dropped at a time. Each class keeps its weight, and what the dropped rows said
      of the slope at the coefficients of that time is kept as it is. How far the coefficients then are from the fit
      of all rows is a matter of chance: it is measured, not proved. In the tests, 19 times as many rows as are held,
      with classes of one size and rare ones, it is below half a standard error of that fit for rows in mixed order,
      and for rows sorted by class, by a feature or by both below 3 standard errors of a fit of as many rows of each
      class as are held, a quarter of the room at least.

    Coefficients are computed on demand, from the rows held: memory and time are bounded.

    Args:
        C: How much the likelihood of a row counts against the penalty, half of the sum of the squared coefficients
            (without the intercepts); above 0.
        fit_intercept: Whether there are intercepts.
        class_weight: What the rows of a class count, by label, 1 where it is not named; or "balanced", so that all
            classes count the same, which only `fit` can take.

    Attributes:
        classes_: The labels of the classes, in order.
        coef_: The coefficients, (classes, features); of two classes (1, features).
        intercept_: The intercepts, (classes,); of two classes (1,). Zeros without them.
        n_features_in_: How many features there are.
        feature_names_in_: Their names, if the rows came with names.
        n_samples_seen_: The rows seen.
        n_iter_: The Newton steps of the last fit.
    """

    _FITTED: ClassVar[tuple[str, ...]] = (*Classifier._FITTED, "_labels", "_state")

    _labels: tuple[Label, ...]
    _state: LogisticState

    def __init__(
        self, *, C: float = 1.0, fit_intercept: bool = True, class_weight: ClassWeight = None
    ) -> None:  # scikit-learn's name
        """Keeps the parameters; they are checked when they are used."""
        self.C = C
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight

    # --- rows in -------------------------------------------------------------

    @in_turn
    def fit(self, X: Data, y: Data, sample_weight: Data = None) -> Self:  # scikit-learn's name
        """Forgets all rows, and takes these.

        Args:
            X: Features, (rows, features): an array, or a table of pandas, polars or Arrow.
            y: Labels, (rows,): text, integers or booleans, of at least 2 classes.
            sample_weight: What each row counts, (rows,), at least 0.

        Raises:
            TypeError: if a feature is no number, or the labels are of several types.
            ValueError: if something is missing or infinite, if shapes do not fit, or there is one class only.
            RangeError: if a number leaves the range of doubles on the way.
        """
        with self._anew():
            self._take(X, y, sample_weight, None, whole_set=True)
            self._state.solved()
        return self

    @in_turn
    def partial_fit(
        self, X: Data, y: Data, classes: Data = None, sample_weight: Data = None
    ) -> Self:  # scikit-learn's name
        """Takes a batch of rows.

        Args:
            X: Features, (rows, features).
            y: Labels, (rows,).
            classes: All labels that may come; needed with the first batch if that does not hold them all.
            sample_weight: What each row counts, (rows,), at least 0.
        """
        self._take(X, y, sample_weight, classes, whole_set=False)
        return self

    def _take(
        self, X: Data, y: Data, sample_weight: Data, classes: Data, *, whole_set: bool
    ) -> None:
        weight = self._weight()
        batch = self._batch(X, y, sample_weight, whole=whole_set)
        rows, fresh = batch.rows, batch.labels
        own = np.ones(rows.rows) if batch.weights is None else doubles(batch.weights)
        begun = "_state" in self.__dict__
        named = self._named_classes(classes, self._labels if begun else None) or fresh.distinct
        if begun:
            self._check(rows, fitting=True)
            state = self._own()
        else:
            state = LogisticState.empty(self._shape(rows, named), weight)
        self._check_labels(fresh.distinct, named, closed=True)
        code = np.array([named.index(label) for label in fresh.distinct], dtype=np.int64)
        with in_range():
            own = weight * own
        codes = code[fresh.codes]
        taken = [Rows(_features(columns), codes[at], own[at]) for at, columns in rows.pieces()]
        state.take(Rows.joined(taken))
        if not begun:
            self._begin(rows)
            self._labels, self._state = named, state

    def _weight(self) -> float:
        """C, if it can be used."""
        if isinstance(self.C, bool) or not isinstance(self.C, int | float | np.number):
            raise ValueError(f"C: expected a number above 0, found {self.C!r}")
        if not (math.isfinite(self.C) and self.C > 0):
            raise ValueError(f"C: expected a finite number above 0, found {self.C!r}")
        return float(self.C)

    def _shape(self, rows: Matrix, named: tuple[Label, ...]) -> Shape:
        who = type(self).__name__
        if len(named) < 2:
            raise ValueError(
                f"{who} needs at least 2 classes, but y holds one class only, {named[0]!r}: name all with "
                "partial_fit(X, y, classes=...)"
            )
        shape = Shape(rows.features, len(named), bool(self.fit_intercept))
        if shape.size > _MOST_COEFFICIENTS:
            raise ValueError(
                f"{plural(shape.features, 'feature')} and {plural(shape.classes, 'class', 'classes')} are "
                f"{plural(shape.size, 'coefficient')}, and {who} takes at most {_MOST_COEFFICIENTS:,}"
            )
        return shape

    # --- results -------------------------------------------------------------

    def _seen(self) -> LogisticState:
        if "_state" not in self.__dict__:
            raise not_fitted(self)
        return self._state

    def _own(self) -> LogisticState:
        """What is known of the rows, to be changed."""
        state = self._seen()
        if state.shared:
            state = self._state = state.copied()
        return state

    def _known(self) -> tuple[Label, ...]:
        self._seen()
        return self._labels

    def _fitted_text(self) -> str:
        if "_state" not in self.__dict__:
            return ""
        text = classes_of(self._labels, self.n_samples_seen_)
        if len(self._labels) > 2 or not self._state.is_solved:
            return text
        names = self._names() or [f"x{at}" for at in range(self.n_features_in_)]
        intercept = float(self.intercept_[0]) if self._state.shape.intercepts else None
        return f"logit = {formula_of(names, self.coef_[0].tolist(), intercept)}; {text}"

    @property
    @as_of_now
    def n_samples_seen_(self) -> int:
        """The rows seen."""
        return self._seen().n

    @property
    @as_of_now
    def n_iter_(self) -> int:
        """The Newton steps of the last fit."""
        return self._seen().solved().steps

    @property
    @as_of_now
    def coef_(self) -> Floats:
        """The coefficients of the features."""
        return self._seen().table()[:, : self.n_features_in_].copy()

    @property
    @as_of_now
    def intercept_(self) -> Floats:
        """The intercepts."""
        state = self._seen()
        table = state.table()
        if not state.shape.intercepts:
            return np.zeros(len(table))
        found: Floats = table[:, -1] - table[:, :-1] @ state.solved().origin
        return found

    def _results(self, columns: Sequence[Column], asked: Asked) -> Floats:
        scores = self._seen().logits(_features(columns))
        if asked == "score":
            return scores
        with in_range():
            found = log_softmax(scores)
            return found if asked == "log_posterior" else np.exp(found)

    # --- bytes ---------------------------------------------------------------

    @as_of_now
    def to_bytes(self) -> bytes:
        """Everything of this classifier, with a checksum; the rows that it holds are in it.

        Raises:
            NotFittedError: if it has seen no row.
        """
        said, numbers = self._seen().to_parts()
        about = {
            "params": self._plain_params(),
            "classes": self._labels,
            "names": self._names(),
            "features": self.n_features_in_,
            **said,
        }
        return serialized(type(self).__name__, about, numbers)

    @classmethod
    def from_bytes(cls, state: bytes) -> Self:
        """Reads what `to_bytes` wrote.

        Raises:
            CorruptStateError: for any other bytes.
            MismatchError: for those of another estimator or of a newer version.
        """
        about, numbers = deserialized(cls.__name__, state)
        with damage(cls.__name__):
            made = cls(**parameters(about, cls._parameters()))
            made._labels, made.n_features_in_ = (
                label_list(about.get("classes")),
                whole(about, "features"),
            )
            made._feature_names = name_list(about.get("names"), made.n_features_in_)
            shape = Shape(made.n_features_in_, len(made._labels), field(about, "intercepts", bool))
            made._state = LogisticState.from_parts(about, numbers, shape)
        return made


def _features(columns: Sequence[Column]) -> Floats:
    return np.column_stack([doubles(column) for column in columns])
