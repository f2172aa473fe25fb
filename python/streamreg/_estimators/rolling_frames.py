"""Estimator, rolling: frames of every kind as columns with gaps, and results as a frame of the same kind."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streamreg._dataclass import dataclass
from streamreg._estimators.inputs import table_of
from streamreg._estimators.numbers import Column, Data, array_of, column, entries, is_decimal
from streamreg._estimators.rolling_window import NANOSECONDS, On

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

_UNITS: Final = {"s": "ms", "ms": "ms", "us": "us", "ns": "ns"}
"""The units of times in tables, and in which narwhals counts them."""


@dataclass(frozen=True)
class Results:
    """A column of results, and whether it counts something."""

    name: Any
    values: Floats
    counts: bool


class Frame:
    """An array of two dimensions, a dict of arrays, or a table of any library."""

    def __init__(self, data: Data) -> None:
        """Looks at what it is.

        Raises:
            TypeError: if it is none of these.
            ValueError: if its columns are of different lengths.
        """
        self._data = data
        self._table = None
        if isinstance(data, Mapping):
            self._columns = {name: array_of(values, repr(name)) for name, values in data.items()}
        elif isinstance(data, np.ndarray) and data.ndim == 2 and data.dtype.names is None:
            self._columns = {at: data[:, at] for at in range(data.shape[1])}
        else:
            self._table = None if isinstance(data, np.ndarray) else table_of(data, "frame")
            if self._table is None:
                raise TypeError(
                    "frame: expected a table of pandas, polars or Arrow, a dict of arrays or an array of two "
                    f"dimensions, found {type(data).__name__}"
                )
            series = self._table.iter_columns()
            self._columns = dict(zip(self._table.columns, series, strict=True))
        self.rows = self._length()

    def _length(self) -> int:
        if self._table is not None:
            return len(self._table)
        if isinstance(self._data, np.ndarray):
            return len(self._data)
        lengths = {name: len(values) for name, values in self._columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"frame: the columns are of different lengths: {lengths}")
        return next(iter(lengths.values()), 0)

    def _found(self, name: object, what: str) -> Data:
        if not isinstance(name, Hashable) or name not in self._columns:
            there = ", ".join(repr(name) for name in list(self._columns)[:20])
            raise ValueError(
                f"{what}: the frame has no column {name!r:.80}; its columns are {there}"
            )
        return self._columns[name]

    def numbers(self, name: object, what: str) -> tuple[Column, Mask | None]:
        """A column of numbers, and which of them are there; None for all.

        Raises:
            TypeError: if it holds what is no number.
            ValueError: if there is no such column, or a number is complex, or not exactly a double, a 64-bit integer
                or a decimal.
        """
        values, title = self._found(name, what), f"frame[{name!r}]"
        there = _there(values)
        array = entries(_kept(values, there), title)
        if there is None and array.dtype == np.float64:
            return np.ascontiguousarray(array), None  # the core finds those that are not finite
        finite = _finite(array)
        if finite is not None:
            array = array[finite]
            there = _within(there, finite)
        found = column(array, title)
        return (found, None) if there is None else (_spread(found, there), there)

    def times(self, name: object) -> On:
        """A column of times or numbers, none missing.

        Raises:
            TypeError: if it holds neither.
            ValueError: if there is no such column, or an entry is missing.
        """
        values, title = self._found(name, "on"), f"frame[{name!r}]"
        there = _there(values)
        if there is not None and not there.all():
            raise ValueError(f"on: {name!r} is missing in row {int(np.argmin(there))}")
        times = _times(values)
        if times is not None:
            return On(*times, name)
        found = column(values, title)
        if is_decimal(found):
            raise TypeError(f"on: {name!r} holds decimals: make them integers or doubles")
        return On(found, None, name)

    def groups(self, names: Sequence[object]) -> NDArray[np.int64]:
        """The number of the group of each row; what is missing is a group of its own."""
        codes = np.zeros(self.rows, dtype=np.int64)
        for name in names:
            own = _codes(self._found(name, "by"), name)
            both = codes * (int(own.max(initial=0)) + 1) + own
            codes = np.unique(both, return_inverse=True)[1].reshape(-1).astype(np.int64)
        return codes

    def made(self, results: Sequence[Results], step: int) -> Any:  # noqa: ANN401  # a frame of any library
        """The results as a frame of the same kind, for the rows of each `step`-th place."""
        if self._table is None:
            if isinstance(self._data, np.ndarray):
                return np.column_stack([result.values for result in results])
            return {result.name: result.values for result in results}
        native, space = self._table.to_native(), self._table.__native_namespace__()
        if self._table.implementation.is_polars():
            series = [space.Series(one.name, one.values, nan_to_null=True) for one in results]
            return space.DataFrame(
                [
                    own.cast(space.Int64) if one.counts else own
                    for own, one in zip(series, results, strict=True)
                ]
            )
        if self._table.implementation.is_pyarrow():
            arrays = [space.array(one.values, mask=np.isnan(one.values)) for one in results]
            arrays = [
                own.cast(space.int64()) if one.counts else own
                for own, one in zip(arrays, results, strict=True)
            ]
            return space.Table.from_arrays(arrays, names=[one.name for one in results])
        columns = {one.name: one.values for one in results}
        return space.DataFrame(columns, index=native.index[::step])


def _there(values: Data) -> Mask | None:
    """Which entries are not missing, if some are."""
    if isinstance(values, np.ma.MaskedArray):
        missing = np.ma.getmaskarray(values)
    elif hasattr(values, "null_count") and not isinstance(values, np.ndarray):
        if not values.null_count():
            return None
        missing = values.is_null().to_numpy()
    else:
        array = np.asarray(values)
        if array.dtype.kind in "mM":
            missing = np.isnat(array)
        elif array.dtype.kind == "O":
            missing = np.array([_is_missing(value) for value in array.reshape(-1)], dtype=bool)
        else:
            return None
    return np.asarray(~missing) if missing.any() else None


def _kept(values: Data, there: Mask | None) -> Data:
    """The entries that are not missing."""
    if there is None:
        return values
    return values.filter(there.tolist()) if hasattr(values, "null_count") else values[there]


def _is_missing(value: object) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value is np.ma.masked


def _finite(array: NDArray[Any]) -> Mask | None:
    """Which numbers are finite, if some are not."""
    if array.dtype.kind == "f":
        finite = np.isfinite(array)
    elif array.dtype.kind == "O":
        finite = np.array([_is_finite(value) for value in array], dtype=bool)
    else:
        return None
    return None if finite.all() else finite


def _is_finite(value: Any) -> bool:  # noqa: ANN401  # whatever users bring
    own = getattr(value, "is_finite", None)  # a Decimal's
    if callable(own):
        return bool(own())
    return not isinstance(value, float | np.floating) or bool(np.isfinite(value))


def _within(there: Mask | None, own: Mask) -> Mask:
    """Which of all are there, if of those that were only these are."""
    if there is None:
        return own
    found = there.copy()
    found[there] = own
    return found


def _spread(found: Column, there: Mask) -> Column:
    """A column in its places, with zeros between."""
    spread = np.zeros((len(there), *found.shape[1:]), dtype=found.dtype)
    spread[there] = found
    return spread


def _times(values: Data) -> tuple[NDArray[np.int64], int] | None:
    """Times as integers, and the nanoseconds of one; None for what holds no times."""
    if hasattr(values, "null_count") and not isinstance(values, np.ndarray):
        import narwhals as nw  # there is one of its series

        if values.dtype == nw.Date:
            values = values.cast(nw.Datetime("ms"))
        if values.dtype != nw.Datetime:
            return None
        unit = _UNITS[values.dtype.time_unit]
        counted = values.dt.timestamp(unit).to_numpy()
        return np.ascontiguousarray(counted, dtype=np.int64), NANOSECONDS[unit]
    array = np.asarray(values)
    if array.dtype.kind != "M":
        return None
    unit, count = np.datetime_data(array.dtype)
    if count != 1 or unit not in _UNITS:
        array, unit = array.astype("M8[s]"), "s"
    return np.ascontiguousarray(array).view(np.int64), NANOSECONDS[unit]


def _codes(values: Data, name: object) -> NDArray[np.int64]:
    """A number for each entry, the same for equal ones."""
    there = _there(values)
    present = _kept(values, there)
    array = np.asarray(present.to_numpy() if hasattr(present, "to_numpy") else present)
    if array.ndim != 1:
        raise ValueError(f"by: {name!r} holds no single values")
    if array.dtype.kind == "O":
        numbers: dict[Any, int] = {}
        try:
            found = np.array(
                [numbers.setdefault(value, len(numbers)) for value in array], dtype=np.int64
            )
        except TypeError as error:
            raise TypeError(f"by: {name!r} holds what is no key: {error}") from error
    else:
        found = np.unique(array, return_inverse=True)[1].astype(np.int64)
    if there is None:
        return found
    codes = np.zeros(len(there), dtype=np.int64)
    codes[there] = found + 1
    return codes
