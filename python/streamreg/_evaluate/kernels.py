"""Evaluate: the kernels, which run each operator on columns of one type.

A row's result has the same bits whatever rows stand beside it. That is so by itself for what IEEE
754 rounds correctly; the other functions have vector code whose last few elements, or whose short
or strided arrays, may go another way, so they only ever see plain arrays in whole blocks
(`_steady`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np

from streamreg._evaluate import checked_int
from streamreg._evaluate.columns import Array, Values, to_list
from streamreg._evaluate.decimals import to_floats
from streamreg._evaluate.missing import is_none
from streamreg._evaluate.program import FLOAT_FUNCTIONS, IS_NONE
from streamreg._evaluate.time_kernels import TIME_KERNELS

Kernel: TypeAlias = Callable[..., Values]

_BLOCK: Final = 64


def _steady(function: Callable[..., Any]) -> Kernel:
    def kernel(*arguments: Array) -> Array:
        rows = len(arguments[0])
        size = -(-rows // _BLOCK) * _BLOCK
        padded = []
        for argument in arguments:
            block = np.empty(size)
            block[:rows] = argument
            block[rows:] = 1.0
            padded.append(block)
        result: Array = function(*padded)[:rows]
        return result

    return kernel


def _minimum(a: Array, b: Array) -> Array:
    """Of 0.0 and -0.0 the first; NumPy leaves it to the processor's vector instructions."""
    return np.where((a <= b) | (a != a), a, b)


def _maximum(a: Array, b: Array) -> Array:
    return np.where((a >= b) | (a != a), a, b)


def _on_objects(function: Callable[[Any, Any], bool]) -> Kernel:
    def kernel(a: Values, b: Values) -> Array:
        return np.fromiter(map(function, to_list(a), to_list(b)), np.bool_, len(a))

    return kernel


def _mixed(function: Callable[[Any, Any], Any]) -> Kernel:
    """A comparison of integers with doubles, in either order of the two."""

    def kernel(a: Array, b: Array) -> Array:
        order = -checked_int.order(b, a) if a.dtype.kind == "f" else checked_int.order(a, b)
        result: Array = function(order, 0.0)
        return result

    return kernel


def _as_text(values: Values) -> list[object]:
    return [str(value) for value in to_list(values)]


def _converter(dtype: type[np.generic]) -> Kernel:
    def kernel(a: Array) -> Array:
        return a.astype(dtype)

    return kernel


def _same(a: Array) -> Array:
    return a


_COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}

KERNELS: Final[dict[str, Kernel]] = {
    "add.float": np.add,
    "subtract.float": np.subtract,
    "multiply.float": np.multiply,
    "divide.float": np.true_divide,
    "floor_divide.float": np.floor_divide,
    "remainder.float": np.remainder,
    "power.float": _steady(np.power),
    "negative.float": np.negative,
    "absolute.float": np.abs,
    "sign.float": np.sign,
    "floor.float": np.floor,
    "ceil.float": np.ceil,
    "add.int": checked_int.add,
    "subtract.int": checked_int.subtract,
    "multiply.int": checked_int.multiply,
    "divide.int": checked_int.divide,
    "floor_divide.int": checked_int.floor_divide,
    "remainder.int": checked_int.remainder,
    "power.int": checked_int.power,
    "negative.int": checked_int.negative,
    "absolute.int": checked_int.absolute,
    "sign.int": np.sign,
    "floor.int": _same,
    "ceil.int": _same,
    "and.bool": np.logical_and,
    "or.bool": np.logical_or,
    "xor.bool": np.logical_xor,
    "not.bool": np.logical_not,
    "cast.float.int": checked_int.from_float,
    "cast.float.bool": _converter(np.bool_),
    "cast.float.str": _as_text,
    "cast.int.float": _converter(np.float64),
    "cast.int.bool": _converter(np.bool_),
    "cast.int.str": _as_text,
    "cast.decimal.float": to_floats,
    "cast.decimal.str": _as_text,
    "cast.bool.float": _converter(np.float64),
    "cast.bool.int": _converter(np.int64),
    "cast.bool.str": _as_text,
}
KERNELS.update({f"{name}.float": _steady(getattr(np, name)) for name in sorted(FLOAT_FUNCTIONS)})
KERNELS.update(TIME_KERNELS)
KERNELS[IS_NONE] = is_none
for _type in ("float", "int"):
    KERNELS.update({f"minimum.{_type}": _minimum, f"maximum.{_type}": _maximum})
for _word, _compare in _COMPARISONS.items():
    KERNELS.update({f"{_word}.{_type}": _compare for _type in ("float", "int")})
    KERNELS[f"{_word}.mixed"] = _mixed(_compare)
    KERNELS.update(
        {f"{_word}.{_type}": _on_objects(_compare) for _type in ("str", "bytes", "decimal")}
    )
for _word in ("equal", "not_equal"):
    KERNELS[f"{_word}.bool"] = _COMPARISONS[_word]
