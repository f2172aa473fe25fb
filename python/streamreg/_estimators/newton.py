"""Estimator, logistic regression: the batch step, by Newton's method.

A batch is fitted under a normal prior for the coefficients: the mean and the precision that stand for all rows before
it. What is minimised is convex, so that Newton's steps with a line search (S. Boyd, L. Vandenberghe, *Convex
Optimization*, 2004, 9.2 and 9.5) find its one minimum, without a learning rate.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streamreg._exceptions import RangeError

Floats = NDArray[np.float64]

_MOST_STEPS: Final = 500
_MOST_HALVINGS: Final = 200
_FLAT: Final = 0.1  # the share of its slope that may be left at the end of a step
_DONE: Final = 1e-20  # squared length of a step, measured by the curvature
_STALLED: Final = 1e-12  # a step below this and no shorter than the last is made of rounding errors


@dataclass(frozen=True)
class Belief:
    """A normal distribution of coefficients: those of each column of logits, one column after the other."""

    mean: Floats
    precision: Floats


@dataclass(frozen=True)
class Batch:
    """Rows of features, the code of the class of each, and the weight of their likelihood."""

    rows: Floats
    codes: NDArray[np.int64]
    weight: float


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


def posterior(batch: Batch, prior: Belief) -> tuple[Belief, int]:
    """The most probable coefficients after a batch with the curvature there, and the steps that it took.

    Raises:
        RangeError: if a number leaves the range of doubles.
    """
    at, before = prior.mean, np.inf
    for steps in range(1, _MOST_STEPS + 1):
        gradient, curvature = _derivatives(batch, prior, at)
        step = _solve(curvature, -gradient)
        decrement = float(-gradient @ step)
        if decrement <= _DONE or _STALLED >= decrement >= before:
            return Belief(at, curvature), steps
        at = at + _share(batch, prior, at, step, decrement) * step
        before = decrement
    warnings.warn(
        f"the {_MOST_STEPS} Newton steps of one batch did not reach its minimum: scale the features, or lower C",
        RuntimeWarning,
        stacklevel=4,
    )
    return Belief(at, _derivatives(batch, prior, at)[1]), _MOST_STEPS


def _share(batch: Batch, prior: Belief, at: Floats, step: Floats, descent: float) -> float:
    """How much of a step to take: all, or else up to where the objective is flat along it, found by bisection."""
    here, along = logits(batch.rows, at), logits(batch.rows, step)
    constant, linear = ((prior.precision @ step) @ v for v in (at - prior.mean, step))
    # Against the observed class: what its probability lacks of 1 is told by the others, without cancellation.
    relative = along - along[np.arange(len(along)), batch.codes, None]

    def slope(share: float) -> float:
        chances = np.exp(log_softmax(here + share * along))
        return float(constant + share * linear + batch.weight * (chances * relative).sum())

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


def _derivatives(batch: Batch, prior: Belief, at: Floats) -> tuple[Floats, Floats]:
    """The gradient and the matrix of second derivatives."""
    rows, width = batch.rows, batch.rows.shape[1]
    columns = len(at) // width
    chances = np.exp(log_softmax(logits(rows, at)))
    others = _complement(chances)
    away = chances.copy()
    each = np.arange(len(rows))
    away[each, batch.codes] = -others[each, batch.codes]
    # Of two classes only the second has coefficients.
    chances, others, away = chances[:, -columns:], others[:, -columns:], away[:, -columns:]
    gradient = prior.precision @ (at - prior.mean) + batch.weight * (away.T @ rows).reshape(-1)
    curvature = prior.precision.copy()
    for one in range(columns):
        for other in range(one, columns):
            own = chances[:, one] * (others[:, one] if one == other else -chances[:, other])
            block = batch.weight * ((rows * own[:, None]).T @ rows)
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
    found: Floats = np.linalg.solve(curvature * scale * scale[:, None], right * scale) * scale
    return found
