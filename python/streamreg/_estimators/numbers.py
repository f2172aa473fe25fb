"""Estimator, inputs: one column of numbers of any type, exactly or not at all.

A column becomes doubles, 64-bit integers or decimals with the very values that it had. What would have to be rounded,
is missing, or is no number is refused by the name of the column.
"""

from __future__ import annotations

import warnings
from decimal import Decimal
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._core import decimals, nearest_doubles
from streamreg._types import INT_MAX, INT_MIN

Column: TypeAlias = NDArray[np.float64] | NDArray[np.int64]
"""Of one dimension; decimals are rows of three words."""

Data: TypeAlias = Any
"""An array or a table, of a library that need not be there."""

EXACT: Final = 2.0**53
"""All integers up to here are doubles; beyond, NumPy may have rounded them on the way to doubles."""

_BY_OBJECT: Final = ("Int128", "UInt128", "Decimal")
"""Types of a table's columns that NumPy does not have: their numbers are looked at one by one."""

_TIMES: Final = "mM"


def column(values: Data, name: str, *, exact: bool = True) -> Column:
    """One column of numbers: an array of one dimension, or a series of a table.

    Raises:
        TypeError: if it holds what is no number; or decimals, where not `exact`: classifiers do not take them.
        ValueError: if a number is missing, infinite, complex or not exactly a double or a 64-bit integer.
    """
    array = entries(values, name)
    if array.dtype.kind == "O":
        array = _of_objects(array, name)
        if array.ndim > 1 and not exact:
            raise TypeError(
                f"{name} holds decimals, which classifiers do not take: make them doubles first, with astype(float)"
            )
    kind = array.dtype.kind
    if kind == "c":
        raise ValueError(f"Complex data not supported: {name} is of type {array.dtype}")
    if kind in "bi":
        return np.ascontiguousarray(array, dtype=np.int64)
    if kind == "u":
        if array.size and int(array.max()) > INT_MAX:
            raise ValueError(f"{name} holds {array.max()}, beyond 64-bit integers with a sign")
        return np.ascontiguousarray(array, dtype=np.int64)
    if kind == "f":
        return _finite(array, name)
    raise _no_numbers(name, str(array.dtype), time=kind in _TIMES)


def entries(values: Data, name: str) -> NDArray[Any]:
    """The entries of an array, or of a series of a table, of which none is missing.

    Raises:
        TypeError: if entries are no single values.
        ValueError: if one is missing in the series, or masked in the array.
    """
    described = ""
    if hasattr(values, "null_count") and not isinstance(values, np.ndarray):
        if values.null_count():
            raise _missing(name, "a missing value")
        described = str(values.dtype)
        if described.startswith(_BY_OBJECT):
            return _objects(values.to_list())
        values = values.to_numpy()
    if isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
        raise _missing(name, "a masked value")
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.names is not None:
        raise _no_numbers(
            name, described or f"entries of the shape {array.shape[1:]}, {array.dtype}"
        )
    return array


def array_of(values: Data, name: str) -> NDArray[Any]:
    """An array as NumPy makes it, but with Python's objects where it would round integers.

    Raises:
        ValueError: if rows are of different lengths.
    """
    if isinstance(values, np.ma.MaskedArray):
        return values
    listed = isinstance(values, list | tuple)
    if listed and any(isinstance(row, np.ma.MaskedArray) and row.mask.any() for row in values):
        raise _missing(name, "a masked value")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Warning: converting a masked element to nan")
            array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} is no array of numbers: {error}") from error
    if listed and array.dtype.kind == "f" and (np.abs(array) >= EXACT).any():
        return np.array(values, dtype=object)
    return array


def _objects(values: list[Any]) -> NDArray[np.object_]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _missing(name: str, what: str) -> ValueError:
    return ValueError(f"{name} contains NaN ({what}): drop or fill these rows first")


def _no_numbers(name: str, what: str, *, time: bool = False) -> TypeError:
    remedy = ": make times numbers first, such as seconds since a moment" if time else ""
    return TypeError(f"{name} must hold numbers, not {what}{remedy}")


def _finite(array: NDArray[Any], name: str) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        doubles = np.ascontiguousarray(array, dtype=np.float64)
    if not np.isfinite(doubles).all():
        found = "NaN" if np.isnan(doubles).any() else "infinity or a value too large for a double"
        raise ValueError(f"Input {name} contains {found}: drop or replace these rows first")
    if array.dtype.itemsize > doubles.dtype.itemsize and (doubles != array).any():
        raise ValueError(
            f"{name} is of type {array.dtype} and holds numbers that are no doubles; round them with "
            "astype(float) first"
        )
    return doubles


def is_decimal(values: Column) -> bool:
    """Whether a column holds decimals: it has three words for each then, as the core takes them."""
    return values.ndim > 1


def doubles(values: Column) -> NDArray[np.float64]:
    """A column as doubles, each number rounded to the nearest."""
    if is_decimal(values):
        return nearest_doubles(values.astype(np.int64, copy=False))
    return values.astype(np.float64)


def _of_objects(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Python objects: integers if they all are, decimals if one is, else doubles.

    Raises:
        TypeError: if one is no number.
        ValueError: if one is missing, an integer has more than 64 bits, a decimal more than 34 digits, or another
            number is no double.
    """
    values = [_checked(value, name) for value in array]
    if any(isinstance(value, Decimal) for value in values):
        return _of_decimals(values, name)
    if all(isinstance(value, int) for value in values):
        for value in values:
            if not INT_MIN <= value <= INT_MAX:
                raise ValueError(f"{name} holds {value}, too large for a 64-bit integer")
        return np.array(values, dtype=np.int64)
    return np.array([_double(value, name) for value in values], dtype=np.float64)


def _checked(value: Any, name: str) -> Any:  # noqa: ANN401  # whatever users bring
    """A number, integers as Python's own.

    Raises:
        TypeError: if it is none.
        ValueError: if it is missing or complex.
    """
    if isinstance(value, float | Decimal):
        return value
    # A timedelta64 is one of NumPy's integers.
    if isinstance(value, int | np.integer | np.bool_) and not isinstance(value, np.timedelta64):
        return int(value)
    if value is None or value is np.ma.masked or type(value).__name__ in ("NAType", "NaTType"):
        raise _missing(name, "a missing value")
    if isinstance(value, complex | np.complexfloating):
        raise ValueError(f"Complex data not supported: {name} holds {value!r:.50}")
    time = isinstance(value, np.datetime64 | np.timedelta64) or hasattr(value, "isoformat")
    text = isinstance(value, str | bytes | bytearray)
    if time or text or np.ndim(value) or not hasattr(value, "__float__"):
        described = f"{type(value).__name__} {value!r:.50}"
        if time:
            raise _no_numbers(name, described, time=True)
        raise TypeError(
            "argument must be a string or a real number, and for streamreg a number: "
            f"{name} holds {described}"
        )
    return value


def _double(value: Any, name: str) -> float:  # noqa: ANN401  # a number of any library
    """A number as a double.

    Raises:
        ValueError: if it is none.
    """
    try:
        found = float(value)
        same = bool(found == value) or bool(value != value)
    except OverflowError:
        found, same = np.inf, False
    if not same:
        raise ValueError(
            f"{name} holds {value!r:.60} of the type {type(value).__name__} beside others, which is no double: round "
            "it first, or bring integers in a column of their own"
        )
    return found


def _of_decimals(values: list[Any], name: str) -> NDArray[np.int64]:
    for value in values:
        if not isinstance(value, Decimal | int):
            if value != value:
                raise _missing(name, "a missing value")
            raise TypeError(f"{name} holds {value!r} beside decimals: make all of them Decimal")
    words, bad = decimals([str(value) for value in values])
    if bad.any():
        value = values[bad.argmax()]
        if isinstance(value, Decimal) and not value.is_finite():
            raise ValueError(f"Input {name} contains {value}: drop or replace these rows first")
        raise ValueError(
            f"{name} holds {value}: a decimal has up to 34 digits, and an exponent within ±400"
        )
    return words
