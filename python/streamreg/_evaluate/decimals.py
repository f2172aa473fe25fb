"""Evaluate: columns of decimals: arrays of int64 with three columns, as the core describes them."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from streamreg._core import decimal_objects, decimals, nearest_doubles
from streamreg._evaluate.row_errors import require
from streamreg._exceptions import ProgramError

WORDS = 3
"""The columns of an array of decimals."""


def constant(value: Decimal) -> NDArray[np.int64]:
    """The one row of a decimal.

    Raises:
        ProgramError: if it is not finite, or off the range.
    """
    words, none = decimals([str(value)])
    if none.any():
        raise ProgramError(
            f"the constant {value!r} is no decimal of up to 34 digits with an exponent within ±400"
        )
    return words


def from_objects(values: Sequence[object]) -> NDArray[np.int64]:
    """Objects of `decimal.Decimal` as a column.

    Raises:
        BadRowsError: for those that are not finite, or off the range.
    """
    words, none = decimals([str(value) for value in values])
    require(none, "decimal-range")
    return words


def to_objects(words: NDArray[np.int64]) -> list[Decimal]:
    """A column as objects of `decimal.Decimal`."""
    return decimal_objects(np.ascontiguousarray(words))


def to_floats(words: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each as the nearest double."""
    return nearest_doubles(np.ascontiguousarray(words))
