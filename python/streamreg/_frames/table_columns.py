"""Source, frames: a data frame of any library, or arrays by name, as columns of a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from streamreg._exceptions import ConfigurationError
from streamreg._frames.cells import cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamreg._formats.columns import Cells
    from streamreg._types import SourceType

Given = tuple["NDArray[Any]", "NDArray[np.bool_] | None"]
"""The entries of a column, and which of them are missing."""


def frame_columns(data: Any, columns: Mapping[str, SourceType]) -> tuple[dict[str, Cells], int]:  # noqa: ANN401  # a frame of any library
    """The columns of a schema, and how many rows there are.

    Raises:
        ConfigurationError: if it is no frame, has no such column, or one of another type.
        ImportError: if it is a table, and narwhals is not installed.
    """
    if isinstance(data, Mapping):
        names = list(data)
        given = {name: _array(name, data[name]) for name in columns if name in data}
    else:
        names, given = table_arrays(data, columns)
    absent = [name for name in columns if name not in given]
    if absent:
        raise ConfigurationError(
            f"the frame has no column {absent[0]!r}: it has {', '.join(map(repr, names))}"
        )
    lengths = {name: len(given[name][0]) for name in columns}
    if len(set(lengths.values())) > 1:
        raise ConfigurationError(f"the columns of the frame are of different lengths: {lengths}")
    found = {name: cells(name, kind, *given[name]) for name, kind in columns.items()}
    return found, next(iter(lengths.values()))


def _array(name: str, values: Any) -> Given:  # noqa: ANN401  # what NumPy takes for an array
    missing = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    try:
        entries = np.asarray(values)
    except ValueError as error:
        raise ConfigurationError(
            f"{name}: expected single values of one type: {' '.join(str(error).split())}"
        ) from None
    if entries.ndim == 0:
        raise ConfigurationError(
            f"{name}: expected an array or a list, found {type(values).__name__}"
        )
    if entries.dtype.kind in "mM":
        gone = np.isnat(entries)
        missing = gone if missing is None else missing | gone
    elif not isinstance(values, np.ndarray) and (entries.dtype.kind in "US" or not len(entries)):
        # NumPy's own kinds of text cut the zeros at its end, and nothing is a column of any type.
        entries = np.empty(len(entries), object)
        entries[:] = list(values)
    return entries, missing


def table_arrays(
    data: Any,  # noqa: ANN401  # a frame of any library
    columns: Mapping[str, SourceType],
) -> tuple[list[str], dict[str, Given]]:
    """The names of a table's columns, and those columns that a schema has.

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
    try:
        table = nw.from_native(data, pass_through=True)
        names = table.columns if isinstance(table, nw.DataFrame) else []
    except nw.exceptions.DuplicateError as error:
        raise ConfigurationError(
            f"the frame has columns of one name: {' '.join(str(error).split())}"
        ) from None
    if not isinstance(table, nw.DataFrame):
        raise ConfigurationError(
            "expected a table of pandas, polars or Arrow in memory, or a dict of NumPy arrays, found "
            f"{type(data).__name__}"
        )
    return names, {name: _entries(name, table[name]) for name in names if name in columns}


def _entries(name: str, series: Any) -> Given:  # noqa: ANN401  # narwhals' series
    import narwhals as nw

    missing = series.is_null().to_numpy().astype(np.bool_)
    dtype = series.dtype
    if dtype == nw.Datetime:
        if dtype.time_zone is None:
            raise ConfigurationError(
                f"{name}: its times have no time zone, so that it is not known when they are: give them one"
            )
        return _counts(series, missing).view(f"M8[{dtype.time_unit}]"), missing
    if dtype == nw.Date:
        raise ConfigurationError(
            f"{name}: its dates have no time zone: make them times that have one"
        )
    if dtype.is_nested():
        raise ConfigurationError(f"{name}: it is nested ({dtype}): take out of it what is needed")
    if dtype == nw.Duration:
        return _counts(series, missing).view(f"m8[{dtype.time_unit}]"), missing
    if dtype == nw.Boolean:
        return series.fill_null(value=False).to_numpy(), missing
    if dtype.is_numeric() and not dtype.is_decimal() and dtype not in (nw.Int128, nw.UInt128):
        return series.fill_null(0).to_numpy(), missing
    entries = np.empty(len(series), object)
    try:
        entries[:] = series.to_list()
    except UnicodeDecodeError:
        # What is no UTF-8 stays apart from every text, for a reject of its row.
        entries[:] = [
            None if value is None else value.decode(errors="surrogateescape")
            for value in series.cast(nw.Binary).to_list()
        ]
    return entries, missing


def _counts(series: Any, missing: NDArray[np.bool_]) -> NDArray[np.int64]:  # noqa: ANN401  # narwhals' series
    """Times as they are kept, in their own unit: beside a missing one some libraries would make floats of them."""
    import narwhals as nw

    counts = np.zeros(len(missing), np.int64)
    counts[~missing] = series.drop_nulls().cast(nw.Int64).to_numpy()
    return counts
