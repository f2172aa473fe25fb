"""Evaluate: the error of single rows, that cannot be computed though others can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RowErrorKind: TypeAlias = Literal[
    "integer-overflow",
    "division-by-zero",
    "non-finite",
    "decimal-range",
    "datetime-range",
    "timedelta-range",
    "invalid-datetime",
    "invalid-timedelta",
    "function-error",
]

DETAILS: Final[dict[RowErrorKind, str]] = {
    "integer-overflow": "does not fit in 64 bits",
    "division-by-zero": "divides by zero",
    "decimal-range": "is no decimal of up to 34 digits with an exponent within ±400",
    "datetime-range": "is outside of the years 1 to 9999, or finer than a microsecond",
    "timedelta-range": "does not fit in 64 bits of microseconds, or is finer than one",
    "invalid-datetime": "is text that is no date and time with an offset, or one outside of the years 1 to 9999",
    "invalid-timedelta": "is text that is no duration of ISO 8601 in whole microseconds",
    "non-finite": "is NaN or infinite, which no integer and no time is",
    "function-error": "is of a function that raises",
}


class BadRowsError(Exception):
    """Raised by a kernel for the rows where `mask` is true."""

    def __init__(
        self, mask: NDArray[np.bool_], kind: RowErrorKind, details: Sequence[str] | None = None
    ) -> None:
        """`mask` is over the rows that the kernel was given; `details` of each bad one, if they differ."""
        super().__init__(kind)
        self.mask = mask
        self.kind: RowErrorKind = kind
        self.details = details


def require(bad: NDArray[np.bool_], kind: RowErrorKind) -> None:
    """Raise if any row is bad."""
    if bad.any():
        raise BadRowsError(bad, kind)
