"""`score` against rationals: R² of any finite numbers, rounded once, and the weights that it takes."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning

import streamreg as sr

Column: TypeAlias = Any
"""Numbers of any type."""

X = np.arange(6.0)[:, None]
Y = [1, 3, 2, 5, 4, 6]

CASES: dict[str, Column] = {
    "tiny": np.array(Y) * 1e-200,
    "subnormal": np.array(Y) * 5e-324,
    "huge": np.array(Y) * 1e200,
    "largest": np.array(Y) * 2.9e307,
    "beyond 2^53": np.array([2**60 + y for y in Y]),
    "nanoseconds": np.array([1_764_000_000_000_000_000 + 40 * y for y in Y]),
    "decimals": [Decimal(10**20) + Decimal(y) / 10 for y in Y],
    "far decimals": [Decimal(y).scaleb(300) for y in Y],
    "booleans": np.array([True, False, True, True, False, True]),
}


def rational(value: Any) -> Fraction:  # noqa: ANN401  # a number of any type
    return Fraction(value if isinstance(value, Decimal) else np.asarray(value).item())


def exact_score(
    line: tuple[Fraction, Fraction], x: Column, y: Column, weights: list[Fraction]
) -> Fraction:
    """R² about the mean, of one feature."""
    xs, ys = [rational(value) for value in x], [rational(value) for value in y]
    mean = sum((w * v for w, v in zip(weights, ys, strict=True)), Fraction(0)) / sum(weights)
    rest = around = Fraction(0)
    for weight, one, value in zip(weights, xs, ys, strict=True):
        rest += weight * (value - line[0] - line[1] * one) ** 2
        around += weight * (value - mean) ** 2
    return 1 - rest / around


def exact_line(x: Column, y: Column) -> tuple[Fraction, Fraction]:
    rows = [(rational(one), rational(value)) for one, value in zip(x, y, strict=True)]
    sums = [Fraction(0)] * 4
    for one, value in rows:
        sums = [
            total + term
            for total, term in zip(sums, (one, value, one * value, one * one), strict=True)
        ]
    n, (sx, sy, sxy, sxx) = len(rows), sums
    slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
    return (sy - slope * sx) / n, slope


@pytest.mark.parametrize("name", CASES)
def test_oracle_score_of_any_finite_target(name: str) -> None:
    """On the rows of the fit it is `r2_`, bit for bit; on others with weights the exact value, rounded once."""
    y = CASES[name]
    model = sr.LinearRegression().fit(X, y)
    assert model.score(X, y) == model.r2_
    line = exact_line(X[:, 0], y)
    assert model.score(X, y) == float(exact_score(line, X[:, 0], y, [Fraction(1)] * 6))
    other = np.array([[0.5], [7.25], [-3.0]])
    weights = [Fraction(1, 4), Fraction(3), Fraction(2.0**-60)]
    found = model.score(other, y[:3], sample_weight=[float(weight) for weight in weights])
    assert found == float(exact_score(line, other[:, 0], y[:3], weights))


def test_oracle_score_with_decimals_weights_and_a_ridge() -> None:
    """Whatever the rows were fitted as, the score of them is R²; also with decimals where the fit had doubles."""
    rng = np.random.default_rng(3)
    x, y, weights = rng.normal(size=(40, 3)), rng.normal(size=40), rng.random(40)
    for model in (sr.LinearRegression(), sr.LinearRegression(ridge=0.3)):
        model.fit(x, y, sample_weight=weights)
        assert model.score(x, y, sample_weight=weights) == model.r2_
        exact = [[Decimal(f"{value:.3f}") for value in row] for row in x.tolist()]
        rounded = [[float(value) for value in row] for row in exact]
        assert abs(model.score(exact, y) - model.score(rounded, y)) < 1e-12
    without = sr.LinearRegression(fit_intercept=False).fit(x, y)
    rest = math.fsum((y - without.predict(x)) ** 2)
    assert without.score(x, y) == pytest.approx(
        1 - rest / math.fsum((y - y.mean()) ** 2), rel=1e-12
    )


def test_scores_that_are_not_defined() -> None:
    """One row is NaN with scikit-learn's warning; a target that does not vary is 1 or 0, as there."""
    model = sr.LinearRegression().fit(X, Y)
    with pytest.warns(UndefinedMetricWarning, match="less than two samples"):
        assert math.isnan(model.score(X[:1], Y[:1]))
    assert model.score([[0.0], [1.0]], [5.0, 5.0]) == 0.0
    assert sr.LinearRegression().fit(X, [2.0] * 6).score(X, [2.0] * 6) == 1.0


CLASSIFIERS = [
    sr.LinearDiscriminantAnalysis,
    sr.QuadraticDiscriminantAnalysis,
    sr.GaussianNB,
    sr.LogisticRegression,
]


@pytest.mark.parametrize("made", [sr.LinearRegression, *CLASSIFIERS])
def test_weights_of_a_score(made: Any) -> None:  # noqa: ANN401  # any estimator
    """They are checked as in `fit`: not all zero, none negative, a number for all; decimals exactly or not at all."""
    x = np.array([[0.0], [1.0], [2.5], [2.0], [3.5], [5.0]])
    y: NDArray[Any] = np.array([0, 0, 0, 1, 1, 1])
    model = made().fit(x, y)
    plain = model.score(x, y)
    for one in (2, 2.0, np.int64(2), np.float32(0.5), Fraction(1, 2), True):
        assert model.score(x, y, sample_weight=one) == pytest.approx(plain, rel=1e-15)
    weights = [1, 2, 3, 4, 5, 6]
    decimals = [Decimal(weight) for weight in weights]
    if made is sr.LinearRegression:
        assert model.score(x, y, sample_weight=decimals) == model.score(x, y, sample_weight=weights)
    else:
        with pytest.raises(TypeError, match="sample_weight holds decimals, which classifiers"):
            model.score(x, y, sample_weight=decimals)
    huge = [1e308] * 6
    assert model.score(x, y, sample_weight=huge) == pytest.approx(plain, rel=1e-15)
    for bad, message in (
        ([0.0] * 6, "zero for every row"),
        (0, "zero for every row"),
        ([1.0, -1.0, 1.0, 1.0, 1.0, 1.0], "at least 0"),
        ([1.0, math.nan, 1.0, 1.0, 1.0, 1.0], "sample_weight contains NaN"),
        ([1.0, 1.0], "inconsistent numbers of samples"),
    ):
        with pytest.raises(ValueError, match=message):
            model.score(x, y, sample_weight=bad)
