"""Estimator, from a run's state: finds a model in a checkpoint, with its rows and the names of its columns.

Nothing is locked or written, so that a run goes on undisturbed; what is read is the last epoch that it has closed.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from streamreg import _keyed_state, _snapshot
from streamreg._checkpoint import CLASSES, REGRESSIONS, Checkpoint
from streamreg._columns import Values
from streamreg._core import Classes, KeyedReduction, Moments, Monomials, Reduction
from streamreg._damage import damaged
from streamreg._discriminant import METHODS
from streamreg._estimator._exact import Exact
from streamreg._exceptions import ConfigurationError, StateError
from streamreg._types import (
    INT_MAX,
    INT_MIN,
    ClassMethod,
    ClassModel,
    KeyType,
    Number,
    encodable,
    shortened,
)

Cell: TypeAlias = str | int | bool | np.integer[Any] | np.bool_
Described: TypeAlias = Mapping[str, Any]
"""A `_described.Model` as JSON, with the index of its reduction."""

_SHOWN: Final = 5
"""So many keys are shown of those that there are."""


@dataclass(frozen=True)
class _Kind:
    """A kind of models."""

    part: str
    """Where the plan describes them."""

    name: str
    function: str
    """What a program writes for one."""

    title: Callable[[Described], str]
    """One in a few words."""

    def titles(self, found: list[Described]) -> str:
        return ", ".join(dict.fromkeys(map(self.title, found)))


@dataclass(frozen=True)
class FoundClasses:
    """The classes of a run."""

    classes: Classes
    columns: tuple[str, ...]
    model: ClassModel

    @property
    def options(self) -> dict[str, Any]:
        """The job's, as the classifiers call them."""
        priors = self.model.priors
        return {
            "priors": None if priors is None else [prior for _, prior in priors],
            "unbiased": self.model.unbiased,
            "var_smoothing": self.model.smoothing,
        }

    @property
    def declared(self) -> tuple[bool | int | str, ...] | None:
        """The labels that have priors, if any have."""
        priors = self.model.priors
        return None if priors is None else tuple(label for label, _ in priors)


@dataclass(frozen=True)
class Found:
    """A regression of a run."""

    exact: Exact
    columns: tuple[str, ...]
    """What features are computed from, in the order of the estimator's."""

    coefficients: tuple[str, ...]
    intercept: bool
    ridge: float


def find(directory: Path, output: str | None, key: Cell | tuple[Cell, ...] | None) -> Found:
    """The regression that an output of a run shows, of one key if it has keys.

    Raises:
        StateError: if the directory holds no state, a damaged one, one that says nothing of regressions, or no row.
        ConfigurationError: if there is no such output or key, or several regressions to choose from.
    """
    checkpoint = _snapshot.read(directory)
    kind = _Kind(REGRESSIONS, "regression", "linear_regression", _title)
    described = _chosen(directory, checkpoint, output, kind)
    at = described["reduction"]
    try:
        inputs, aggregates, *by = literal_eval(checkpoint.plan["reductions"][at])
        reduction = Reduction(inputs, aggregates)
        if by:
            keyed = KeyedReduction(by[0], inputs, aggregates)
            stored = checkpoint.keyed.get(f"reduction {at}", b"")
            keyed.load(stored)
            reduction = _of_key(keyed, by[0], stored, described, key)
        else:
            if key is not None:
                raise ConfigurationError(
                    f"key={key!r}: {_title(described)} is not by keys: leave it out"
                )
            reduction.merge(checkpoint.reductions[at])
        sums = reduction.sums(described["aggregate"])
        columns = tuple(dict.fromkeys(described["columns"]))
        exact = _exact(sums, aggregates[described["aggregate"]], inputs, described, columns)
    except ConfigurationError:
        raise
    except (LookupError, TypeError, ValueError, SyntaxError) as error:
        raise damaged(directory, str(error)) from error
    coefficients = tuple(described["coefficients"])
    return Found(exact, columns, coefficients, described["intercept"], described["ridge"])


def find_classes(directory: Path, output: str | None, method: ClassMethod) -> FoundClasses:
    """The classes that an output of a run shows, told apart by a method.

    Raises:
        StateError: as `find` does.
        ConfigurationError: if there is no such output, several to choose from, or a class without a prior.
    """
    checkpoint = _snapshot.read(directory)
    kind = _Kind(CLASSES, "table of classes", METHODS[method], _title_of_classes)
    described = _chosen(directory, checkpoint, output, kind)
    at = described["reduction"]
    try:
        inputs, aggregates, by, *_ = literal_eval(checkpoint.plan["reductions"][at])
        keyed = KeyedReduction(by, inputs, aggregates)
        keyed.load(checkpoint.keyed.get(f"reduction {at}", b""))
        classes = keyed.classes(described["aggregate"])
        chosen, unbiased, singular, smoothing, priors = described["model"]
        named = None if priors is None else tuple((label, prior) for label, prior in priors)
        model = ClassModel(chosen, unbiased, singular, smoothing, named)
        found = FoundClasses(classes, tuple(described["columns"]), model)
    except (LookupError, TypeError, ValueError, SyntaxError) as error:
        raise damaged(directory, str(error)) from error
    for label in classes.labels:
        if found.declared is not None and label not in found.declared:
            raise ConfigurationError(f"the job's priors have none for the class {label!r}")
    return found


def _chosen(directory: Path, checkpoint: Checkpoint, output: str | None, kind: _Kind) -> Described:
    """The only model of an output, or of all of them."""
    held: Mapping[str, list[Described]] | None = checkpoint.plan.get(kind.part)
    if held is None:
        raise StateError(
            f"state {directory}: it was kept by an older streamreg, which does not say what each {kind.name} is "
            "made of: let its job run once with this one"
        )
    held = {path: [one for one in found if _is_by(one, kind)] for path, found in held.items()}
    shown = {path: held[path] for path in checkpoint.plan["outputs in order"] if held.get(path)}
    if not shown:
        raise StateError(
            f"state {directory}: its run writes no {kind.name}, as {kind.function} gives it, but "
            f"{', '.join(checkpoint.plan['outputs in order'])}"
        )
    there_are = "; ".join(f"{path} ({kind.titles(found)})" for path, found in shown.items())
    if output is None:
        found = [one for several in shown.values() for one in several]
    else:
        paths = [output] if output in held else [path for path in held if Path(path).name == output]
        if len(paths) != 1 or not held[paths[0]]:
            raise ConfigurationError(
                f"output={output!r} shows no {kind.name}; there are {there_are}"
            )
        found = held[paths[0]]
    if any(one != found[0] for one in found):
        if output is None:
            raise ConfigurationError(
                f"output: say of which the {kind.name} is to be; there are {there_are}"
            )
        raise ConfigurationError(
            f"output={output!r} shows more than one {kind.name} ({kind.titles(found)}): write the one that you "
            "want to a file of its own"
        )
    if not checkpoint.rows:
        raise StateError(f"state {directory}: its run has not read a row yet")
    return found[0]


def _of_key(
    keyed: KeyedReduction,
    types: tuple[KeyType, ...],
    stored: bytes,
    described: Described,
    key: Cell | tuple[Cell, ...] | None,
) -> Reduction:
    cells = () if key is None else key if isinstance(key, tuple) else (key,)
    columns = [_column(cell, kind) for cell, kind in zip(cells, types, strict=False)]
    taken = [column for column in columns if column is not None]
    found = keyed.single(keyed.key(taken)) if len(taken) == len(types) == len(cells) else None
    if found is None:
        first = [keyed.cells(each) for each, _ in islice(_keyed_state.rows(stored), _SHOWN)]
        keys = ", ".join(repr(each[0] if len(each) == 1 else tuple(each)) for each in first)
        more = f" and {len(keyed) - len(first):,} more" if len(keyed) > len(first) else ""
        names = ", ".join(
            f"{name} ({kind})" for name, kind in zip(described["keys"], types, strict=True)
        )
        asked = "say which one" if key is None else f"there is none for {shortened(repr(key))}"
        raise ConfigurationError(
            f"key: {_title(described)} is by {names}, and {asked}; there are {keys}{more}"
        )
    return found


def _column(cell: object, kind: KeyType) -> Values | None:
    """A cell of a key as a column; None if it is of another type, so that there is no such key."""
    match cell:
        case bool() | np.bool_() if kind == "bool":
            return np.array([cell])
        case bool():
            return None
        case int() | np.integer() if kind == "int" and INT_MIN <= int(cell) <= INT_MAX:
            return np.array([int(cell)], np.int64)
        case str() if kind == "str" and encodable(cell):
            return [cell]
        case _:
            return None


def _exact(
    sums: Moments | Monomials,
    aggregate: tuple[Any, ...],
    inputs: tuple[Number, ...],
    described: Described,
    columns: tuple[str, ...],
) -> Exact:
    """The sums as an estimator keeps them: features in order, then the target, then the weights."""
    if isinstance(sums, Moments):
        return Exact(sums, weighted=False)
    _, features, target, weight = aggregate
    kinds: dict[str, Number] = {}
    for name, (column, _) in zip(described["columns"], features, strict=True):
        kinds[name] = inputs[column]
    own = [*kinds.values(), inputs[target], *([] if weight is None else [inputs[weight]])]
    powers = [
        (columns.index(name), power)
        for name, (_, power) in zip(described["columns"], features, strict=True)
    ]
    at = len(columns)
    numbers: list[Number] = ["decimal" if kind == "decimal" else "float" for kind in own]
    renumbered = sums.renumbered(numbers, powers, at, None if weight is None else at + 1)
    return Exact(renumbered, weighted=weight is not None)


def _is_by(described: Described, kind: _Kind) -> bool:
    """Whether a model is one that the function of its kind gives; classes are by several methods."""
    return kind.part != CLASSES or METHODS[described["model"][0]] == kind.function


def _title_of_classes(described: Described) -> str:
    return shortened(f"{described['label']} by {', '.join(described['columns'])}")


def _title(described: Described) -> str:
    """A regression in a few words."""
    title = f"{described['target']} on {', '.join(described['coefficients'])}"
    if described["keys"]:
        title += f" by {', '.join(described['keys'])}"
    return shortened(title)
