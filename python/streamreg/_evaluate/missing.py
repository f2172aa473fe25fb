"""Evaluate: kernels, choices and functions on columns of which some values are missing.

What is computed from a missing value is missing too. A kernel sees the rows alone that have all its arguments, so that
what stands in the place of a missing value can neither be computed with nor fail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from streamreg._evaluate.columns import Column, Nullable, Values, joined, nullable, placed, take
from streamreg._evaluate.row_errors import BadRowsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamreg._types import DType


def is_none(column: Column) -> NDArray[np.bool_]:
    """Which values are missing; of a function without a type those that are None."""
    if isinstance(column, Nullable):
        return column.missing
    if isinstance(column, list):
        return np.fromiter((value is None for value in column), np.bool_, len(column))
    return np.zeros(len(column), np.bool_)


def is_true(column: Column) -> NDArray[np.bool_]:
    """The rows for which a condition is true, which a missing one is not."""
    if isinstance(column, Nullable):
        return np.asarray(column.values, np.bool_) & ~column.missing
    return np.asarray(column, np.bool_)


def computed(kernel: Callable[..., Values], arguments: Sequence[Column], rows: int) -> Column:
    """A kernel on the rows that have all arguments; the result is missing in the others.

    Raises:
        BadRowsError: that of the kernel, over all rows.
    """
    missing = np.zeros(rows, np.bool_)
    for argument in arguments:
        if isinstance(argument, Nullable):
            missing |= argument.missing
    present = ~missing
    places = np.flatnonzero(present)
    taken = [take(placed(argument), present, places) for argument in arguments]
    try:
        values = kernel(*taken)
    except BadRowsError as bad:
        mask = np.zeros(rows, np.bool_)
        mask[places[bad.mask]] = True
        raise BadRowsError(mask, bad.kind, bad.details) from None
    return nullable(spread(values, places, rows), missing)


def chosen(condition: Nullable, met: Column, unmet: Column, dtype: DType) -> Column:
    """The values of one column where a condition is true, of another where it is false; else missing."""
    true = is_true(condition)
    places = np.flatnonzero(~condition.missing)
    both = joined_columns(true[places], met, unmet, dtype)
    missing = condition.missing.copy()
    if isinstance(both, Nullable):
        missing[places] = both.missing
        both = both.values
    return nullable(spread(both, places, len(missing)), missing)


def joined_columns(mask: NDArray[np.bool_], met: Column, unmet: Column, dtype: DType) -> Column:
    """As `joined`, of columns with missing values too."""
    if not (isinstance(met, Nullable) or isinstance(unmet, Nullable)):
        return joined(mask, met, unmet, dtype)
    missing = np.empty(len(mask), np.bool_)
    missing[mask], missing[~mask] = _missing(met), _missing(unmet)
    return nullable(joined(mask, placed(met), placed(unmet), dtype), missing)


def _missing(column: Column) -> NDArray[np.bool_]:
    return column.missing if isinstance(column, Nullable) else np.zeros(len(column), np.bool_)


def spread(values: Values, places: NDArray[np.intp], rows: int) -> Values:
    """Values at their places among more rows; in the others stands a value of the same type."""
    if isinstance(values, np.ndarray):
        result = np.zeros((rows, *values.shape[1:]), values.dtype)
        result[places] = values
        return result
    listed: list[object] = [""] * rows
    items = values if isinstance(values, list) else values.to_list()
    for place, value in zip(places.tolist(), items, strict=True):
        listed[place] = value
    return listed


def from_objects(
    values: list[object], dtype: DType, make: Callable[[list[object]], Values]
) -> Column:
    """What a function returned, None where it is missing, as a column; `make` makes one of those that are there.

    Raises:
        BadRowsError: that of `make`, over all rows.
    """
    if dtype == "any" or not any(value is None for value in values):
        return make(values)
    missing = np.fromiter((value is None for value in values), np.bool_, len(values))
    column = Nullable(values, missing)
    return computed(make, [column], len(values))
