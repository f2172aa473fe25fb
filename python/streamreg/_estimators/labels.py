"""Estimator, labels: what classes are called, from arrays and tables of any library to the core and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._dataclass import dataclass
from streamreg._estimators.inputs import flat
from streamreg._estimators.numbers import EXACT, Data, entries
from streamreg._types import INT_MAX, INT_MIN, encodable

Label: TypeAlias = bool | int | str

_KINDS: Final = {bool: "booleans", int: "integers", str: "text"}


@dataclass(frozen=True)
class Labels:
    """The labels of rows: those that occur, in order, and for each row the index of its own."""

    distinct: tuple[Label, ...]
    codes: NDArray[np.int64]


def labels(y: Data, rows: int | None, who: str) -> Labels:
    """The labels of `rows` rows: booleans, integers (doubles that are integers too) or text.

    Raises:
        TypeError: if they are of several types, or of another one.
        ValueError: if one is missing or no whole number, or the shape does not fit.
    """
    if y is None:
        raise ValueError(f"{who} requires y to be passed, but the target y is None.")
    if isinstance(y, list | tuple):
        # NumPy by itself would make text of all if one is, and drop zero characters at its end.
        y = np.array(y, dtype=object)
    array = entries(flat(y, len(y) if rows is None else rows, "y"), "y")
    if array.dtype.kind in "OT":
        array = _of_objects(array)
    if array.dtype.kind == "f":
        array = _whole(array)
    if array.dtype.kind == "u" and array.size and int(array.max()) >= 2**63:
        raise ValueError(f"y holds the label {array.max()}, beyond 64-bit integers with a sign")
    if array.dtype.kind == "b" or array.dtype.kind in "iu":
        distinct, codes = np.unique(array, return_inverse=True)
        return Labels(tuple(distinct.tolist()), codes.astype(np.int64))
    if array.dtype.kind == "c":
        raise ValueError("Complex data not supported: y is complex, and labels are not")
    if array.dtype.kind not in "UO":
        raise TypeError(f"Unknown label type: {array.dtype}; labels are text, integers or booleans")
    texts = [str(text) for text in array.tolist()]
    order = {text: code for code, text in enumerate(sorted(set(texts)))}
    for text in order:
        if not encodable(text):
            raise ValueError(
                f"y holds the label {text!r}, with half of a surrogate pair: no encoding has it"
            )
    return Labels(tuple(order), np.array([order[text] for text in texts], dtype=np.int64))


def kind(labels: Sequence[Label]) -> str:
    """What the labels are, which are of one type."""
    return _KINDS[type(labels[0])]


def array_of(labels: Sequence[Label]) -> NDArray[Any]:
    """Labels as users see them: an array of booleans, of 64-bit integers, or of text."""
    # As objects: NumPy's own text drops zero characters at the end.
    return np.array(labels, dtype=object if kind(labels) == "text" else None)


def _of_objects(array: NDArray[Any]) -> NDArray[Any]:
    """Python objects of one type as an array of that type; text stays as it is."""
    values = list(array)
    for value in values:
        if value is None or value is np.ma.masked or type(value).__name__ in ("NAType", "NaTType"):
            raise ValueError("Input y contains NaN (a missing value): drop these rows first")
    if all(isinstance(value, str) for value in values):
        return array.astype(object)
    if all(isinstance(value, bool | np.bool_) for value in values):
        return array.astype(np.bool_)
    times = any(isinstance(value, np.timedelta64) for value in values)  # one of NumPy's integers
    if not times and all(
        isinstance(value, float | np.floating | int | np.integer) for value in values
    ):
        return _of_numbers(values)
    found = sorted({type(value).__name__ for value in values})
    raise TypeError(
        f"Unknown label type: y holds {', '.join(found)}; labels are all text, all integers or all booleans"
    )


def _of_numbers(values: list[Any]) -> NDArray[np.int64]:
    """Integers, and doubles that are integers, none of them rounded."""
    try:
        rounded = np.array(values, dtype=np.float64)
    except OverflowError:
        rounded = np.array([np.finfo(np.float64).max])
    if not (np.abs(rounded) >= EXACT).any():
        return _whole(rounded)
    found = [
        int(_whole(np.array([value]))[0]) if isinstance(value, float | np.floating) else int(value)
        for value in values
    ]
    for value in found:
        if not INT_MIN <= value <= INT_MAX:
            raise ValueError(f"y holds the label {value}, too large: labels are 64-bit integers")
    return np.array(found, dtype=np.int64)


def _whole(array: NDArray[Any]) -> NDArray[np.int64]:
    if np.isnan(array).any():
        raise ValueError("Input y contains NaN: drop these rows first")
    if not np.isfinite(array).all():
        raise ValueError("Input y contains infinity: drop these rows first")
    if (array != np.floor(array)).any() or (np.abs(array) > 2.0**53).any():
        raise ValueError(
            "Unknown label type: continuous. Labels are text, integers or booleans; is y the target of a regression?"
        )
    return array.astype(np.int64)
