"""Serve, texts: values that clients give as text in a query, and columns of one row made of them."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._core import decimals, micros_of_texts
from streamreg._evaluate import times
from streamreg._sinks.cells import lines_of, value_of
from streamreg._types import INT_MAX, INT_MIN, DType

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_MOST_LETTERS: Final = 800
"""Of a number: the exact value of a double has fewer digits."""

Cell: TypeAlias = str | int | float | bool | datetime | timedelta | None


def value_of_text(text: str | None, dtype: str) -> Cell:
    """The value of a key; None is a missing value, and so is an empty text, but of text.

    Raises:
        ValueError: if it is no such value.
    """
    if text is None:
        return None
    if dtype == "str":
        return text
    if not text:
        return None
    if dtype == "int":
        return whole_number(text)
    if dtype == "float":
        return double(text) + 0.0  # A window begins and ends at 0.0, never at -0.0.
    if dtype == "bool":
        if text.lower() not in ("true", "false"):
            raise ValueError(f"expected true or false, found {text[:40]!r}")
        return text.lower() == "true"
    if dtype in ("datetime", "timedelta"):
        (value,) = times.to_objects(_times(text, dtype))
        if isinstance(value, datetime | timedelta):
            return value
    raise ValueError(f"values of the type {dtype} cannot be asked for")


def cell_of(text: str | None, dtype: DType) -> bytes:
    """The cell, as CSV has it, of a value that a client gives as text. Raises ValueError if it is no such value."""
    return _cell(value_of_text(text, dtype))


def is_cell(cell: bytes, dtype: DType) -> bool:
    """Whether a run can have written such a cell in a column of this type."""
    try:
        return _cell(value_of(cell, dtype)) == cell
    except (ValueError, TypeError, ArithmeticError):
        return False


def _cell(value: object) -> bytes:
    ((line,),) = lines_of([((value,), 0, 1)])
    return line.rsplit(b",", 2)[0]


def number_column(text: str, kind: str) -> NDArray[Any]:
    """A number as a column of one row: the very number that the text has, or for a float the nearest double.

    Raises:
        ValueError: if it is none.
    """
    if kind in ("datetime", "timedelta"):
        return _times(text, kind)
    if kind == "int":
        return np.array([whole_number(text)], np.int64)
    if kind == "decimal":
        words, bad = decimals([_checked(text)])
        if bad[0]:
            raise ValueError(f"no decimal that can be kept exactly: {text[:40]!r}")
        return words
    return np.array([double(text)])


def whole_number(text: str) -> int:
    """An integer of 64 bits. Raises ValueError if it is none."""
    number = int(text) if _INTEGER.fullmatch(text) else INT_MAX + 1
    if not INT_MIN <= number <= INT_MAX:
        raise ValueError(f"expected an integer of 64 bits, found {text[:40]!r}")
    return number


def double(text: str) -> float:
    """The double that is nearest to a number. Raises ValueError if it is none, or too large."""
    number = float(_checked(text))
    if not math.isfinite(number):
        raise ValueError(f"too large for a double: {text[:40]!r}")
    return number


def _checked(text: str) -> str:
    if len(text) > _MOST_LETTERS or not _NUMBER.fullmatch(text):
        raise ValueError(f"expected a number, found {text[:40]!r}")
    return text


def _times(text: str, kind: str) -> NDArray[Any]:
    if kind == "datetime":
        counts, bad = micros_of_texts("datetime", [text])
        if not bad[0]:
            return times.of_micros(counts, "datetime")
        raise ValueError(
            f"expected a time with an offset from UTC, as ISO 8601 has it, found {text[:40]!r}"
        )
    counts, bad = micros_of_texts("timedelta", [text])
    if bad[0]:
        raise ValueError(f"expected a duration, as ISO 8601 has it, found {text[:40]!r}")
    return times.of_micros(counts, "timedelta")
