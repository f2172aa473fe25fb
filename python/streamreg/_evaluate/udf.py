"""Evaluate: Python functions called on each row by `apply`.

The value it returns is checked here against the type it was declared with: a wrong type is a
mistake of the program, and ends the run. What the function raises goes up with a note that tells
which row it was.
"""

from __future__ import annotations

import functools
import inspect
import reprlib
import typing
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from streamreg._exceptions import ProgramError
from streamreg._types import PYTHON_TYPES, DType, dtype_of, encodable, optional_dtype_of

_WRITABLE: Final[tuple[type[Any], ...]] = (
    bool,
    int,
    float,
    Decimal,
    str,
    bytes,
    datetime,
    timedelta,
)

_NOTE: Final = "raised in sr.apply for the row"
_LONGEST: Final = 500
"""Characters of an error's message that a reject keeps."""


class RowFunction:
    """A function, how its arguments are given, and the type that it is declared to return."""

    __slots__ = ("dtype", "function", "keywords", "name", "optional", "rejects")

    def __init__(
        self,
        function: Callable[..., object],
        dtype: DType,
        keywords: tuple[str, ...],
        *,
        rejects: bool = False,
        optional: bool = False,
    ) -> None:
        """`keywords` are the names of the last arguments; `rejects` says that what it raises concerns its row alone.

        `optional` says that it may return None for a row of the source.
        """
        self.rejects = rejects
        self.optional = optional
        self.function = function
        self.name = function_name(function)
        self.dtype: DType = dtype
        self.keywords = keywords

    def __repr__(self) -> str:
        return f"RowFunction({self.name}, {self.dtype}, {self.keywords})"

    def values(
        self, rows: Iterable[tuple[object, ...]], column: str, *, may_miss: bool
    ) -> list[object]:
        """The function's value for each row of arguments, of the declared type.

        Raises:
            Exception: whatever the function raises, with a note about the row.
            TypeError: if a value is of another type than declared, or is text that no file can hold.
        """
        function, keywords = self.function, self.keywords
        values: list[object] = []
        row: tuple[object, ...] = ()
        try:
            if keywords:
                for row in rows:
                    split = len(row) - len(keywords)
                    named = dict(zip(keywords, row[split:], strict=True))
                    values.append(function(*row[:split], **named))
            else:
                for row in rows:
                    values.append(function(*row))
        except (Exception, SystemExit) as error:
            error.add_note(f"{_NOTE} {self.name}({self._shown(row)})")
            raise
        types = {PYTHON_TYPES.get(found) for found in set(map(type, values))}
        # A datetime is one of a column only with a tzinfo.
        if types != {self.dtype} or self.dtype == "datetime":
            values = [self._checked(value, column, may_miss=may_miss) for value in values]
        if self.dtype in ("str", "any"):
            self._check_texts([value for value in values if isinstance(value, str)], column)
        return values

    def tried(
        self, rows: Iterable[tuple[object, ...]], column: str, *, may_miss: bool
    ) -> tuple[list[object], dict[int, str]]:
        """The function's values, None where it raises, and by row what that was.

        Raises:
            TypeError: as `values`: a wrong type is a mistake of the program, not of a row.
        """
        values: list[object] = []
        failures: dict[int, str] = {}
        split = -len(self.keywords) or None
        for index, row in enumerate(rows):
            named = dict(zip(self.keywords, row[split:], strict=True)) if split else {}
            try:
                value = self.function(*row[:split], **named)
            except Exception as error:
                failures[index] = f"{self.name} raises {_described(error)}"
                values.append(None)
            else:
                values.append(self._checked(value, column, may_miss=may_miss))
        if self.dtype in ("str", "any"):
            self._check_texts([value for value in values if isinstance(value, str)], column)
        return values, failures

    def _shown(self, row: tuple[object, ...]) -> str:
        split = len(row) - len(self.keywords)
        shown = [reprlib.repr(value) for value in row[:split]]
        shown += [
            f"{name}={reprlib.repr(value)}"
            for name, value in zip(self.keywords, row[split:], strict=True)
        ]
        return ", ".join(shown)

    def _checked(self, value: object, column: str, *, may_miss: bool) -> object:
        """The value as the declared type; an int will do for a float or a decimal, None where it may miss."""
        import numpy as np  # late: building a program needs none of it, and the import is slow

        if isinstance(value, np.datetime64 | np.timedelta64):
            value = self._time_of_numpy(value, column)
        elif isinstance(value, np.generic):
            value = value.item()
        if value is None and (may_miss or self.dtype == "any"):
            return None
        for python in _WRITABLE:
            if isinstance(value, python):
                found = PYTHON_TYPES[python]
                if self.dtype in (found, "any"):
                    if isinstance(value, datetime | timedelta):
                        return self._time(value, column)
                    return value if type(value) is python else python(value)
                if self.dtype == "float" and python is int:
                    return nearest_double(int(value))
                if self.dtype == "decimal" and python is int:
                    return Decimal(int(value))
                break
        declared = (
            "a float, int, Decimal, bool, str, bytes, datetime, timedelta or None"
            if self.dtype == "any"
            else self.dtype
        )
        raise TypeError(
            f"column {column}: {self.name} should return {declared}, but returned "
            f"{reprlib.repr(value)}, which is {type(value).__name__}"
        )

    def _time(self, value: datetime | timedelta, column: str) -> datetime | timedelta:
        from streamreg._evaluate import times  # late: it brings NumPy

        wrong = f"column {column}: {self.name} returned {value!r}"
        if times.is_naive(value):
            raise TypeError(f"{wrong}, which has no tzinfo, so that its time zone is not known")
        if self.dtype == "any" and not times.in_range(value):
            raise TypeError(f"{wrong}, which does not fit in 64 bits of microseconds")
        return value

    def _time_of_numpy(self, value: object, column: str) -> datetime | timedelta:
        from streamreg._evaluate import times  # late: it brings NumPy

        try:
            return times.constant(value)
        except ProgramError as error:
            raise TypeError(f"column {column}: {self.name} returned {error}") from None

    def _check_texts(self, texts: list[str], column: str) -> None:
        # All at once, and one by one only where one is bad.
        if not encodable("".join(texts)):
            bad = next(text for text in texts if not encodable(text))
            raise TypeError(
                f"column {column}: {self.name} should return text, but returned {reprlib.repr(bad)}, which holds "
                "half of a surrogate pair"
            )


def is_of_function(error: BaseException) -> bool:
    """Whether an error was raised by a function, of whatever type it is."""
    return any(str(note).startswith(_NOTE) for note in getattr(error, "__notes__", ()))


def _described(error: Exception) -> str:
    """Type and message of what a function has raised, on one line that any file can hold."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # its own __str__ may raise whatever it likes
        text = ""
    text = text[:_LONGEST].encode("utf-8", "backslashreplace").decode()
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def nearest_double(value: int) -> float:
    """An integer of any size as the nearest double, an infinity beyond the largest."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def function_name(function: object) -> str:
    """How messages call a function."""
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", None) or type(function).__name__)


def returned_type(function: Callable[..., object]) -> tuple[DType, bool]:
    """The type that a function's return annotation declares, or `any`, and whether it may return None instead."""
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, type):
        return dtype_of(function) or "any", False
    target = function if hasattr(function, "__annotations__") else type(function).__call__
    try:
        annotation = typing.get_type_hints(target).get("return")
    except Exception:  # other annotations may name what exists for type checkers only
        annotation = getattr(target, "__annotations__", {}).get("return")
    return optional_dtype_of(annotation) or ("any", False)


def check_call(function: Callable[..., object], positional: int, keywords: tuple[str, ...]) -> None:
    """Find out before the run whether a function takes the arguments it is to be given.

    Raises:
        ProgramError: if it is no function, is asynchronous, or does not take these arguments.
    """
    if not callable(function):
        raise ProgramError(f"apply takes a function first, but {function!r} is none")
    name = function_name(function)
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise ProgramError(
            f"apply({name}): a function that returns its value is wanted (no async, no yield)"
        )
    try:
        parameters = inspect.signature(function)
    except (TypeError, ValueError):  # some builtins do not tell
        return
    try:
        parameters.bind(*[None] * positional, **dict.fromkeys(keywords))
    except TypeError as error:
        raise ProgramError(f"apply({name}): {error}") from None
