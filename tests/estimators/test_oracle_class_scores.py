"""Rows scored by the exact rule: labels, scores and probabilities beside those of rationals and 400 digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import mpmath
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_wine

import streamreg as sr
from tests.support.discriminants import (
    Rows,
    added,
    applied,
    applied_without_idle,
    determinant,
    dot,
    inverted,
    means,
    over,
    scatter,
    within,
)
from tests.support.rationals import nearest

Model: TypeAlias = sr.LinearDiscriminantAnalysis | sr.QuadraticDiscriminantAnalysis | sr.GaussianNB
Score: TypeAlias = tuple[Fraction, Fraction]
"""The rational part of a score, and the number of which half the logarithm is the other."""

pytestmark = pytest.mark.filterwarnings("ignore::streamreg.NumericalWarning")

METHODS: dict[str, Callable[[], Model]] = {
    "linear": sr.LinearDiscriminantAnalysis,
    "quadratic": sr.QuadraticDiscriminantAnalysis,
    "bayes": sr.GaussianNB,
    "smoothed": lambda: sr.GaussianNB(var_smoothing=1e-9),
}


def rationals(rows: np.ndarray) -> Rows:
    return [[Fraction(v) for v in row] for row in rows.tolist()]


@dataclass
class Rule:
    """The exact rule of a method for rows of classes."""

    scores: list[Callable[[Sequence[Fraction]], Score]]

    def of(self, x: np.ndarray) -> list[list[Score]]:
        return [[score(row) for score in self.scores] for row in rationals(x)]


def linear(
    pooled: Rows, middle: list[Fraction], centre: list[Fraction], prior: Fraction
) -> Callable[[Sequence[Fraction]], Score]:
    """From the mean of all rows."""
    own = [a - b for a, b in zip(centre, middle, strict=True)]
    factors = applied(pooled, own)
    factors = applied_without_idle(pooled, own) if factors is None else factors
    assert factors is not None
    constant = -dot(middle, factors) - dot(own, factors) / 2
    return lambda row: (dot(row, factors) + constant, prior**2)


def rule(method: str, x: np.ndarray, y: np.ndarray) -> Rule:
    groups = [rationals(x[y == label]) for label in np.unique(y)]
    centres = [means(rows) for rows in groups]
    priors = [Fraction(len(rows), len(y)) for rows in groups]
    if method == "linear":
        pooled = within(groups, unbiased=False)
        assert pooled is not None
        middle = means([row for rows in groups for row in rows])
        return Rule([linear(pooled, middle, *both) for both in zip(centres, priors, strict=True)])
    smoothing = added(groups, 1e-9) if method == "smoothed" else Fraction()
    found: list[Callable[[Sequence[Fraction]], Score]] = []
    for rows, centre, prior in zip(groups, centres, priors, strict=True):
        covariance = over(scatter(rows), len(rows))
        if method != "quadratic":
            covariance = [
                [entry + smoothing if a == b else Fraction() for b, entry in enumerate(entries)]
                for a, entries in enumerate(covariance)
            ]
        inverse, odds = inverted(covariance), prior**2 / determinant(covariance)

        def score(
            row: Sequence[Fraction],
            centre: list[Fraction] = centre,
            inverse: list[list[Fraction]] = inverse,
            odds: Fraction = odds,
        ) -> Score:
            away = [a - b for a, b in zip(row, centre, strict=True)]
            return -dot(away, [dot(entries, away) for entries in inverse]) / 2, odds

        found.append(score)
    return Rule(found)


def value(score: Score) -> mpmath.mpf:
    rational, odds = score
    return (
        mpmath.mpf(rational.numerator) / rational.denominator
        + (mpmath.log(odds.numerator) - mpmath.log(odds.denominator)) / 2
    )


def rounded(number: mpmath.mpf) -> float:
    mantissa, exponent = mpmath.mpf(number).man_exp
    if exponent < -5000:
        return 0.0
    size = Fraction(abs(int(mantissa))) * Fraction(2) ** exponent
    return nearest(-size if number < 0 else size)


def first_greatest(scores: Sequence[Score]) -> int:
    values = [value(score) for score in scores]
    best = 0
    for at in range(1, len(scores)):
        if scores[at] != scores[best] and values[at] > values[best]:
            assert values[at] - values[best] > mpmath.mpf(10) ** -150
            best = at
    return best


def check(method: str, x: np.ndarray, y: np.ndarray, asked: np.ndarray) -> None:
    """Every label and every number of these rows is that of the exact rule, bit for bit."""
    model = METHODS[method]().fit(x, y)
    labels = np.unique(y)
    with mpmath.workdps(400):
        exact = rule(method, x, y).of(asked)
        expected = [first_greatest(scores) for scores in exact]
        wrong = int((model.predict(asked) != labels[expected]).sum())
        assert wrong == 0, f"{wrong} of {len(asked)} labels"
        scores = [[value(score) for score in row] for row in exact]
        decisions = [[row[1] - row[0]] for row in scores] if len(labels) == 2 else scores
        found = model.decision_function(asked).reshape(len(asked), -1)
        same(found, [[rounded(v) for v in row] for row in decisions])
        powers = [[mpmath.exp(v - max(row)) for v in row] for row in scores]
        chances = [[v / mpmath.fsum(row) for v in row] for row in powers]
        same(model.predict_proba(asked), [[rounded(v) for v in row] for row in chances])
        logarithms = [[rounded(mpmath.log(v)) for v in row] for row in chances]
        same(model.predict_log_proba(asked), logarithms)


def same(found: np.ndarray, expected: Sequence[Sequence[float]]) -> None:
    np.testing.assert_array_equal(found, np.array(expected))


def normal(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def classes_of(seed: int, count: int, rows: int) -> np.ndarray:
    """Labels of rows, each of them at least a few times."""
    return np.random.default_rng(seed).permutation(np.arange(rows) % count)


def sums(count: int) -> tuple[np.ndarray, np.ndarray]:
    """a, b and a + b, so far as doubles can say."""
    y = classes_of(1, count, 240)
    x = normal(2, 240, 2) * 10 + np.column_stack([y, -y]) / count
    return np.column_stack([x, x.sum(axis=1)]), y


def units(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Kilometres and miles of the same, and something else."""
    y = classes_of(3, count, 240)
    km = np.round(normal(4, 240) * 100 + 400 + y, 3)
    return np.column_stack([km, km * 0.621371, normal(5, 240) + y]), y


def thirds(count: int) -> tuple[np.ndarray, np.ndarray]:
    y = classes_of(6, count, 240)
    x = normal(7, 240) + y / 3
    return np.column_stack([x, x / 3]), y


def tiny(count: int) -> tuple[np.ndarray, np.ndarray]:
    y = classes_of(8, count, 120)
    x = normal(9, 120, 3) + y[:, None] * [1, -1, 0.5]
    return x * [1e-200, 1e200, 1e-290], y


def huge(count: int) -> tuple[np.ndarray, np.ndarray]:
    y = classes_of(10, count, 120)
    return (normal(11, 120, 2) + y[:, None]) * [1e305, 5e-324 * 2**40], y


def far(count: int) -> tuple[np.ndarray, np.ndarray]:
    y = classes_of(12, count, 120)
    return np.column_stack([1e15 + normal(13, 120) * 8 + y, 1e15 + normal(14, 120) - y]), y


def nanoseconds(count: int) -> tuple[np.ndarray, np.ndarray]:
    y = classes_of(15, count, 120)
    at = 1_760_000_000_000_000_000 + (normal(16, 120) * 300).astype(np.int64) + 100 * y
    return np.column_stack([at, at - at.min() + (normal(17, 120) * 9).astype(np.int64)]), y


SHAPES = [sums, units, thirds, tiny, huge, far, nanoseconds]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("shape", SHAPES)
def test_oracle_scores(
    method: str, count: int, shape: Callable[[int], tuple[np.ndarray, np.ndarray]]
) -> None:
    """Features that follow from others but for roundings, of every scale, and far from zero: the exact rule's bits."""
    if method == "quadratic" and shape is thirds and count == 5:
        count = 4
    x, y = shape(count)
    check(method, x, y, x[::3])


@pytest.mark.parametrize("method", METHODS)
def test_oracle_scores_of_data_sets(method: str) -> None:
    """Breast cancer with a radius in another unit beside it, wine with a feature in inches: the exact rule's bits."""
    x, y = load_breast_cancer(return_X_y=True)
    x = np.column_stack([x[:, :5], x[:, 0] * 2.54])
    check(method, x[::2], y[::2], x[1::4])
    x, y = load_wine(return_X_y=True)
    x = np.column_stack([x[:, :4], x[:, 1] / 2.54])
    check(method, x[::2], y[::2], x[1::4])


@pytest.mark.parametrize("method", METHODS)
def test_oracle_scores_of_many_classes_and_distances(method: str) -> None:
    """Twenty classes, and rows from among them to where probabilities are below the normal doubles, and beyond."""
    y = classes_of(18, 20, 160)
    x = normal(19, 160, 2) + np.column_stack([y, y % 3])
    away = np.outer([1, 8, 11, 12, 13, 20, 100, 1e10, 1e100], [1.0, -1.0])
    check(method, x, y, np.concatenate([x[::8], away, -away]))


@pytest.mark.parametrize("method", ["linear", "quadratic", "bayes"])
def test_law_equal_scores_give_the_first_label(method: str) -> None:
    """Classes of equal rows have equal scores everywhere, and rows of integers may lie in the middle: the first."""
    x = normal(20, 30, 2)
    twice = np.concatenate([x, x, x + 9])
    y = np.repeat(["b", "a", "c"], 30)
    model = METHODS[method]().fit(twice, y)
    assert set(model.predict(x - 3).tolist()) == {"a"}
    assert (model.predict_proba(x - 9)[:, :2] == 0.5).all()
    whole = np.array([[0, 0], [0, 2], [2, 0], [2, 2], [8, 0], [8, 2], [10, 0], [10, 2]])
    whole[:, 1] += 2**60
    middle = METHODS[method]().fit(whole, np.repeat([1, 0], 4))
    at = np.array([[5, 2**60 + 1], [5, 2**60 - 7], [4, 2**60]])
    assert middle.predict(at).tolist() == [0, 0, 1]
    assert middle.decision_function(at)[:2].tolist() == [0.0, 0.0]


def test_law_rows_out_of_all_reach() -> None:
    """A row whose score no double can hold has its label and probabilities; its score is refused, as is NaN."""
    x = np.array([[1.0], [2.0], [4.0], [4.5]])
    model = sr.QuadraticDiscriminantAnalysis().fit(x, [0, 0, 1, 1])
    assert model.predict([[1.7e308], [-1.7e308]]).tolist() == [0, 0]
    assert model.predict_proba([[1.7e308]]).tolist() == [[1.0, 0.0]]
    with pytest.raises(OverflowError, match="look for an outlier"):
        model.decision_function([[1.7e308]])
