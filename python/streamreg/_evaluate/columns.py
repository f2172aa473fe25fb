"""Evaluate: what the columns of a batch are made of.

Numbers, booleans and times are NumPy arrays (decimals of three columns), text is the extension's `Text` or a list, and
what a function of unknown type returned is a list. Where values are missing, such a column stands in a `Nullable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._dataclass import dataclass
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


@dataclass(frozen=True, slots=True)
class Nullable:
    """A column of which some values are missing. The extension knows it by the names of its fields."""

    values: Values
    """Anything of the column's type stands in the place of what is missing."""

    missing: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.missing)


Column: TypeAlias = Values | Nullable
"""What a slot of a program holds."""

NUMPY_TYPES: Final[dict[DType, np.dtype[Any]]] = {
    "float": np.dtype(np.float64),
    "int": np.dtype(np.int64),
    "decimal": np.dtype(np.int64),
    "bool": np.dtype(np.bool_),
    "datetime": NUMPY_TIMES["datetime"],
    "timedelta": NUMPY_TIMES["timedelta"],
}


def nullable(values: Values, missing: NDArray[np.bool_] | None) -> Column:
    """The column of which these values are missing."""
    return values if missing is None or not missing.any() else Nullable(values, missing)


def placed(column: Column) -> Values:
    """The values of a column, and what stands in the place of those that are missing."""
    return column.values if isinstance(column, Nullable) else column


def take(values: Values, mask: NDArray[np.bool_], places: NDArray[np.intp]) -> Values:
    """The values for which the mask is true; `places` are its true places, found once for all."""
    if isinstance(values, np.ndarray):
        return values.take(places, axis=0)
    if isinstance(values, list):
        return [value for value, kept in zip(values, mask.tolist(), strict=True) if kept]
    return values.take(mask)


def at(values: Column, places: NDArray[np.uint32]) -> Column:
    """The values at these places, in their order."""
    if isinstance(values, Nullable):
        return nullable(_at(values.values, places), values.missing[places])
    return _at(values, places)


def _at(values: Values, places: NDArray[np.uint32]) -> Values:
    if isinstance(values, np.ndarray):
        return values[places]
    listed = to_list(values)
    return [listed[place] for place in places.tolist()]


def take_rows(column: Column, mask: NDArray[np.bool_], places: NDArray[np.intp]) -> Column:
    """As `take`, of a column with missing values too."""
    if isinstance(column, Nullable):
        return nullable(take(column.values, mask, places), column.missing[places])
    return take(column, mask, places)


def to_list(values: Column) -> Sequence[object]:
    """The values as Python objects: float, int, Decimal, datetime, timedelta, bool, str, bytes; None if missing."""
    if isinstance(values, Nullable):
        pairs = zip(to_list(values.values), values.missing.tolist(), strict=True)
        return [None if missing else value for value, missing in pairs]
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


def portable(values: Column) -> Column:
    """The values in a form that goes to another process: text as a list."""
    if isinstance(values, Nullable):
        return Nullable(_portable(values.values), values.missing)
    return _portable(values)


def _portable(values: Values) -> Values:
    return values if isinstance(values, np.ndarray | list) else list(values.to_list())


def numbers(values: Values) -> Array:
    """Numbers, which alone are reduced and scored, as `contiguous` gives them."""
    if not isinstance(values, np.ndarray):
        raise AssertionError("only numbers are reduced")
    return np.ascontiguousarray(values)


def inputs(column: Column) -> Array | Nullable:
    """What is reduced: numbers, of which some may be missing."""
    if isinstance(column, Nullable):
        return Nullable(numbers(column.values), np.ascontiguousarray(column.missing))
    return numbers(column)


def contiguous(values: Column) -> Column:
    """Arrays laid out plainly, as the extension wants them; no copy if they are already."""
    if isinstance(values, Nullable):
        return Nullable(_contiguous(values.values), np.ascontiguousarray(values.missing))
    return _contiguous(values)


def _contiguous(values: Values) -> Values:
    return np.ascontiguousarray(values) if isinstance(values, np.ndarray) else values
