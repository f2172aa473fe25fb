"""Evaluate: what the columns of a batch are made of.

Numbers, booleans and times are NumPy arrays (decimals of three columns), text is the extension's `Text` or a list, and
what a function of unknown type returned is a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._evaluate import times
from streamreg._evaluate.decimals import WORDS, constant, to_objects
from streamreg._evaluate.times import NUMPY_TIMES
from streamreg._types import DType


class TextLike(Protocol):
    """What is used of the extension's `Text`."""

    def __len__(self) -> int: ...

    def to_list(self) -> list[str] | list[bytes]:
        """The values as Python objects."""

    def take(self, mask: NDArray[np.bool_]) -> Self:
        """The values for which the mask is true."""


Array: TypeAlias = NDArray[Any]
Values: TypeAlias = Array | TextLike | list[object]

NUMPY_TYPES: Final[dict[DType, np.dtype[Any]]] = {
    "float": np.dtype(np.float64),
    "int": np.dtype(np.int64),
    "decimal": np.dtype(np.int64),
    "bool": np.dtype(np.bool_),
    "datetime": NUMPY_TIMES["datetime"],
    "timedelta": NUMPY_TIMES["timedelta"],
}


def take(values: Values, mask: NDArray[np.bool_], places: NDArray[np.intp]) -> Values:
    """The values for which the mask is true; `places` are its true places, found once for all."""
    if isinstance(values, np.ndarray):
        return values.take(places, axis=0)
    if isinstance(values, list):
        return [value for value, kept in zip(values, mask.tolist(), strict=True) if kept]
    return values.take(mask)


def at(values: Array | list[object], places: NDArray[np.uint32]) -> Values:
    """The values at these places, in their order."""
    if isinstance(values, np.ndarray):
        return values[places]
    return [values[place] for place in places.tolist()]


def to_list(values: Values) -> Sequence[object]:
    """The values as Python objects: float, int, Decimal, datetime, timedelta, bool, str, bytes."""
    if isinstance(values, np.ndarray):
        if times.is_time(values):
            return times.to_objects(values)
        if values.ndim == 2:
            return to_objects(values)
        listed: list[object] = values.tolist()
        return listed
    return values if isinstance(values, list) else values.to_list()


def repeated(value: object, dtype: DType, rows: int) -> Values:
    """One value for every row; numbers take no memory for it."""
    if isinstance(value, Decimal) and dtype == "decimal":
        return np.broadcast_to(constant(value), (rows, WORDS))
    if dtype == "datetime" or dtype == "timedelta":
        return np.broadcast_to(times.from_objects([value], dtype), rows)
    numpy_type = NUMPY_TYPES.get(dtype)
    if numpy_type is None:
        return [value] * rows
    return np.broadcast_to(np.array(value, dtype=numpy_type), rows)


def joined(mask: NDArray[np.bool_], chosen: Values, otherwise: Values, dtype: DType) -> Values:
    """The values of `chosen` where the mask is true, of `otherwise` where not, in order of rows."""
    numpy_type = NUMPY_TYPES.get(dtype)
    if numpy_type is not None:
        shape = (len(mask), WORDS) if dtype == "decimal" else len(mask)
        result = np.empty(shape, dtype=numpy_type)
        result[np.flatnonzero(mask)] = chosen
        result[np.flatnonzero(~mask)] = otherwise
        return result
    first, second = iter(to_list(chosen)), iter(to_list(otherwise))
    return [next(first) if met else next(second) for met in mask.tolist()]


def portable(values: Values) -> Values:
    """The values in a form that goes to another process: text as a list."""
    return values if isinstance(values, np.ndarray | list) else list(values.to_list())


def numbers(values: Values) -> Array:
    """Numbers, which alone are reduced and scored, as `contiguous` gives them."""
    if not isinstance(values, np.ndarray):
        raise AssertionError("only numbers are reduced")
    return np.ascontiguousarray(values)


def contiguous(values: Values) -> Values:
    """Arrays laid out plainly, as the extension wants them; no copy if they are already."""
    return np.ascontiguousarray(values) if isinstance(values, np.ndarray) else values
