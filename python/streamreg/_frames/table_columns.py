"""Source, frames: a data frame of any library, or arrays by name, as columns of a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from streamreg._exceptions import ConfigurationError
from streamreg._frames.cells import cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamreg._formats.columns import Cells
    from streamreg._types import SourceType

_UNITS: Final = {"s": "ms", "ms": "ms", "us": "us", "ns": "ns"}
"""The units of datetimes in tables, and in which narwhals counts them."""

Given = tuple["NDArray[Any]", "NDArray[np.bool_] | None"]
"""The entries of a column, and which of them are missing."""


def frame_columns(data: Any, columns: Mapping[str, SourceType]) -> tuple[dict[str, Cells], int]:  # noqa: ANN401  # a frame of any library
    """The columns of a schema, and how many rows there are.

    Raises:
        ConfigurationError: if it is no frame, has no such column, or one of another type.
        ImportError: if it is a table, and narwhals is not installed.
    """
    given = _arrays(data) if isinstance(data, Mapping) else table_arrays(data, columns)
    absent = [name for name in columns if name not in given]
    if absent:
        raise ConfigurationError(
            f"the frame has no column {absent[0]!r}: it has {', '.join(map(repr, given))}"
        )
    lengths = {name: len(given[name][0]) for name in columns}
    if len(set(lengths.values())) > 1:
        raise ConfigurationError(f"the columns of the frame are of different lengths: {lengths}")
    found = {name: cells(name, kind, *given[name]) for name, kind in columns.items()}
    return found, next(iter(lengths.values()))


def _arrays(data: Mapping[Any, Any]) -> dict[str, Given]:
    found = {}
    for name, values in data.items():
        missing = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
        found[name] = np.asarray(values), missing
    return found


def table_arrays(data: Any, columns: Mapping[str, SourceType]) -> dict[str, Given]:  # noqa: ANN401  # a frame of any library
    """The columns of a table that a schema has.

    Raises:
        ConfigurationError: if it is none, or a column holds what no type of a schema is.
        ImportError: if narwhals is not installed.
    """
    try:
        import narwhals as nw  # Only whoever brings a table needs it.
    except ImportError as error:
        raise ImportError(
            "tables are read by way of narwhals: pip install 'streamreg[tables]', or give a dict of arrays"
        ) from error
    table = nw.from_native(data, pass_through=True)
    if not isinstance(table, nw.DataFrame):
        raise ConfigurationError(
            "expected a table of pandas, polars or Arrow in memory, or a dict of NumPy arrays, found "
            f"{type(data).__name__}"
        )
    return {name: _entries(name, table[name]) for name in table.columns if name in columns}


def _entries(name: str, series: Any) -> Given:  # noqa: ANN401  # narwhals' series
    import narwhals as nw

    missing = series.is_null().to_numpy().astype(np.bool_)
    dtype = series.dtype
    if dtype == nw.Datetime:
        if dtype.time_zone is None:
            raise ConfigurationError(
                f"{name}: its times have no time zone, so that it is not known when they are: give them one"
            )
        unit = _UNITS[dtype.time_unit]
        counts = series.dt.timestamp(unit).fill_null(0).to_numpy()
        return np.ascontiguousarray(counts, np.int64).view(f"M8[{unit}]"), missing
    if dtype == nw.Date:
        raise ConfigurationError(
            f"{name}: its dates have no time zone: make them times that have one"
        )
    if dtype.is_nested():
        raise ConfigurationError(f"{name}: it is nested ({dtype}): take out of it what is needed")
    if dtype == nw.Duration:
        return series.to_numpy(), missing
    if dtype == nw.Boolean:
        return series.fill_null(value=False).to_numpy(), missing
    if dtype.is_numeric() and not dtype.is_decimal():
        return series.fill_null(0).to_numpy(), missing
    entries = np.empty(len(series), object)
    entries[:] = series.to_list()
    return entries, missing
