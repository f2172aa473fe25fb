"""Estimator, logistic regression: the minimum for given rows, by Newton's method.

What is minimised, the penalty and the losses of the rows, is convex, so that Newton's steps with a line search
(S. Boyd, L. Vandenberghe, *Convex Optimization*, 2004, 9.2 and 9.5) find its one minimum, without a learning rate.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamreg._dataclass import dataclass
from streamreg._exceptions import RangeError

Floats = NDArray[np.float64]

_MOST_STEPS: Final = 500
_MOST_HALVINGS: Final = 200
_FLAT: Final = 0.1  # the share of its slope that may be left at the end of a step
_DONE: Final = 1e-20  # squared length of a step, measured by the curvature
_STALLED: Final = 1e-12  # a step below this and no shorter than the last is made of rounding errors


@dataclass(frozen=True)
class Penalty:
    """½βᵀPβ + sᵀβ of the coefficients β: those of each column of logits, one column after the other."""

    precision: Floats
    slope: Floats


@dataclass(frozen=True)
class Batch:
    """Rows of features, the code of the class of each, and the weight of the likelihood of each."""

    rows: Floats
    codes: NDArray[np.int64]
    weights: Floats


def logits(rows: Floats, coefficients: Floats) -> Floats:
    """The logit of each class: (rows, classes). Of two classes there is one column, and the first has the logit 0."""
    found: Floats = rows @ coefficients.reshape(-1, rows.shape[1]).T
    return np.column_stack([np.zeros(len(rows)), found]) if found.shape[1] == 1 else found


def log_softmax(scores: Floats) -> Floats:
    """The logarithms of what is proportional to exp(scores) and sums to 1, row by row."""
    below = scores - scores.max(axis=1, keepdims=True)
    found: Floats = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
    return found


@contextmanager
def in_range() -> Iterator[None]:
    """Makes numbers that leave the range of doubles an error.

    Raises:
        RangeError: for such a number.
    """
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            yield
    except FloatingPointError as error:
        raise RangeError(
            f"a number leaves the range of doubles ({error}): look for outliers, or scale the features"
        ) from error


def minimum(batch: Batch, penalty: Penalty) -> tuple[Floats, int]:
    """The most probable coefficients, and the steps that it took to find them.

    Raises:
        RangeError: if a number leaves the range of doubles.
    """
    at, before = np.zeros(len(penalty.slope)), np.inf
    for steps in range(1, _MOST_STEPS + 1):
        gradient, curvature = _derivatives(batch, penalty, at)
        step = _solve(curvature, -gradient)
        decrement = float(-gradient @ step)
        if decrement <= _DONE or _STALLED >= decrement >= before:
            return at, steps
        at = at + _share(batch, penalty, at, step, decrement) * step
        before = decrement
    warnings.warn(
        f"the {_MOST_STEPS} Newton steps of one batch did not reach its minimum: scale the features, or lower C",
        RuntimeWarning,
        stacklevel=4,
    )
    return at, _MOST_STEPS


def slope(batch: Batch, at: Floats) -> Floats:
    """The gradient of the losses of rows."""
    return _away(batch, at)[0]


def _share(batch: Batch, penalty: Penalty, at: Floats, step: Floats, descent: float) -> float:
    """How much of a step to take: all, or else up to where the objective is flat along it, found by bisection."""
    here, along = logits(batch.rows, at), logits(batch.rows, step)
    constant, linear = ((penalty.precision @ step) @ v for v in (at, step))
    constant += penalty.slope @ step
    # Against the observed class: 1 less its probability is the sum of the others, without cancellation.
    relative = along - along[np.arange(len(along)), batch.codes, None]

    def slope(share: float) -> float:
        chances = np.exp(log_softmax(here + share * along))
        return float(constant + share * linear + batch.weights @ (chances * relative).sum(axis=1))

    low, high = 0.0, 1.0
    found = slope(high)
    if found <= _FLAT * descent:
        return high
    for _ in range(_MOST_HALVINGS):
        # A step from where the curvature is next to nothing can be far too long.
        middle = (low + high) / 2 if low > 0 else high / 16
        found = slope(middle)
        if abs(found) <= _FLAT * descent:
            return middle
        low, high = (middle, high) if found < 0 else (low, middle)
    return low or high


def _away(batch: Batch, at: Floats) -> tuple[Floats, Floats, Floats]:
    """The gradient of the losses; the probabilities of the classes with coefficients, and 1 less each."""
    rows = batch.rows
    columns = len(at) // rows.shape[1]
    chances = np.exp(log_softmax(logits(rows, at)))
    others = _complement(chances)
    away = chances.copy()
    each = np.arange(len(rows))
    away[each, batch.codes] = -others[each, batch.codes]
    # Of two classes only the second has coefficients.
    chances, others, away = chances[:, -columns:], others[:, -columns:], away[:, -columns:]
    gradient: Floats = ((away * batch.weights[:, None]).T @ rows).reshape(-1)
    return gradient, chances, others


def _derivatives(batch: Batch, penalty: Penalty, at: Floats) -> tuple[Floats, Floats]:
    """The gradient and the matrix of second derivatives."""
    rows, width = batch.rows, batch.rows.shape[1]
    columns = len(at) // width
    gradient, chances, others = _away(batch, at)
    gradient = gradient + penalty.precision @ at + penalty.slope
    curvature = penalty.precision.copy()
    for one in range(columns):
        weighted = batch.weights * chances[:, one]
        for other in range(one, columns):
            own = weighted * (others[:, one] if one == other else -chances[:, other])
            block = (rows * own[:, None]).T @ rows
            here, there = (slice(at * width, (at + 1) * width) for at in (one, other))
            curvature[here, there] += block
            if one != other:
                curvature[there, here] += block.T
    return gradient, curvature


def _complement(chances: Floats) -> Floats:
    """1 less each probability; where that is close to 1, from the others, so that no digits are lost."""
    others = 1.0 - chances
    each, most = np.arange(len(chances)), chances.argmax(axis=1)
    rest = chances.copy()
    rest[each, most] = 0.0
    others[each, most] = rest.sum(axis=1)
    return others


def _solve(curvature: Floats, right: Floats) -> Floats:
    # With ones on the diagonal, features of very different sizes do no harm.
    scale = 1.0 / np.sqrt(curvature.diagonal())
    scaled = np.asarray(curvature * scale * scale[:, None], dtype=np.float64)
    own = np.asarray(right * scale, dtype=np.float64)
    try:
        found = np.asarray(np.linalg.solve(scaled, own), dtype=np.float64)
        descends = float(own @ found) >= 0
    except np.linalg.LinAlgError:
        descends = False
    if not descends:
        # Features that follow from each other, beside which the penalty is lost in roundings: what curves by no more
        # than these is taken to curve as they do.
        values, directions = np.linalg.eigh(scaled)
        least = len(values) * float(np.finfo(np.float64).eps) * float(values[-1])
        curving = np.maximum(values, least)
        found = np.asarray(directions @ ((directions.T @ own) / curving), dtype=np.float64)
    return found * scale
