"""Estimator, from a run's state: finds a regression in a checkpoint, with its rows and the names of its columns.

Nothing is locked or written, so that a run goes on undisturbed; what is read is the last epoch that it has closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from streamreg._core import Moments, Monomials, Reduction
from streamreg._estimators.regression_state import Exact
from streamreg._estimators.select_model import (
    Described,
    Kind,
    chosen,
    keyed_reduction,
    layout,
    opening,
)
from streamreg._evaluate import times
from streamreg._evaluate.columns import Column, Nullable, Values
from streamreg._exceptions import ConfigurationError
from streamreg._state import snapshot
from streamreg._state.checkpoint import Checkpoint
from streamreg._types import (
    INT_MAX,
    INT_MIN,
    OPTIONAL,
    InputType,
    Number,
    encodable,
    quoted,
    shortened,
)

Cell: TypeAlias = str | int | bool | datetime | timedelta | np.integer[Any] | np.bool_ | None

_SHOWN: Final = 5
"""So many keys are shown of those that there are."""

_NOTHING: Final[dict[str, Values]] = {
    "str": [""],
    "int": np.zeros(1, np.int64),
    "bool": np.zeros(1, np.bool_),
    "datetime": np.zeros(1, "M8[us]"),
    "timedelta": np.zeros(1, "m8[us]"),
}
"""What stands in the place of a key that is missing."""


@dataclass(frozen=True)
class Found:
    """A regression of a run."""

    exact: Exact
    columns: tuple[str, ...]
    """What features are computed from, in the order of the estimator's."""

    coefficients: tuple[str, ...]
    intercept: bool
    ridge: float
    drop: bool


def find(directory: Path, output: str | None, key: Cell | tuple[Cell, ...] | None) -> Found:
    """The regression that an output of a run shows, of one key if it has keys.

    Raises:
        StateError: if the directory holds no state, a damaged one, one that describes no regressions, or no row.
        ConfigurationError: if there is no such output or key, or several regressions to choose from.
    """
    checkpoint = snapshot.read(directory)
    kind = Kind("regression", "regression", "linear_regression", _title)
    described = chosen(directory, checkpoint, output, kind)
    with opening(directory):
        inputs, aggregates, by = layout(checkpoint, described)
        if aggregates[described["aggregate"]][0] == "fading":
            raise ConfigurationError(
                f"{_title(described)}: its rows fade, which those of an estimator do not: read its output"
            )
        if by:
            reduction = _of_key(checkpoint, by, described, key)
        else:
            if key is not None:
                raise ConfigurationError(
                    f"key={key!r}: {_title(described)} is not by keys: leave it out"
                )
            reduction = Reduction(inputs, aggregates)
            reduction.merge(checkpoint.reductions[described["reduction"]])
        sums = reduction.sums(described["aggregate"])
        columns = tuple(dict.fromkeys(described["columns"]))
        exact = _exact(sums, aggregates[described["aggregate"]], inputs, described, columns)
    coefficients = tuple(described["coefficients"])
    # States of versions that did not know it have no word of it.
    model = described["intercept"], described["ridge"], described.get("drop", False)
    return Found(exact, columns, coefficients, *model)


def _of_key(
    checkpoint: Checkpoint,
    types: tuple[InputType, ...],
    described: Described,
    key: Cell | tuple[Cell, ...] | None,
) -> Reduction:
    keyed = keyed_reduction(checkpoint, described)
    cells = () if key is None else key if isinstance(key, tuple) else (key,)
    columns = [_column(cell, kind) for cell, kind in zip(cells, types, strict=False)]
    taken = [column for column in columns if column is not None]
    found = keyed.single(keyed.key(taken)) if len(taken) == len(types) == len(cells) else None
    if found is None:
        first = [keyed.cells(each) for each, _ in keyed.first(_SHOWN)]
        keys = ", ".join(repr(each[0] if len(each) == 1 else tuple(each)) for each in first)
        more = f" and {len(keyed) - len(first):,} more" if len(keyed) > len(first) else ""
        names = ", ".join(
            f"{name} ({kind})" for name, kind in zip(described["keys"], types, strict=True)
        )
        asked = "say which one" if key is None else f"there is none for {quoted(key)}"
        raise ConfigurationError(
            f"key: {_title(described)} is by {names}, and {asked}; there are {keys}{more}"
        )
    return found


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


def _exact(
    sums: Moments | Monomials,
    aggregate: tuple[Any, ...],
    inputs: tuple[InputType, ...],
    described: Described,
    columns: tuple[str, ...],
) -> Exact:
    """The sums as an estimator keeps them: features in order, then the target, then the weights."""
    if isinstance(sums, Moments):
        return Exact(sums, weighted=False)
    _, features, target, weight = aggregate
    inputs = tuple(kind.removesuffix(OPTIONAL) for kind in inputs)
    kinds: dict[str, InputType] = {}
    for name, (column, _) in zip(described["columns"], features, strict=True):
        kinds[name] = inputs[column]
    own = [*kinds.values(), inputs[target], *([] if weight is None else [inputs[weight]])]
    powers = [
        (columns.index(name), power)
        for name, (_, power) in zip(described["columns"], features, strict=True)
    ]
    at = len(columns)
    # Seconds are decimals to an estimator.
    binary = ("float", "int")
    numbers: list[Number] = ["float" if kind in binary else "decimal" for kind in own]
    renumbered = sums.renumbered(numbers, powers, at, None if weight is None else at + 1)
    return Exact(renumbered, weighted=weight is not None)


def _title(described: Described) -> str:
    """A regression in a few words."""
    title = f"{described['target']} on {', '.join(described['coefficients'])}"
    if described["keys"]:
        title += f" by {', '.join(described['keys'])}"
    return shortened(title)
