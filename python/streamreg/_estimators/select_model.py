"""Estimator, from a run's state: which of the models that a checkpoint describes is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias

from streamreg._core import KeyedReduction
from streamreg._dataclass import dataclass
from streamreg._exceptions import (
    ConfigurationError,
    CorruptStateError,
    MismatchError,
    StateError,
)
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.errors import damaged
from streamreg._state.program_data import MODELS, tuples

Described: TypeAlias = Mapping[str, Any]
"""A `_models.ModelInfo` as JSON, with its kind and the index of its reduction."""


@dataclass(frozen=True)
class Kind:
    """A kind of models."""

    kind: Literal["regression", "classification"]

    name: str
    function: str
    """What a program writes for one."""

    title: Callable[[Described], str]
    """One in a few words."""

    holds: Callable[[Described], bool] = bool
    """Whether a model is of this kind."""


def chosen(directory: Path, checkpoint: Checkpoint, output: str | None, kind: Kind) -> Described:
    """The only model of an output, or of all of them.

    Raises:
        StateError: if the run writes none, or has no description of them, or has read no row yet.
        ConfigurationError: if there is no such output, or several models to choose from; the error lists them.
    """
    if MODELS not in checkpoint.job:
        raise StateError(
            f"state {directory}: it was kept by an older streamreg, which does not say what each {kind.name} is "
            "made of: let its job run once with this one"
        )
    held: dict[str, list[Described]] = {
        path: [one for one in found if one["kind"] == kind.kind and kind.holds(one)]
        for path, found in checkpoint.job[MODELS].items()
    }
    paths = checkpoint.job["outputs in order"]
    shown = {path: held[path] for path in paths if held.get(path)}
    if not shown:
        raise StateError(
            f"state {directory}: its run writes no {kind.name}, as {kind.function} gives it, but "
            f"{', '.join(paths)}"
        )
    there_are = "; ".join(f"{path} ({_titles(found, kind)})" for path, found in shown.items())
    if output is None:
        found = [one for several in shown.values() for one in several]
    else:
        meant = [output] if output in held else [path for path in held if Path(path).name == output]
        if len(meant) != 1 or not held[meant[0]]:
            raise ConfigurationError(
                f"output={output!r} shows no {kind.name}; there are {there_are}"
            )
        found = held[meant[0]]
    if any(one != found[0] for one in found):
        if output is None:
            raise ConfigurationError(
                f"output: say of which the {kind.name} is to be; there are {there_are}"
            )
        raise ConfigurationError(
            f"output={output!r} shows more than one {kind.name} ({_titles(found, kind)}): write the one that you "
            "want to a file of its own"
        )
    if not checkpoint.rows:
        raise StateError(f"state {directory}: its run has not read a row yet")
    return found[0]


def _titles(found: list[Described], kind: Kind) -> str:
    return ", ".join(dict.fromkeys(map(kind.title, found)))


def layout(checkpoint: Checkpoint, described: Described) -> tuple[Any, Any, Any]:
    """The inputs, the aggregates and the types of the keys of a model's reduction.

    Raises:
        CorruptStateError: if the checkpoint does not describe it.
    """
    try:
        reduction = checkpoint.job["reductions"][described["reduction"]]
        inputs, aggregates, keys = (reduction[part] for part in ("inputs", "aggregates", "keys"))
    except (LookupError, TypeError) as error:
        raise CorruptStateError(f"it does not say what it reduces: {error}") from error
    return tuples(inputs), tuples(aggregates), tuples(keys)


def keyed_reduction(checkpoint: Checkpoint, described: Described) -> KeyedReduction:
    """The reduction by keys that a model is of."""
    found = checkpoint.keyed.get(f"reduction {described['reduction']}")
    if not isinstance(found, KeyedReduction):
        raise CorruptStateError(f"its reduction {described['reduction']} is not by keys")
    return found


@contextmanager
def opening(directory: Path) -> Iterator[None]:
    """Tells of what does not fit while a model is taken out of a checkpoint.

    Raises:
        StateError: in the place of the errors that such a state leads to.
    """
    try:
        yield
    except (CorruptStateError, MismatchError) as error:
        raise damaged(directory, str(error)) from error
