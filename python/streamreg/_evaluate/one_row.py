"""Evaluate: what takes NumPy to compute of one row: the kernels of columns, and functions, which may use it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from streamreg._evaluate import times
from streamreg._evaluate.columns import Values, to_list
from streamreg._evaluate.decimals import from_objects
from streamreg._evaluate.kernels import KERNELS
from streamreg._evaluate.program import Call
from streamreg._types import INT_MAX, INT_MIN


def called(step: Call, row: tuple[object, ...]) -> object:
    """What a function makes of a row; None if that is missing, or no column holds it.

    Raises:
        Exception: whatever the function raises, with a note about the row.
        TypeError: if it returns another type than declared.
    """
    with np.errstate(all="ignore"):
        if step.function.rejects:
            # No message is behind this row that could be rejected: what cannot be computed is missing.
            (value,), _ = step.function.tried([row], step.column, may_miss=True)
        else:
            (value,) = step.function.values([row], step.column, may_miss=True)
    is_time = isinstance(value, datetime | timedelta)
    return None if is_time and not times.in_range(value) else value


def computed(kernel: str, arguments: Sequence[object]) -> object:
    """What a kernel makes of these values, none of which is missing.

    Raises:
        BadRowsError: if it cannot be computed.
        OverflowError: if a column does not hold one of the values.
    """
    with np.errstate(all="ignore"):
        (value,) = to_list(KERNELS[kernel](*map(_column, arguments)))
    return value


def _column(value: object) -> Values:
    """The column of one row; raises OverflowError for an integer that no column holds."""
    match value:
        case str() | bytes():
            return [value]
        case datetime():
            return times.from_objects([value], "datetime")
        case timedelta():
            return times.from_objects([value], "timedelta")
        case Decimal():
            return from_objects([value])
        case int() if not INT_MIN <= value <= INT_MAX:
            raise OverflowError(value)
        case _:
            return np.array([value])
