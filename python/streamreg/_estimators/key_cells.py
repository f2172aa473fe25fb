"""Estimator, from a run's state: the cells of a key as a program gives them, as columns of one row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import numpy as np

from streamreg._evaluate import times
from streamreg._evaluate.columns import Column, Nullable, Values
from streamreg._types import INT_MAX, INT_MIN, OPTIONAL, InputType, encodable

Cell: TypeAlias = str | int | bool | datetime | timedelta | np.integer[Any] | np.bool_ | None
Key: TypeAlias = Cell | tuple[Cell, ...]

SHOWN: Final = 5
"""So many keys are shown of those that there are."""

_NOTHING: Final[dict[str, Values]] = {
    "str": [""],
    "int": np.zeros(1, np.int64),
    "bool": np.zeros(1, np.bool_),
    "datetime": np.zeros(1, "M8[us]"),
    "timedelta": np.zeros(1, "m8[us]"),
}
"""What stands in the place of a key that is missing."""


def columns_of(key: Key, types: Sequence[InputType]) -> list[Column] | None:
    """The cells of a key, None for none, as columns of one row; None if they are not of these types and so many."""
    cells = () if key is None else key if isinstance(key, tuple) else (key,)
    columns = [_column(cell, kind) for cell, kind in zip(cells, types, strict=False)]
    taken = [column for column in columns if column is not None]
    return taken if len(taken) == len(types) == len(cells) else None


def listed(keys: Sequence[Sequence[object]]) -> str:
    """Some keys, as a program gives them."""
    return ", ".join(repr(each[0] if len(each) == 1 else tuple(each)) for each in keys)


def _column(cell: object, kind: InputType) -> Column | None:
    """A cell of a key as a column; None if it is of another type, so that there is no such key."""
    present = kind.removesuffix(OPTIONAL)
    if cell is None and present != kind:
        return Nullable(_NOTHING[present], np.ones(1, np.bool_))
    return _present(cell, present)


def _present(cell: object, kind: str) -> Values | None:
    match cell:
        case bool() | np.bool_() if kind == "bool":
            return np.array([cell])
        case bool():
            return None
        case int() | np.integer() if kind == "int" and INT_MIN <= int(cell) <= INT_MAX:
            return np.array([int(cell)], np.int64)
        case datetime() if kind == "datetime" and not times.is_naive(cell) and times.in_range(cell):
            return times.from_objects([cell], "datetime")
        case timedelta() if kind == "timedelta" and times.in_range(cell):
            return times.from_objects([cell], "timedelta")
        case str() if kind == "str" and encodable(cell):
            return [cell]
        case _:
            return None
