"""Evaluate: the kernels on columns of times: those of integers, on microseconds, that notice what goes out of range."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streamreg._core import (
    micros_of_decimals,
    micros_of_floats,
    micros_of_texts,
    time_decimals,
    time_texts,
)
from streamreg._evaluate import checked_int
from streamreg._evaluate.columns import Values, to_list
from streamreg._evaluate.row_errors import BadRowsError, RowErrorKind, require
from streamreg._evaluate.times import RANGE_ERRORS, SECOND, TimeType, is_time, micros, of_micros

_Array = NDArray[Any]
_Kernel = Callable[..., Any]


def _giving(kind: TimeType, compute: Callable[..., NDArray[np.int64]]) -> _Kernel:
    """A kernel of integers, as one of times that gives times."""

    def kernel(*arguments: _Array) -> _Array:
        counts = [micros(each) if is_time(each) else each for each in arguments]
        try:
            result = compute(*counts)
        except BadRowsError as bad:
            if bad.kind != "integer-overflow":
                raise
            raise BadRowsError(bad.mask, RANGE_ERRORS[kind]) from None
        return of_micros(result, kind)

    return kernel


def _on_micros(compute: Callable[..., _Array]) -> _Kernel:
    """A kernel of integers, as one of times that gives something else."""

    def kernel(*arguments: _Array) -> _Array:
        return compute(*map(micros, arguments))

    return kernel


def _floor(at: _Array, step: _Array, origin: _Array) -> NDArray[np.int64]:
    """The last of the points `origin + k · step` that is not after `at`."""
    return checked_int.subtract(at, np.remainder(at - origin, step))


def _seconds(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return checked_int.divide(counts, np.broadcast_to(np.int64(SECOND), len(counts)))


def _from_floats(kind: TimeType) -> _Kernel:
    def kernel(seconds: NDArray[np.float64]) -> _Array:
        require(~np.isfinite(seconds), "non-finite")
        counts, none = micros_of_floats(kind, np.ascontiguousarray(seconds))
        require(none, RANGE_ERRORS[kind])
        return of_micros(counts, kind)

    return kernel


def _from_decimals(kind: TimeType) -> _Kernel:
    def kernel(seconds: NDArray[np.int64]) -> _Array:
        counts, none = micros_of_decimals(kind, np.ascontiguousarray(seconds))
        require(none, RANGE_ERRORS[kind])
        return of_micros(counts, kind)

    return kernel


def _from_texts(kind: TimeType) -> _Kernel:
    """As a schema reads the text of such a column."""
    invalid: RowErrorKind = "invalid-datetime" if kind == "datetime" else "invalid-timedelta"

    def kernel(texts: Values) -> _Array:
        counts, none = micros_of_texts(kind, [str(text) for text in to_list(texts)])
        require(none, invalid)
        return of_micros(counts, kind)

    return kernel


def _same(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return counts


TIME_KERNELS: Final[dict[str, _Kernel]] = {
    # Differences of datetimes have room in 64 bits.
    "difference.datetime": _giving("timedelta", np.subtract),
    "add.datetime": _giving("datetime", checked_int.add),
    "subtract.datetime": _giving("datetime", checked_int.subtract),
    "floor_time.datetime": _giving("datetime", _floor),
    "add.timedelta": _giving("timedelta", checked_int.add),
    "subtract.timedelta": _giving("timedelta", checked_int.subtract),
    "multiply.timedelta": _giving("timedelta", checked_int.multiply),
    "remainder.timedelta": _giving("timedelta", checked_int.remainder),
    "negative.timedelta": _giving("timedelta", checked_int.negative),
    "absolute.timedelta": _giving("timedelta", checked_int.absolute),
    "divide.timedelta": _on_micros(checked_int.divide),
    "floor_divide.timedelta": _on_micros(checked_int.floor_divide),
}
_TYPES: Final[tuple[TimeType, ...]] = ("datetime", "timedelta")
for _type in _TYPES:
    TIME_KERNELS.update(
        {
            f"minimum.{_type}": _giving(_type, np.minimum),
            f"maximum.{_type}": _giving(_type, np.maximum),
            f"equal.{_type}": _on_micros(operator.eq),
            f"not_equal.{_type}": _on_micros(operator.ne),
            f"less.{_type}": _on_micros(operator.lt),
            f"less_equal.{_type}": _on_micros(operator.le),
            f"greater.{_type}": _on_micros(operator.gt),
            f"greater_equal.{_type}": _on_micros(operator.ge),
            f"cast.int.{_type}": _giving(_type, _same),
            f"cast.float.{_type}": _from_floats(_type),
            f"cast.decimal.{_type}": _from_decimals(_type),
            f"cast.str.{_type}": _from_texts(_type),
            f"cast.{_type}.int": _on_micros(_same),
            f"cast.{_type}.float": _on_micros(_seconds),
            f"cast.{_type}.decimal": lambda times: time_decimals(np.ascontiguousarray(times)),
            f"cast.{_type}.str": lambda times: time_texts(np.ascontiguousarray(times)),
        }
    )
