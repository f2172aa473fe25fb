"""Evaluate: runs a program on the results of one reduction, in the parent process.

Results are single values. Integers have no limit, and any value can be missing (None); whatever is
computed from a missing value is missing too, and so is what cannot be computed. Floats go through
the kernels of the columns (`one_row`), so that both give the same bits.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

from streamreg._evaluate.program import (
    ALL_ROWS,
    IS_NONE,
    Call,
    Choose,
    Compute,
    Fixed,
    Load,
    Program,
    Selection,
    Step,
    Take,
)
from streamreg._evaluate.row_errors import BadRowsError
from streamreg._evaluate.udf import nearest_double


def _quotient(a: int, b: int) -> float:
    """The exact quotient rounded once; by zero as IEEE 754 has it, since a float is asked for."""
    if b == 0:
        return math.nan if a == 0 else math.copysign(math.inf, a)
    try:
        return a / b
    except OverflowError:
        return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _sign(a: int) -> int:
    return (a > 0) - (a < 0)


EXACT: Final[dict[str, Callable[..., object]]] = {
    "add.int": operator.add,
    "subtract.int": operator.sub,
    "multiply.int": operator.mul,
    "divide.int": _quotient,
    "floor_divide.int": operator.floordiv,
    "remainder.int": operator.mod,
    "power.int": operator.pow,
    "negative.int": operator.neg,
    "absolute.int": operator.abs,
    "sign.int": _sign,
    "floor.int": operator.index,
    "ceil.int": operator.index,
    "minimum.int": min,
    "maximum.int": max,
    "equal.int": operator.eq,
    "not_equal.int": operator.ne,
    "less.int": operator.lt,
    "less_equal.int": operator.le,
    "greater.int": operator.gt,
    "greater_equal.int": operator.ge,
    "equal.mixed": operator.eq,
    "not_equal.mixed": operator.ne,
    "less.mixed": operator.lt,
    "less_equal.mixed": operator.le,
    "greater.mixed": operator.gt,
    "greater_equal.mixed": operator.ge,
    "cast.float.int": int,
    "cast.int.float": nearest_double,
    "cast.int.bool": bool,
    "cast.int.str": str,
    "cast.decimal.float": float,
    "cast.decimal.str": str,
    "equal.decimal": operator.eq,
    "not_equal.decimal": operator.ne,
    "less.decimal": operator.lt,
    "less_equal.decimal": operator.le,
    "greater.decimal": operator.gt,
    "greater_equal.decimal": operator.ge,
}
"""The kernels that take or give integers or decimals, without a limit to their size."""

_UNDEFINED = (ZeroDivisionError, ValueError, OverflowError, BadRowsError)


def evaluate_scalars(program: Program, results: Sequence[object]) -> list[object]:
    """The slots of a program; None for a missing value, and in scopes that the row is not of.

    Raises:
        Exception: whatever a Python function of the program raises.
        TypeError: if one returns another type than declared.
    """
    slots: list[object] = []
    for step in program.steps:
        inside = in_scope(program, step.scope, slots)
        slots.append(_value(step, slots, results) if inside else None)
    return slots


def evaluate_row(
    program: Program, outputs: Sequence[Selection], results: Sequence[object]
) -> list[tuple[object, ...] | None]:
    """The row of each output; None if a filter does not let it pass. Raises as `evaluate_scalars`."""
    done = evaluate_scalars(program, results)
    return [
        tuple(done[slot] for slot in slots) if in_scope(program, scope, done) else None
        for scope, slots in outputs
    ]


def in_scope(program: Program, scope: int, slots: Sequence[object]) -> bool:
    """Whether the row is one of those of a scope; a missing condition is not true."""
    while scope != ALL_ROWS:
        description = program.scopes[scope]
        if slots[description.mask] is not True:
            return False
        scope = description.parent
    return True


def _value(step: Step, slots: Sequence[object], results: Sequence[object]) -> object:
    match step:
        case Load():
            return results[int(step.key)]
        case Fixed():
            return step.value
        case Take():
            return slots[step.source]
        case Choose():
            condition = slots[step.condition]
            if condition is None:
                return None
            return slots[step.chosen if condition else step.otherwise]
        case Call():
            # Late, as in `_computed`: most programs take results as they are, and NumPy's import is slow.
            from streamreg._evaluate.one_row import called

            return called(step, tuple(slots[slot] for slot in step.arguments))
        case Compute():
            return _computed(step.kernel, [slots[slot] for slot in step.arguments])


def _computed(kernel: str, arguments: list[Any]) -> object:
    if kernel == IS_NONE:
        return arguments[0] is None
    if any(argument is None for argument in arguments):
        return None
    try:
        if kernel in EXACT:
            return EXACT[kernel](*arguments)
        from streamreg._evaluate.one_row import computed

        return computed(kernel, arguments)
    except _UNDEFINED:
        return None
