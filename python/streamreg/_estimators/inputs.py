"""Estimator, inputs: arrays and tables of any library to columns that the core takes, exactly or not at all.

What a column may hold is said by `_numbers`. The messages are worded as scikit-learn's where that has one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from streamreg._dataclass import dataclass
from streamreg._estimators.numbers import Column, Data, array_of, column

_PIECE: Final = 2**20
"""So many numbers of sparse rows are spread out at a time, 8 MB."""


@dataclass(frozen=True)
class Matrix:
    """Columns of equal length; `names` if the input had names."""

    columns: tuple[Column, ...]
    names: tuple[object, ...] | None
    rows: int

    @property
    def features(self) -> int:
        """The number of columns."""
        return len(self.columns)

    def pieces(self) -> Iterator[tuple[slice, tuple[Column, ...]]]:
        """The columns of so many rows at a time as memory is there for, and which rows they are."""
        yield slice(0, self.rows), self.columns


@dataclass(frozen=True)
class SparseMatrix(Matrix):
    """Rows of which most entries are zeros that are not there; they are spread out piece by piece."""

    compressed: Data = None
    """The rows, as scipy's compressed ones."""

    @property
    def features(self) -> int:
        """The number of columns."""
        return int(self.compressed.shape[1])

    def pieces(self) -> Iterator[tuple[slice, tuple[Column, ...]]]:
        """As those of a `Matrix`."""
        step = max(_PIECE // self.features, 1)
        for start in range(0, self.rows, step):
            rows = slice(start, min(start + step, self.rows))
            yield rows, _columns(self.compressed[rows].toarray(), "X")


def matrix(x: Data, who: str, *, exact: bool = True) -> Matrix:
    """The feature columns of `x`: rows by features, an array, a table or a sparse matrix.

    Raises:
        TypeError: if it holds what is no number, or decimals where not `exact`.
        ValueError: if it is not of two dimensions, is empty, or holds a number that is missing, infinite, complex
            or not exactly a double or a 64-bit integer.
    """
    table = table_of(x)
    if table is not None:
        names = tuple(table.columns)
        found = Matrix(_columns_of_table(table, "X", exact), names, len(table))
        shape: tuple[int, ...] = (len(table), len(names))
    elif hasattr(type(x), "tocsr"):
        shape = x.shape
        _check_dimensions(shape)
        found = SparseMatrix((), None, shape[0], x.tocsr())
    else:
        array = array_of(x, "X")
        shape = array.shape
        _check_dimensions(shape)
        found = Matrix(_columns(array, "X", exact), None, shape[0])
    if shape[0] < 1:
        raise ValueError(
            f"Found array with {shape[0]} sample(s) (shape={shape}) while a minimum of 1 is required by {who}."
        )
    if shape[1] == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is required by {who}."
        )
    return found


def _check_dimensions(shape: Sequence[int]) -> None:
    if len(shape) != 2:
        raise ValueError(
            f"Expected 2D array, got {len(shape)}D array instead: X has the shape {tuple(shape)}. Reshape your data "
            "either using array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it "
            "contains a single sample."
        )


def _columns(array: Data, title: str, exact: bool = True) -> tuple[Column, ...]:
    names = (f"column {at} of {title}" for at in range(array.shape[1]))
    return tuple(column(array[:, at], name, exact=exact) for at, name in enumerate(names))


def _columns_of_table(table: Data, title: str, exact: bool) -> tuple[Column, ...]:
    # Not by name: that may be an integer, which would be taken for the number of a row.
    series = zip(table.columns, table.iter_columns(), strict=True)
    return tuple(column(values, f"{title}[{name!r}]", exact=exact) for name, values in series)


def columns_of(values: Data, rows: int, name: str) -> tuple[Column, ...] | None:
    """The columns of an array of two dimensions or of a table, of `rows` entries; None for what is neither.

    Raises:
        TypeError: if one holds what is no number.
        ValueError: if they are of another length, or as for `matrix`.
    """
    table = table_of(values)
    if table is not None:
        found, count = _columns_of_table(table, name, exact=True), len(table)
    else:
        array = None if _series(values) is not None else array_of(values, name)
        if array is None or array.ndim != 2:
            return None
        found, count = _columns(array, name), len(array)
    if count != rows:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {rows}, {name} has {count}"
        )
    if not found:
        raise ValueError(f"{name} has no column")
    return found


def vector(values: Data, rows: int, name: str, *, exact: bool = True) -> Column:
    """A column of `rows` entries: y, or weights.

    Raises:
        TypeError: if it holds what is no number.
        ValueError: if it has another length or more dimensions, or as for `matrix`.
    """
    return column(flat(values, rows, name), name, exact=exact)


def flat(values: Data, rows: int, name: str) -> Data:
    """An array of one dimension or a series of a table, of `rows` entries of any type.

    Raises:
        ValueError: if it has another length or more dimensions.
    """
    series = _series(values)
    array = array_of(values, name) if series is None else series
    shape = array.shape
    if len(shape) == 2 and shape[1] == 1:
        if name == "y":
            _warn_of_column_vector()
        array = array.reshape(-1)
        shape = array.shape
    if len(shape) != 1:
        raise ValueError(f"{name} should be a 1d array, got an array of shape {shape} instead.")
    if shape[0] != rows:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has {rows}, {name} has {shape[0]}"
        )
    return array


def table_of(x: Data, name: str = "X") -> Data:
    """A data frame as narwhals sees it, if `x` is one."""
    # Of the type: a lazy frame would have to find out.
    if not hasattr(type(x), "columns"):
        return None
    nw = _narwhals()
    frame = nw.from_native(x, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise TypeError(
            f"{name} is a {type(x).__name__}, of which there are no rows yet: use {name}.collect()"
        )
    if not isinstance(frame, nw.DataFrame) and hasattr(x, "__arrow_c_stream__"):
        frame = nw.from_arrow(x, backend="pyarrow")
    return frame if isinstance(frame, nw.DataFrame) else None


def _series(values: Data) -> Data:
    """A column of a data frame as narwhals sees it, if it is one."""
    if isinstance(values, np.ndarray) or (
        not hasattr(values, "dtype") and not hasattr(values, "type")
    ):
        return None
    nw = _narwhals()
    series = nw.from_native(values, series_only=True, pass_through=True)
    return series if isinstance(series, nw.Series) else None


def _narwhals() -> Any:  # noqa: ANN401  # a module
    try:
        import narwhals  # only whoever brings a table needs it
    except ImportError as error:
        raise ImportError(
            "tables are read by way of narwhals: pip install 'streamreg[tables]', or pass arrays"
        ) from error
    return narwhals


def _warn_of_column_vector() -> None:
    message = "A column-vector y was passed when a 1d array was expected; its one column is taken."
    category: type[Warning] = UserWarning
    try:
        from sklearn.exceptions import DataConversionWarning
    except ImportError:
        pass  # without scikit-learn nobody can ask for its kind of warning
    else:
        category = DataConversionWarning
    warnings.warn(message, category, stacklevel=4)
