"""Answers recomputed from scratch in rationals: what the exact core must equal, bit for bit.

The formulas are the definitions (deviations from the means), not those that the core uses.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from fractions import Fraction


def nearest(value: Fraction) -> float:
    """The double nearest to a rational, ties to even; an infinity beyond the largest double.

    Zero has no sign, also where a negative number is too small: so the core promises.
    """
    if value == 0:
        return 0.0
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if size < Fraction(2) ** exponent:
        exponent -= 1
    # 2**exponent <= size < 2**(exponent + 1): 53 bits, fewer where the doubles are subnormal.
    last_bit = max(exponent - 52, -1074)
    mantissa = round(size / Fraction(2) ** last_bit)
    try:
        rounded = math.ldexp(mantissa, last_bit)
    except OverflowError:
        rounded = math.inf
    return -rounded if value < 0 and rounded else rounded


def root(value: Fraction) -> float:
    """The double nearest to the square root of a rational that is not negative."""
    if value == 0:
        return 0.0
    # 2^-1130 is far below half of the least double, and 2^-130 of the value far below its half ulp.
    shift = 1130 + max(0, 130 + value.denominator.bit_length() - value.numerator.bit_length())
    scaled = value * Fraction(4) ** shift
    floor = math.isqrt(scaled.numerator // scaled.denominator)
    # Between two floors lies no middle of doubles: any point between stands for the root.
    exact = floor * floor == scaled
    return nearest(Fraction(floor if exact else 2 * floor + 1, 1 if exact else 2) / 2**shift)


def bits(value: object) -> object:
    """A double by its bits, so that the zeros differ; anything else as it is, with its type."""
    return struct.pack("<d", value) if isinstance(value, float) else (type(value), value)


def total(values: Sequence[Fraction]) -> Fraction:
    """The sum of rationals whose denominators are powers of two."""
    unit = max((value.denominator for value in values), default=1)
    return Fraction(sum(value.numerator * (unit // value.denominator) for value in values), unit)


def mean(values: Sequence[Fraction]) -> Fraction:
    """The average of one value or more."""
    return total(values) / len(values)


def products(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    """The sum of products of the deviations from the means."""
    of_a, of_b = total(a), total(b)
    # n times a deviation has a power of two below it, which is what `total` adds quickly.
    deviations = [(len(a) * x - of_a) * (len(b) * y - of_b) for x, y in zip(a, b, strict=True)]
    return total(deviations) / len(a) ** 2


def fit(columns: Sequence[Sequence[Fraction]]) -> list[Fraction] | None:
    """Intercept and coefficients for (features…, target); None if the rows do not determine them."""
    *features, target = columns
    if not target:
        return None
    system = [
        [products(one, other) for other in features] + [products(one, target)] for one in features
    ]
    slopes = solve(system)
    if slopes is None:
        return None
    explained = sum(
        (slope * mean(x) for slope, x in zip(slopes, features, strict=True)), Fraction()
    )
    return [mean(target) - explained, *slopes]


def solve(system: list[list[Fraction]]) -> list[Fraction] | None:
    """The solution of linear equations, the right side as the last column; None if singular."""
    for at in range(len(system)):
        pivot = next((row for row in range(at, len(system)) if system[row][at]), None)
        if pivot is None:
            return None
        system[at], system[pivot] = system[pivot], system[at]
        system[at] = [entry / system[at][at] for entry in system[at]]
        for row in range(len(system)):
            factor = system[row][at]
            if row != at and factor:
                system[row] = [
                    entry - factor * other
                    for entry, other in zip(system[row], system[at], strict=True)
                ]
    return [row[-1] for row in system]
