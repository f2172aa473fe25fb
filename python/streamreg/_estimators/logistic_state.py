"""Estimator, logistic regression: what is known of the rows so far, and the coefficients that follow from it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Self

import numpy as np

from streamreg._dataclass import dataclass
from streamreg._estimators import turns
from streamreg._estimators.held import Floats, Rows, capacity, thinned
from streamreg._estimators.newton import Batch, Penalty, in_range, logits, minimum, slope
from streamreg._estimators.serialization import class_codes, field, packed, unpacked, whole
from streamreg._exceptions import CorruptStateError

_INTERCEPT: Final = 1e-13
"""How much is known of an intercept beforehand, in rows: all but nothing, but a batch without a class has a minimum."""


@dataclass(frozen=True)
class Shape:
    """The coefficients of a model: for each column of logits those of the features, then the intercept."""

    features: int
    classes: int
    intercepts: bool

    @property
    def width(self) -> int:
        """The coefficients of one column."""
        return self.features + self.intercepts

    @property
    def columns(self) -> int:
        """The columns of logits: of two classes, one."""
        return 1 if self.classes == 2 else self.classes

    @property
    def size(self) -> int:
        """All coefficients."""
        return self.width * self.columns


@dataclass(frozen=True)
class Solution:
    """The coefficients of features centred on an origin, and the steps to them."""

    coefficients: Floats
    steps: int
    origin: Floats


class LogisticState(turns.Rows):
    """The rows held, and the penalty: what is known beside them.

    Several threads may read it, and one may change it as long as it is not shared.
    """

    def __init__(self, shape: Shape, penalty: Penalty) -> None:
        """Without a row."""
        self.shape = shape
        self._penalty = penalty
        self._pieces: list[Rows] = []
        self._held = 0
        self._size: Floats = np.zeros(shape.features)
        """What the squares of the features of the rows held come to."""
        self._origin: Floats | None = None
        """The origin of the features, once the penalty depends on it; before that, from their means."""
        self._solution: Solution | None = None
        self._solving = threading.RLock()
        self.n = 0
        """The rows taken."""

    @classmethod
    def empty(cls, shape: Shape, weight: float) -> Self:
        """No row yet; `weight` is what the likelihood of one counts against the penalty."""
        penalty = np.eye(shape.size)
        if shape.intercepts:
            at = slice(shape.width - 1, None, shape.width)
            # Intercepts are not penalised. Those of several classes could all be larger by the same, which would
            # change nothing: it is their sum that is held at 0.
            own = _INTERCEPT * weight * np.eye(shape.columns)
            penalty[at, at] = own + (shape.columns > 1)
        return cls(shape, Penalty(penalty, np.zeros(shape.size)))

    def copied(self) -> LogisticState:
        """A copy that nobody else holds."""
        made = LogisticState(self.shape, self._penalty)
        made.__setstate__(self.__getstate__())
        return made

    def __getstate__(self) -> dict[str, Any]:
        """For `copied`, `copy` and `pickle`, without the lock; pieces do not change, their list does."""
        with self._solving:
            kept = {**vars(self), "_pieces": list(self._pieces)}
        del kept["_solving"]
        kept.pop("shared", None)
        return kept

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._solving = threading.RLock()

    def take(self, rows: Rows) -> None:
        """Takes rows; those without weight count for nothing but their number. After any error they are not taken.

        Raises:
            RangeError: if the squares of all rows leave the range of doubles, or a number on the way to coefficients.
        """
        counting = rows.weights > 0
        piece = rows.taken(np.flatnonzero(counting), rows.weights[counting])
        with in_range():
            size = self._size + _squares(piece)
        with self._or_as_before():
            self._pieces.append(piece)
            self._held += len(piece)
            self._size, self._solution = size, None
            self.n += len(rows)
            most = capacity(self.shape.features, self.shape.size)
            if self._held > most:
                self._thin(most // 2)

    @contextmanager
    def _or_as_before(self) -> Iterator[None]:
        """Undoes what is done within if it ends in an error."""
        before, pieces = dict(vars(self)), len(self._pieces)
        try:
            yield
        except BaseException:
            vars(self).update(before)
            del self._pieces[pieces:]
            raise

    def _thin(self, most: int) -> None:
        """Replaces the rows held by a sample; the minimum stays where it is."""
        solution, before = self.solved(), self._rows()
        kept = thinned(before, most, self.n)
        with in_range():
            lacking = self._slope(before, solution) - self._slope(kept, solution)
        total = self._bounded(self._penalty.slope + lacking, kept)
        self._penalty = Penalty(self._penalty.precision, total)
        self._pieces, self._held, self._origin = [kept], len(kept), solution.origin
        self._size = _squares(kept)

    def _slope(self, rows: Rows, solution: Solution) -> Floats:
        return slope(self._batch(rows, solution.origin), solution.coefficients)

    def _bounded(self, slope: Floats, rows: Rows) -> Floats:
        """A slope that no intercept can follow without end: less than half of what the rows of its class weigh."""
        if not self.shape.intercepts:
            return slope
        by_class = np.bincount(rows.codes, weights=rows.weights, minlength=self.shape.classes)
        own = by_class[-self.shape.columns :]
        found, at = slope.copy(), np.s_[self.shape.width - 1 :: self.shape.width]
        found[at] = np.clip(found[at], (own - rows.weights.sum()) / 2, own / 2)
        return found

    def _rows(self) -> Rows:
        """The rows held, in one piece from now on."""
        with self._solving:
            if len(self._pieces) > 1:
                self._pieces = [Rows.joined(self._pieces)]
            return self._pieces[0]

    @property
    def is_solved(self) -> bool:
        """Whether the coefficients are computed already."""
        return self._solution is not None

    def solved(self) -> Solution:
        """The coefficients that the rows held give, computed once.

        Raises:
            RangeError: if a number leaves the range of doubles.
        """
        with self._solving:
            if self._solution is None:
                rows = self._rows()
                with in_range():
                    origin = self._middle(rows) if self._origin is None else self._origin
                    found, steps = minimum(self._batch(rows, origin), self._penalty)
                self._solution = Solution(found, steps, origin)
            return self._solution

    def _middle(self, rows: Rows) -> Floats:
        # Features are centred on their means, where there is an intercept to take that up: otherwise those that are
        # far from zero could hardly be distinguished from it.
        if not (self.shape.intercepts and len(rows)):
            return np.zeros(self.shape.features)
        found: Floats = rows.weights @ rows.features / rows.weights.sum()
        return found

    def _batch(self, rows: Rows, origin: Floats) -> Batch:
        return Batch(self._design(rows.features, origin), rows.codes, rows.weights)

    def _design(self, features: Floats, origin: Floats) -> Floats:
        moved = features - origin
        return np.column_stack([moved, np.ones(len(moved))]) if self.shape.intercepts else moved

    def table(self) -> Floats:
        """The coefficients of each column of logits, its intercept last."""
        return self.solved().coefficients.reshape(self.shape.columns, self.shape.width)

    def logits(self, features: Floats) -> Floats:
        """The logit of each class, (rows, classes)."""
        solution = self.solved()
        with in_range():
            return logits(self._design(features, solution.origin), solution.coefficients)

    # --- bytes ---------------------------------------------------------------

    def to_parts(self) -> tuple[dict[str, Any], bytes]:
        """What is said about this state, and its numbers."""
        solution, rows = self.solved(), self._rows()
        about = {
            "rows": self.n,
            "steps": solution.steps,
            "intercepts": self.shape.intercepts,
            "held": len(rows),
            "settled": self._origin is not None,
        }
        beside = (
            solution.origin,
            solution.coefficients,
            self._penalty.slope,
            self._penalty.precision,
        )
        return about, packed([*beside, rows.features, rows.codes, rows.weights])

    @classmethod
    def from_parts(cls, about: Mapping[str, Any], numbers: bytes, shape: Shape) -> Self:
        """Reads what `to_parts` gave.

        Raises:
            CorruptStateError: for anything else.
        """
        features, size = shape.features, shape.size
        beside: list[tuple[int, ...]] = [(features,), (size,), (size,), (size, size)]
        if "held" not in about:
            numbers, about = (
                _of_first_version(numbers, shape),
                {**about, "held": 0, "settled": True},
            )
        held = whole(about, "held")
        parts = unpacked(numbers, [*beside, (held, features), (held,), (held,)])
        origin, at, slope, precision, of_rows, codes, weights = parts
        if shape.classes < 2 or (weights <= 0).any() or (precision.diagonal() <= 0).any():
            raise CorruptStateError("its numbers are those of no fit")
        made = cls(shape, Penalty(precision, slope))
        rows = Rows(of_rows, class_codes(codes, shape.classes), weights)
        with in_range():
            made._pieces, made._held, made._size = [rows], held, _squares(rows)
        made._origin = origin if field(about, "settled", bool) else None
        made._solution = Solution(at, whole(about, "steps"), origin)
        made.n = whole(about, "rows")
        return made


def _squares(rows: Rows) -> Floats:
    """What the squares of each feature come to, with room for those from another origin."""
    found: Floats = (4 * rows.weights) @ np.square(rows.features)
    return found


def _of_first_version(numbers: bytes, shape: Shape) -> bytes:
    """The numbers of a state that held a normal distribution of coefficients in the place of rows."""
    size = shape.size
    origin, mean, precision = unpacked(numbers, [(shape.features,), (size,), (size, size)])
    return packed([origin, mean, -precision @ mean, precision])
