"""The statistics of a fit recomputed in rationals, and to 60 digits where they have no exact value.

The formulas are the definitions: residuals row by row, the inverse from the identity.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath

from streamreg._core import Fit, Moments
from tests.support.columns import Numbers, rationals
from tests.support.rationals import nearest, root, solve

DIGITS = 60

ROUNDED = ["rss", "tss", "residual_std", "r2", "adjusted_r2", "f", "log_likelihood", "aic", "bic"]


def dot(one: Sequence[Fraction], other: Sequence[Fraction]) -> Fraction:
    """The sum of the products."""
    return sum((a * b for a, b in zip(one, other, strict=True)), Fraction())


@dataclass(frozen=True)
class Exact:
    """A fit and its statistics, by name; a number is exact, None undefined."""

    coefficients: list[Fraction]
    inverse: list[list[Fraction]]
    n: int
    df: int
    rss: Fraction
    tss: Fraction
    intercept: bool

    @property
    def variance(self) -> Fraction:
        """Of the errors."""
        return self.rss / self.df

    def covariance(self, i: int, j: int) -> Fraction:
        """Of two coefficients."""
        return self.variance * self.inverse[i][j]

    def design(self, row: Sequence[Fraction]) -> list[Fraction]:
        """A row of features as the coefficients are to be multiplied with."""
        return [*([Fraction(1)] if self.intercept else []), *row]

    def value(self, row: Sequence[Fraction]) -> Fraction:
        """The prediction for a row of features."""
        return dot(self.coefficients, self.design(row))

    def variances(self, row: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
        """Of the mean of all observations at a row, and of one new observation there."""
        x = self.design(row)
        leverage = dot(x, [dot(column, x) for column in self.inverse])
        return self.variance * leverage, self.variance * (1 + leverage)

    def of_fit(self) -> dict[str, object]:
        """The statistics of the whole fit that are rational or roots, as the core should give them."""
        slopes = len(self.coefficients) - self.intercept
        some, varies = self.df > 0, self.tss != 0
        explained = self.tss - self.rss
        return {
            "n": self.n,
            "df": self.df,
            "rank": len(self.coefficients),
            "rss": nearest(self.rss),
            "tss": nearest(self.tss),
            "residual_std": root(self.variance) if some else None,
            "r2": nearest(explained / self.tss) if varies else None,
            "adjusted_r2": nearest(1 - (self.n - self.intercept) * self.variance / self.tss)
            if some and varies
            else None,
            "f": nearest(explained / slopes / self.variance)
            if some and self.rss and varies
            else None,
        }

    def of_coefficient(self, i: int) -> dict[str, object]:
        """Those of one coefficient."""
        estimate = self.coefficients[i]
        found: dict[str, object] = {"coefficient": nearest(estimate), "std_error": None, "t": None}
        if self.df:
            variance = self.covariance(i, i)
            found["std_error"] = root(variance)
            if variance:
                size = root(estimate**2 / variance)
                found["t"] = -size if estimate < 0 and size else size
        return found


def fitted(
    columns: Sequence[Sequence[Fraction]], intercept: bool, ridge: Fraction = Fraction()
) -> Exact | None:
    """The fit of (features…, target); None if the rows do not determine it."""
    *features, target = columns
    n = len(target)
    design = [*([[Fraction(1)] * n] if intercept else []), *features]
    if not n:
        return None
    gram = [[dot(one, other) for other in design] for one in design]
    for at in range(int(intercept), len(design)):
        gram[at][at] += ridge
    identity = [[Fraction(int(i == j)) for j in range(len(design))] for i in range(len(design))]
    right = [dot(column, target) for column in design]
    coefficients = solve([[*row, value] for row, value in zip(gram, right, strict=True)])
    if coefficients is None:
        return None
    inverse = [
        solve([[*row, value] for row, value in zip(gram, column, strict=True)])
        for column in identity
    ]
    values = [dot(coefficients, row) for row in zip(*design, strict=True)]
    residuals = [y - value for y, value in zip(target, values, strict=True)]
    mean = sum(target, Fraction()) / n if intercept else Fraction()
    around = [y - mean for y in target]
    return Exact(
        coefficients,
        [column for column in inverse if column is not None],
        n,
        n - len(design),
        dot(residuals, residuals),
        dot(around, around),
        intercept,
    )


def wide(value: Fraction) -> Any:  # noqa: ANN401  # mpmath has no types
    """A rational to so many digits as are at work."""
    return mpmath.mpf(value.numerator) / value.denominator


def upper_tail(d1: int, d2: int, f: Fraction) -> Any:  # noqa: ANN401
    """The probability that F with these degrees of freedom is above f."""
    x = Fraction(d2) / (d2 + d1 * f)
    return mpmath.betainc(mpmath.mpf(d2) / 2, mpmath.mpf(d1) / 2, 0, wide(x), regularized=True)


def is_within_an_ulp(found: object, exact: Any) -> bool:  # noqa: ANN401
    """Whether a double is one of the two beside the exact value."""
    if not isinstance(found, float) or not math.isfinite(found):
        return False
    return bool(abs(mpmath.mpf(found) - exact) < math.ulp(found))


def quantile(df: int, level: float, near: float) -> Any:  # noqa: ANN401
    """The t within which the share `level` lies, by Newton's method from a t that is close."""
    half, t = mpmath.mpf(df) / 2, mpmath.mpf(near)
    scale = 2 / (mpmath.sqrt(df) * mpmath.beta(half, mpmath.mpf(1) / 2))
    for _ in range(3):
        y = t**2 / (df + t**2)
        within = mpmath.betainc(mpmath.mpf(1) / 2, half, 0, y, regularized=True)
        density = scale * (1 + t**2 / df) ** (-half - mpmath.mpf(1) / 2)
        t += (mpmath.mpf(level) - within) / density
    return t


def moments(data: Sequence[Numbers]) -> Moments:
    """Of features and target."""
    made = Moments(len(data) - 1)
    made.add(data)
    return made


def both(
    data: Sequence[Numbers], intercept: bool = True, ridge: float = 0.0
) -> tuple[Fit, Exact | None]:
    """The extension's fit and the exact one."""
    exact = fitted([rationals(column) for column in data], intercept, Fraction(ridge))
    return moments(data).fit(intercept, ridge), exact
