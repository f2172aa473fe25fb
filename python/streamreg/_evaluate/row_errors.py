"""Evaluate: the error of single rows, that cannot be computed though others can."""

from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

RowErrorKind: TypeAlias = Literal[
    "integer-overflow", "division-by-zero", "non-finite", "decimal-range"
]

DETAILS: Final[dict[RowErrorKind, str]] = {
    "integer-overflow": "does not fit in 64 bits",
    "division-by-zero": "divides by zero",
    "decimal-range": "is no decimal of up to 34 digits with an exponent within ±400",
    "non-finite": "is NaN or infinite, which no integer is",
}


class BadRowsError(Exception):
    """Raised by a kernel for the rows where `mask` is true."""

    def __init__(self, mask: NDArray[np.bool_], kind: RowErrorKind) -> None:
        """`mask` is over the rows that the kernel was given."""
        super().__init__(kind)
        self.mask = mask
        self.kind: RowErrorKind = kind


def require(bad: NDArray[np.bool_], kind: RowErrorKind) -> None:
    """Raise if any row is bad."""
    if bad.any():
        raise BadRowsError(bad, kind)
