"""Stage: language. What functions of NumPy and `math` mean on a column: an operator, or an error with what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from streamreg._exceptions import ProgramError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OPERATORS: Final[Mapping[str, str]] = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "true_divide": "/",
    "floor_divide": "//",
    "remainder": "%",
    "power": "**",
    "bitwise_and": "&",
    "bitwise_or": "|",
    "bitwise_xor": "^",
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}
"""By the name of the ufunc that an operator is to a number of NumPy on its left."""
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_SAME: Final = frozenset(
    [
        *["exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "sin", "cos", "tan"],
        *["floor", "ceil", "sign", "minimum", "maximum"],
    ]
)
"""What streamreg calls as NumPy does."""
_OTHERWISE: Final[Mapping[str, str]] = {
    "absolute": "abs(…)",
    "fabs": "abs(…)",
    "negative": "-…",
    "positive": "the column itself",
    "square": "… ** 2",
    "float_power": "… ** …",
    "fmod": "… % …",
    "mod": "… % …",
    "reciprocal": "1 / …",
    "invert": "~…",
    "logical_not": "~…",
    "logical_and": "… & …",
    "logical_or": "… | …",
    "logical_xor": "… ^ …",
    "fmin": "sr.minimum",
    "fmax": "sr.maximum",
    "where": "sr.if_else",
    "clip": "sr.minimum and sr.maximum",
    "sum": "sr.reducers.sum, in table.reduce(…)",
    "mean": "sr.reducers.avg, in table.reduce(…)",
    "average": "sr.reducers.avg, in table.reduce(…)",
    "min": "sr.reducers.min, in table.reduce(…)",
    "amin": "sr.reducers.min, in table.reduce(…)",
    "max": "sr.reducers.max, in table.reduce(…)",
    "amax": "sr.reducers.max, in table.reduce(…)",
    "var": "sr.reducers.var_pop, in table.reduce(…)",
    "std": "sr.reducers.stddev_pop, in table.reduce(…)",
    "corrcoef": "sr.reducers.corr, in table.reduce(…)",
    "cov": "sr.reducers.covar_samp, in table.reduce(…)",
}
_REDUCED: Final = {"add": "sum", "minimum": "min", "maximum": "max"}


def universal(
    name: str, method: str, inputs: Sequence[object], options: object
) -> tuple[str, object, object]:
    """The operator that a ufunc is of which an input is an expression, and its operands.

    Raises:
        ProgramError: if it is no operator; the message says what to write.
    """
    if method == "__call__" and name in _OPERATORS and not options:
        sign = _OPERATORS[name]
        # NumPy hands its numbers on as arrays without a dimension.
        first, second = (item[()] if isinstance(item, np.ndarray) else item for item in inputs)
        if sign in _MIRRORED and isinstance(first, np.generic | np.ndarray | int | float | str):
            # As Python does where the number is its own.
            first, second, sign = second, first, _MIRRORED[sign]
        return sign, first, second
    raise refused(_REDUCED.get(name, name) if method == "reduce" else name)


def refused(name: str) -> ProgramError:
    """The error for a function of NumPy that is given a column."""
    instead = f"sr.{name}" if name in _SAME else _OTHERWISE.get(name)
    hint = f"use {instead}" if instead else f"use sr.apply_with_type(numpy.{name}, float, …)"
    return ProgramError(
        f"NumPy's {name} does not take a column, which has a value for each row: {hint}"
    )


def no_number(text: str) -> ProgramError:
    """The error for `math.log(t.x)`, `float(t.x)` and whatever else wants one number."""
    return ProgramError(
        f"{text} has a value for each row, so it is no single number: for the functions of math use sr.log and "
        f"the like, for float({text}) and int({text}) sr.cast(float, {text}), for others sr.apply(function, {text})"
    )
