"""Estimator, from a run's state: finds a regression in a checkpoint, with its rows and the names of its columns.

Nothing is locked or written, so that a run goes on undisturbed; what is read is the last epoch that it has closed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamreg._core import Moments, Monomials, Reduction
from streamreg._dataclass import dataclass
from streamreg._estimators.key_cells import SHOWN, Key, columns_of, listed
from streamreg._estimators.open_windows import AskedWindow, window_of
from streamreg._estimators.regression_state import Exact
from streamreg._estimators.select_model import (
    Described,
    Kind,
    chosen,
    keyed_reduction,
    layout,
    opening,
)
from streamreg._exceptions import ConfigurationError
from streamreg._state import snapshot
from streamreg._state.checkpoint import Checkpoint
from streamreg._types import OPTIONAL, InputType, Number, quoted, shortened


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


def find(directory: Path, output: str | None, key: Key, window: AskedWindow) -> Found:
    """The regression that an output of a run shows, of one key if it has keys, of one window if it is of windows.

    Raises:
        StateError: if the directory holds no state, a damaged one, one that describes no regressions, or no row.
        ConfigurationError: if there is no such output, key or window, or several regressions to choose from.
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
        windows = window_of(checkpoint, described, window, key, _title(described))
        if windows is not None:
            reduction = windows.reduction.single(windows.window)
        elif by:
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
    key: Key,
) -> Reduction:
    keyed = keyed_reduction(checkpoint, described)
    columns = columns_of(key, types)
    found = None if columns is None else keyed.single(keyed.key(columns))
    if found is None:
        first = [keyed.cells(each) for each, _ in keyed.first(SHOWN)]
        keys = listed(first)
        more = f" and {len(keyed) - len(first):,} more" if len(keyed) > len(first) else ""
        names = ", ".join(
            f"{name} ({kind})" for name, kind in zip(described["keys"], types, strict=True)
        )
        asked = "say which one" if key is None else f"there is none for {quoted(key)}"
        raise ConfigurationError(
            f"key: {_title(described)} is by {names}, and {asked}; there are {keys}{more}"
        )
    return found


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
