"""Estimator, inputs: arrays and tables of any library to columns that the core takes, exactly or not at all.

A column becomes doubles, 64-bit integers or decimals with the very values that it had. What would have to be rounded,
is missing, or is no number is refused by name. The messages are worded as scikit-learn's where that has one.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._core import decimals, nearest_doubles

Column: TypeAlias = NDArray[np.float64] | NDArray[np.int64]
"""Of one dimension; decimals are rows of three words."""

Data: TypeAlias = Any
"""An array or a table, of a library that need not be there."""

_MOST_INT: Final = 2**63 - 1

_WIDE: Final = ("Int128", "UInt128")
"""Types of a table's columns that NumPy does not have: their integers are looked at one by one."""


@dataclass(frozen=True)
class Matrix:
    """Columns of equal length; `names` if the input had names that are all text."""

    columns: tuple[Column, ...]
    names: tuple[str, ...] | None
    rows: int


def matrix(x: Data, who: str, *, least_rows: int = 1) -> Matrix:
    """The feature columns of `x`: rows by features, an array or a table.

    Raises:
        TypeError: if it is sparse, or holds what is no number.
        ValueError: if it is not of two dimensions, is empty, or holds a number that is missing, infinite, complex
            or not exactly a double or a 64-bit integer.
    """
    if hasattr(x, "toarray"):
        raise TypeError(
            f"{who} takes no sparse data, but X is a {type(x).__name__}; use X.toarray()"
        )
    table = _table(x)
    if table is not None:
        names = tuple(table.columns)
        # Not by name: that may be an integer, which would be taken for the number of a row.
        series = zip(names, table.iter_columns(), strict=True)
        columns = tuple(column(values, f"X[{name!r}]") for name, values in series)
        shape: tuple[int, ...] = (len(table), len(names))
    else:
        array = np.asarray(x)
        if array.ndim != 2:
            raise ValueError(
                f"Expected 2D array, got {array.ndim}D array instead: X has the shape {array.shape}. Reshape your "
                "data either using array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) "
                "if it contains a single sample."
            )
        shape, names = array.shape, None
        columns = tuple(column(array[:, i], f"column {i} of X") for i in range(shape[1]))
    if shape[0] < least_rows:
        raise ValueError(
            f"Found array with {shape[0]} sample(s) (shape={shape}) while a minimum of {least_rows} is required "
            f"by {who}."
        )
    if shape[1] == 0:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is required by {who}."
        )
    return Matrix(columns, names, shape[0])


def vector(values: Data, rows: int, name: str) -> Column:
    """A column of `rows` entries: y, or weights.

    Raises:
        TypeError: if it holds what is no number.
        ValueError: if it has another length or more dimensions, or as for `matrix`.
    """
    return column(flat(values, rows, name), name)


def flat(values: Data, rows: int, name: str) -> Data:
    """An array of one dimension or a series of a table, of `rows` entries of any type.

    Raises:
        ValueError: if it has another length or more dimensions.
    """
    series = _series(values)
    array = np.asarray(values) if series is None else series
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


def column(values: Data, name: str) -> Column:
    """One column of numbers: an array of one dimension, or a series of a table.

    Raises:
        TypeError: if it holds what is no number.
        ValueError: as for `matrix`.
    """
    array = entries(values, name)
    if array.dtype.kind == "O":
        array = _of_objects(array, name)
    kind = array.dtype.kind
    if kind == "c":
        raise ValueError(f"Complex data not supported: {name} is of type {array.dtype}")
    if kind in "bi":
        return np.ascontiguousarray(array, dtype=np.int64)
    if kind == "u":
        if array.size and int(array.max()) > _MOST_INT:
            raise ValueError(f"{name} holds {array.max()}, beyond 64-bit integers with a sign")
        return np.ascontiguousarray(array, dtype=np.int64)
    if kind == "f":
        return _finite(array, name)
    raise TypeError(f"{name} must hold numbers, not {array.dtype}")


def entries(values: Data, name: str) -> NDArray[Any]:
    """The entries of an array, or of a series of a table, of which none is missing.

    Raises:
        ValueError: if one is missing in the series.
    """
    if hasattr(values, "null_count") and not isinstance(values, np.ndarray):
        if values.null_count():
            raise ValueError(
                f"{name} contains NaN (a missing value): drop or fill these rows first"
            )
        if str(values.dtype) in _WIDE:
            return np.array(values.to_list(), object)
        values = values.to_numpy()
    return np.asarray(values)


def _finite(array: NDArray[Any], name: str) -> NDArray[np.float64]:
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
        ValueError: if an integer has more than 64 bits, or a decimal more than 34 digits.
    """
    for value in array:
        if isinstance(value, str | bytes) or not hasattr(value, "__float__"):
            raise TypeError(
                f"argument must be a string or a real number, and for streamreg a number: {name} holds "
                f"{type(value).__name__} {value!r:.50}"
            )
    if any(isinstance(value, Decimal) for value in array):
        return _of_decimals(array, name)
    try:
        if all(isinstance(value, SupportsIndex) for value in array):
            return np.array([int(value) for value in array], dtype=np.int64)
        return np.array([float(value) for value in array], dtype=np.float64)
    except OverflowError as error:
        raise ValueError(f"{name}: {error}") from error


def _of_decimals(array: NDArray[Any], name: str) -> NDArray[np.int64]:
    for value in array:
        if not isinstance(value, Decimal | SupportsIndex):
            raise TypeError(f"{name} holds {value!r} beside decimals: make all of them Decimal")
    words, bad = decimals([str(value) for value in array])
    if bad.any():
        value = array[bad.argmax()]
        if isinstance(value, Decimal) and not value.is_finite():
            raise ValueError(f"Input {name} contains {value}: drop or replace these rows first")
        raise ValueError(
            f"{name} holds {value}: a decimal has up to 34 digits, and an exponent within ±400"
        )
    return words


def _table(x: Data) -> Data:
    """A data frame as narwhals sees it, if `x` is one."""
    # Of the type: a lazy frame would have to find out.
    if not hasattr(type(x), "columns"):
        return None
    nw = _narwhals()
    frame = nw.from_native(x, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        raise TypeError(
            f"X is a {type(x).__name__}, of which there are no rows yet: use X.collect()"
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
