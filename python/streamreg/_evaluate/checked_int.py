"""Evaluate: arithmetic on int64 columns that notices every overflow instead of wrapping.

Sums are tested by their sign bits (H. S. Warren, Hacker's Delight, 2-13). A product is tested by
its size in doubles, which is off by less than one part in 2^51; near the limit Python integers
decide.
"""

import numpy as np
from numpy.typing import NDArray

from streamreg._evaluate.row_errors import require
from streamreg._types import INT_MAX, INT_MIN

Integers = NDArray[np.int64]
_DOUBLE_EXACT = 2**53


def add(a: Integers, b: Integers) -> Integers:
    """The sum."""
    result = a + b
    require(((a ^ result) & (b ^ result)) < 0, "integer-overflow")
    return result


def subtract(a: Integers, b: Integers) -> Integers:
    """The difference."""
    result = a - b
    require(((a ^ b) & (a ^ result)) < 0, "integer-overflow")
    return result


def multiply(a: Integers, b: Integers) -> Integers:
    """The product."""
    result = a * b
    if _largest(a) * _largest(b) <= INT_MAX:
        return result
    size = np.abs(a.astype(np.float64) * b.astype(np.float64))
    bad = size >= 2.0**64
    for row in np.flatnonzero((size >= 2.0**62) & ~bad):
        bad[row] = not INT_MIN <= int(a[row]) * int(b[row]) <= INT_MAX
    require(bad, "integer-overflow")
    return result


def divide(a: Integers, b: Integers) -> NDArray[np.float64]:
    """The exact quotient rounded once; by zero an infinity or NaN."""
    result: NDArray[np.float64] = a.astype(np.float64) / b.astype(np.float64)
    if max(_largest(a), _largest(b)) > _DOUBLE_EXACT:
        wide = (_beyond_double(a) | _beyond_double(b)) & (b != 0)
        for row in np.flatnonzero(wide):
            result[row] = int(a[row]) / int(b[row])
    return result


def floor_divide(a: Integers, b: Integers) -> Integers:
    """The quotient rounded towards minus infinity."""
    require(b == 0, "division-by-zero")
    require((a == INT_MIN) & (b == -1), "integer-overflow")
    return np.floor_divide(a, b)


def remainder(a: Integers, b: Integers) -> Integers:
    """The remainder, with the sign of b."""
    require(b == 0, "division-by-zero")
    return np.remainder(a, b)


def power(a: Integers, exponent: Integers) -> Integers:
    """The k-th power for one k from 0 to 63, the same in every row.

    By squaring from the left, so that no product on the way is larger than the result.
    """
    result = np.ones_like(a)
    if len(a):
        for bit in f"{int(exponent[0]):b}":
            result = multiply(result, result)
            if bit == "1":
                result = multiply(result, a)
    return result


def negative(a: Integers) -> Integers:
    """-a."""
    require(a == INT_MIN, "integer-overflow")
    return np.negative(a)


def absolute(a: Integers) -> Integers:
    """The size of a."""
    require(a == INT_MIN, "integer-overflow")
    return np.abs(a)


def from_float(a: NDArray[np.float64]) -> Integers:
    """The value without its fraction."""
    require(~np.isfinite(a), "non-finite")
    require((a >= 2.0**63) | (a < -(2.0**63)), "integer-overflow")
    return a.astype(np.int64)


def order(a: Integers, b: NDArray[np.float64]) -> NDArray[np.float64]:
    """-1, 0 or 1 as a is less than b, equal or greater, exactly; NaN where b is."""
    rounded = a.astype(np.float64)
    # Rounding to the nearest keeps the order, and only makes equal what was not.
    found = np.where(
        rounded < b, -1.0, np.where(rounded > b, 1.0, np.where(rounded == b, 0.0, np.nan))
    )
    if _largest(a) > _DOUBLE_EXACT:
        open_ = (rounded == b) & _beyond_double(a)
        own, beside = a[open_], b[open_]
        top = beside >= 2.0**63
        whole = np.where(top, 0.0, beside).astype(np.int64)
        found[open_] = np.where(top | (own < whole), -1.0, (own > whole).astype(np.float64))
    return found


def _largest(a: Integers) -> int:
    return max(-int(a.min()), int(a.max()), 0) if len(a) else 0


def _beyond_double(a: Integers) -> NDArray[np.bool_]:
    return (a > _DOUBLE_EXACT) | (a < -_DOUBLE_EXACT)
