"""Language: rows that lose half of their weight in every half-life."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from streamreg._dataclass import dataclass
from streamreg._exceptions import ProgramError
from streamreg._language.expression import TypedExpression
from streamreg._types import INT_MAX, quoted

TIMES: Final = ("datetime", "int")
"""The types of columns that can hold the time of a row."""


_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Fading:
    """The column of the times, and the half-life in its unit: that of datetimes is a microsecond."""

    time: TypedExpression
    half_life: int


def fading(half_life: object, time: TypedExpression | None, weights: object) -> Fading | None:
    """How rows fade, if they do.

    Raises:
        ProgramError: if the options do not go together, or one is of another type.
    """
    if half_life is None and time is None:
        return None
    if half_life is None or time is None:
        raise ProgramError(
            "linear_regression: half_life and time go together: half_life=timedelta(hours=1), time=t.at"
        )
    if weights is not None:
        raise ProgramError("linear_regression: rows that fade have no other weights")
    if time.dtype not in TIMES:
        raise ProgramError(
            f"linear_regression: time is a column of datetime or int, but {time.text} is {time.dtype}"
        )
    wanted, kind = (timedelta, "timedelta") if time.dtype == "datetime" else (int, "int")
    if not isinstance(half_life, wanted) or isinstance(half_life, bool):
        found = quoted(half_life)
        raise ProgramError(
            f"linear_regression: half_life is {kind} where {time.text} is {time.dtype}, not {found}"
        )
    units = half_life // _MICROSECOND if isinstance(half_life, timedelta) else int(half_life)
    if not 0 < units <= INT_MAX:
        raise ProgramError(f"linear_regression: half_life is above 0, not {quoted(half_life)}")
    return Fading(time, units)
