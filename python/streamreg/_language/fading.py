"""Language: rows that lose half of their weight in every half-life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from streamreg._exceptions import ProgramError
from streamreg._language.expression import TypedExpression
from streamreg._types import INT_MAX, shortened

TIMES: Final = ("int",)
"""The types of columns that can hold the time of a row."""


@dataclass(frozen=True)
class Fading:
    """The column of the times, and the half-life in its unit."""

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
            "linear_regression: half_life and time go together: half_life=3600, time=t.at"
        )
    if weights is not None:
        raise ProgramError("linear_regression: rows that fade have no other weights")
    if time.dtype not in TIMES:
        raise ProgramError(
            f"linear_regression: time is a column of int, but {time.text} is {time.dtype}"
        )
    if not isinstance(half_life, int) or isinstance(half_life, bool):
        found = shortened(repr(half_life))
        raise ProgramError(
            f"linear_regression: half_life is an int, in the unit of {time.text}, not {found}"
        )
    if not 0 < half_life <= INT_MAX:
        raise ProgramError(f"linear_regression: half_life is above 0, not {half_life}")
    return Fading(time, half_life)
