"""Discriminant functions, recomputed from scratch in rationals, and rounded once.

The formulas are the definitions, by deviations from the means, not those that the core uses. Logarithms are taken to
a hundred digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TypeAlias

from streamreg._types import ClassParameters
from tests.support.rationals import mean, nearest, products, solve

Rows: TypeAlias = list[list[Fraction]]
Matrix: TypeAlias = list[list[Fraction]]
Label: TypeAlias = bool | int | str


def columns(rows: Rows) -> list[list[Fraction]]:
    return [list(column) for column in zip(*rows, strict=True)]


def means(rows: Rows) -> list[Fraction]:
    return [mean(column) for column in columns(rows)]


def scatter(rows: Rows) -> Matrix:
    """The sums of products of the deviations from the means."""
    return [[products(a, b) for b in columns(rows)] for a in columns(rows)]


def over(matrix: Matrix, divisor: int) -> Matrix:
    return [[entry / divisor for entry in row] for row in matrix]


def within(groups: Sequence[Rows], *, unbiased: bool) -> Matrix | None:
    """The covariance within classes; None of too few rows."""
    total = [
        [sum(entries, Fraction()) for entries in zip(*rows, strict=True)]
        for rows in zip(*map(scatter, groups), strict=True)
    ]
    divisor = sum(map(len, groups)) - (len(groups) if unbiased else 0)
    return over(total, divisor) if divisor > 0 else None


def dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction())


def applied(matrix: Matrix, right: Sequence[Fraction]) -> list[Fraction] | None:
    """The inverse of a matrix times a vector; None if it is singular."""
    return solve([[*row, entry] for row, entry in zip(matrix, right, strict=True)])


def reduced(matrix: Matrix) -> tuple[list[int], Matrix]:
    """The columns that do not follow from those before them, and the rows of the echelon form."""
    rows, pivots = [list(row) for row in matrix], list[int]()
    for column in range(len(matrix)):
        at = len(pivots)
        found = next((row for row in range(at, len(rows)) if rows[row][column]), None)
        if found is None:
            continue
        rows[at], rows[found] = rows[found], rows[at]
        rows[at] = [entry / rows[at][column] for entry in rows[at]]
        for row in range(len(rows)):
            if row != at and rows[row][column]:
                factor = rows[row][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[at], strict=True)]
        pivots.append(column)
    return pivots, rows[: len(pivots)]


def applied_without_idle(matrix: Matrix, right: Sequence[Fraction]) -> list[Fraction] | None:
    """The same without the directions that do not vary: by the inverse of Moore and Penrose of the scaled matrix.

    From a factorisation BC of full rank (C. C. MacDuffee): A⁺ = Cᵀ(CCᵀ)⁻¹(BᵀB)⁻¹Bᵀ. None if no direction varies.
    """
    pivots, rows = reduced(matrix)
    if not pivots:
        return None
    weights = [1 / row[at] if row[at] else Fraction(1) for at, row in enumerate(matrix)]
    own = [[row[at] for row in matrix] for at in pivots]

    def weighted(vectors: Matrix) -> Matrix:
        return [
            [entry * weight for entry, weight in zip(vector, weights, strict=True)]
            for vector in vectors
        ]

    def gram(vectors: Matrix) -> Matrix:
        return [[dot(a, b) for b in vectors] for a in weighted(vectors)]

    inner = applied(gram(own), [dot(vector, right) for vector in weighted(own)])
    outer = None if inner is None else applied(gram(rows), inner)
    assert outer is not None
    return [dot(entries, outer) for entries in zip(*weighted(rows), strict=True)]


def determinant(matrix: Matrix) -> Fraction:
    rows, found = [list(row) for row in matrix], Fraction(1)
    for at in range(len(rows)):
        pivot = next((row for row in range(at, len(rows)) if rows[row][at]), None)
        if pivot is None:
            return Fraction()
        if pivot != at:
            rows[at], rows[pivot], found = rows[pivot], rows[at], -found
        found *= rows[at][at]
        for row in range(at + 1, len(rows)):
            factor = rows[row][at] / rows[at][at]
            rows[row] = [a - factor * b for a, b in zip(rows[row], rows[at], strict=True)]
    return found


def ln(value: Fraction) -> Fraction:
    """The natural logarithm, to a hundred digits beyond the point."""
    with localcontext() as context:
        context.prec = 150 + abs(value.numerator.bit_length() - value.denominator.bit_length()) // 3
        context.Emax, context.Emin = 10**9, -(10**9)
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).ln())


def added(groups: Sequence[Rows], smoothing: float) -> Fraction:
    """A share of the greatest variance over all rows."""
    every = columns([row for rows in groups for row in rows])
    return max(products(column, column) / len(column) for column in every) * Fraction(smoothing)


Classes: TypeAlias = Mapping[Label, Rows]
"""The rows of each class, at least one."""

Priors: TypeAlias = Mapping[Label, float] | None


def _priors(classes: Classes, priors: Priors) -> dict[Label, Fraction | None]:
    if priors is None:
        count = sum(map(len, classes.values()))
        return {label: Fraction(len(rows), count) for label, rows in classes.items()}
    return {label: Fraction(priors[label]) if label in priors else None for label in classes}


def _rounded(
    rows: Rows,
    prior: Fraction | None,
    rational: Fraction,
    logarithm: Fraction,
    linear: Sequence[Fraction],
    quadratic: Sequence[Fraction] | None = None,
) -> ClassParameters:
    """With the intercept `rational + ln(prior² · logarithm) / 2`."""
    constant = None if prior is None else nearest(rational + ln(prior**2 * logarithm) / 2)
    factors = None if quadratic is None else [nearest(value) for value in quadratic]
    return len(rows), _nearest(prior), constant, [nearest(value) for value in linear], factors


def _nearest(value: Fraction | None) -> float | None:
    return None if value is None else nearest(value)


def linear_parameters(
    classes: Classes, *, unbiased: bool = False, drop: bool = False, priors: Priors = None
) -> dict[Label, ClassParameters]:
    """Σ⁻¹μ, and ln π less ½μᵀΣ⁻¹μ, of each class."""
    covariance = within(list(classes.values()), unbiased=unbiased)
    found: dict[Label, ClassParameters] = {}
    for (label, rows), prior in zip(
        classes.items(), _priors(classes, priors).values(), strict=True
    ):
        centre = means(rows)
        invert = applied_without_idle if drop else applied
        factors = None if covariance is None else invert(covariance, centre)
        if factors is None:
            found[label] = len(rows), _nearest(prior), None, None, None
        else:
            rational = -dot(centre, factors) / 2
            found[label] = _rounded(rows, prior, rational, Fraction(1), factors)
    return found


def quadratic_parameters(
    classes: Classes, *, unbiased: bool = False, priors: Priors = None
) -> dict[Label, ClassParameters]:
    """Σ⁻¹μ, the factors of products, and ln π less ½ ln|Σ| and ½μᵀΣ⁻¹μ, of each class."""
    found: dict[Label, ClassParameters] = {}
    for (label, rows), prior in zip(
        classes.items(), _priors(classes, priors).values(), strict=True
    ):
        centre, divisor = means(rows), len(rows) - unbiased
        covariance = over(scatter(rows), divisor) if divisor else []
        factors = applied(covariance, centre) if divisor else None
        if factors is None:
            found[label] = len(rows), _nearest(prior), None, None, None
            continue
        inverse = inverted(covariance)
        pairs = [(a, b) for a in range(len(centre)) for b in range(a, len(centre))]
        quadratic = [-inverse[a][b] / (2 if a == b else 1) for a, b in pairs]
        rational = -dot(centre, factors) / 2
        found[label] = _rounded(
            rows, prior, rational, 1 / determinant(covariance), factors, quadratic
        )
    return found


def inverted(matrix: Matrix) -> Matrix:
    """The inverse of a matrix that has one."""
    size = len(matrix)
    units = [[Fraction(int(at == other)) for other in range(size)] for at in range(size)]
    return [applied(matrix, unit) or [] for unit in units]


def bayes_parameters(
    classes: Classes, *, smoothing: float = 0.0, priors: Priors = None
) -> dict[Label, ClassParameters]:
    """Means and variances of each class; there is no constant."""
    more = added(list(classes.values()), smoothing)
    found: dict[Label, ClassParameters] = {}
    for label, prior in _priors(classes, priors).items():
        rows = classes[label]
        variances = [products(c, c) / len(rows) + more for c in columns(rows)]
        found[label] = (
            *(len(rows), _nearest(prior), None),
            [nearest(value) for value in means(rows)],
            [nearest(value) for value in variances],
        )
    return found
