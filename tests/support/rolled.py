"""Rolling regressions recomputed from scratch: the rows of each window by its definition, and rationals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from tests.support.rationals import nearest

Row = Sequence[Fraction | None]


def solved(rows: Sequence[Sequence[Fraction]], weights: Sequence[Fraction]) -> list[float] | None:
    """Intercept and coefficients of weighted rows (features, then target), each rounded once; None if singular."""
    size = len(rows[0]) if rows else 0
    matrix = [[Fraction(0)] * (size + 1) for _ in range(size)]
    for row, weight in zip(rows, weights, strict=True):
        extended = [Fraction(1), *row]
        for one in range(size):
            for other in range(size + 1):
                matrix[one][other] += weight * extended[one] * extended[other]
    for at in range(size):
        pivot = next((place for place in range(at, size) if matrix[place][at]), None)
        if pivot is None:
            return None
        matrix[at], matrix[pivot] = matrix[pivot], matrix[at]
        matrix[at] = [entry / matrix[at][at] for entry in matrix[at]]
        for place in range(size):
            factor = matrix[place][at]
            if place != at and factor:
                both = zip(matrix[place], matrix[at], strict=True)
                matrix[place] = [entry - factor * over for entry, over in both]
    return [nearest(equation[-1]) for equation in matrix] if size else None


def fitted(
    rows: Sequence[Row],
    window: Sequence[int],
    least: int,
    weights: Sequence[Fraction] | None = None,
) -> list[float]:
    """What the rows of a window come to; NaN for each coefficient where there are too few, or they are singular."""
    own = [at for at in window if all(value is not None for value in rows[at])]
    none = [math.nan] * (len(rows[0]) if rows else 0)
    if len(own) < least:
        return none
    whole = [[value for value in rows[at] if value is not None] for at in own]
    counted = [Fraction(1) if weights is None else weights[at] for at in own]
    return solved(whole, counted) or none
