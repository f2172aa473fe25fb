"""Evaluate: columns of times: arrays of NumPy's datetime64[us], in UTC, and timedelta64[us].

A datetime lies in the years 1 to 9999, so that Python's has room for it. A timedelta is any 64-bit count of
microseconds but the least, which NumPy takes for "not a time".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._core import time_texts
from streamreg._evaluate.row_errors import RowErrorKind, require
from streamreg._exceptions import ProgramError
from streamreg._types import INT_MAX, INT_MIN

TimeType: TypeAlias = Literal["datetime", "timedelta"]

NUMPY_TIMES: Final[dict[TimeType, np.dtype[Any]]] = {
    "datetime": np.dtype("M8[us]"),
    "timedelta": np.dtype("m8[us]"),
}
RANGE_ERRORS: Final[dict[TimeType, RowErrorKind]] = {
    "datetime": "datetime-range",
    "timedelta": "timedelta-range",
}
SECOND: Final = 1_000_000
"""Microseconds of it."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_RANGES: Final[dict[TimeType, tuple[int, int]]] = {
    "datetime": (-62_135_596_800 * SECOND, 253_402_300_800 * SECOND - 1),
    "timedelta": (INT_MIN + 1, INT_MAX),
}


def is_time(values: NDArray[Any]) -> bool:
    """Whether an array is a column of times."""
    return values.dtype.kind in "Mm"


def micros(values: NDArray[Any]) -> NDArray[np.int64]:
    """The microseconds of a column, in the same memory."""
    return values.view(np.int64)


def of_micros(counts: NDArray[np.int64], kind: TimeType) -> NDArray[Any]:
    """Microseconds as a column, in the same memory.

    Raises:
        BadRowsError: for those that are no such time.
    """
    least, most = _RANGES[kind]
    require((counts < least) | (counts > most), RANGE_ERRORS[kind])
    return counts.view(NUMPY_TIMES[kind])


def from_objects(values: Sequence[object], kind: TimeType) -> NDArray[Any]:
    """Objects of `datetime` with a tzinfo, or of `timedelta`, as a column.

    Raises:
        BadRowsError: for those that are out of range.
    """
    counts = [_count(value) for value in values]
    least, most = _RANGES[kind]
    bad = np.fromiter((not least <= count <= most for count in counts), np.bool_, len(counts))
    require(bad, RANGE_ERRORS[kind])
    return np.array(counts, np.int64).view(NUMPY_TIMES[kind])


def to_objects(values: NDArray[Any]) -> list[object]:
    """A column as objects of `datetime` in UTC, or of `timedelta`."""
    listed: list[Any] = values.tolist()
    if values.dtype.kind == "m":
        return listed
    return [value.replace(tzinfo=UTC) for value in listed]


def iso_text(value: datetime | timedelta) -> str:
    """One time as files have it."""
    (text,) = time_texts(
        from_objects([value], "datetime" if isinstance(value, datetime) else "timedelta")
    )
    return text


def in_range(value: object) -> bool:
    """Whether an object of Python is a time that a column holds; a datetime has a tzinfo."""
    least, most = _RANGES["datetime" if isinstance(value, datetime) else "timedelta"]
    return least <= _count(value) <= most


def is_naive(value: object) -> bool:
    """Whether it is a `datetime` that does not say in which time zone."""
    return isinstance(value, datetime) and value.utcoffset() is None


def constant(value: object) -> datetime | timedelta:
    """A time that a program has written: of Python or of NumPy, whose datetimes are in UTC.

    Raises:
        ProgramError: if no column holds it, or it is a `datetime` without a tzinfo.
    """
    if isinstance(value, np.datetime64 | np.timedelta64):
        return _of_numpy(value)
    if is_naive(value):
        raise ProgramError(
            f"the constant {value!r} has no time zone: give it one, like datetime(…, tzinfo=UTC)"
        )
    if not in_range(value):
        raise ProgramError(f"the constant {value!r} does not fit in 64 bits of microseconds")
    if isinstance(value, datetime):
        return _EPOCH + _count(value) * _MICROSECOND
    return _count(value) * _MICROSECOND


def _of_numpy(value: np.datetime64 | np.timedelta64) -> datetime | timedelta:
    """Raises ProgramError if it is not that of a whole number of microseconds."""
    kind: TimeType = "datetime" if isinstance(value, np.datetime64) else "timedelta"
    try:
        exact = value.astype(NUMPY_TIMES[kind])
        # Another unit is not compared as it is: NumPy wraps what goes beyond its 64 bits.
        same = exact.astype(value.dtype).view(np.int64) == value.view(np.int64)
        least, most = _RANGES[kind]
        # Years and months have no fixed length.
        fixed = kind == "datetime" or np.datetime_data(value.dtype)[0] not in ("Y", "M")
        fits = fixed and bool(same) and least <= int(exact.view(np.int64)) <= most
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise ProgramError(
            f"the constant {value!r} is no {kind} in 64 bits of whole microseconds"
        ) from None
    (found,) = to_objects(np.array([exact]))
    assert isinstance(found, datetime | timedelta)
    return found


def _count(value: Any) -> int:  # noqa: ANN401  # a datetime or a timedelta
    """Its microseconds, since 1970-01-01T00:00Z."""
    delta = value - _EPOCH if isinstance(value, datetime) else value
    count: int = delta // _MICROSECOND
    return count
