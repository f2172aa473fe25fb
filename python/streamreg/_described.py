"""Stage: plan. What a state says about the models in it, so that one can be taken out and looked at alone.

The rest of the plan tells what is computed; this tells people's names for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from streamreg._inference import PLAIN
from streamreg._nodes import Application, Choice, Filtered, Operation
from streamreg._types import ClassModel
from streamreg.expressions import Column
from streamreg.reducers import ReducedColumn

if TYPE_CHECKING:
    from streamreg._universe import ReducedUniverse
    from streamreg.expressions import TypedExpression

_OF_SQL: Final = "regr_"
"""How SQL's functions of a line begin."""


@dataclass(frozen=True)
class Described:
    """A regression that an output shows something of."""

    aggregate: int
    """Which of the aggregates of its reduction."""

    keys: tuple[str, ...]
    """The columns that it is by."""

    coefficients: tuple[str, ...]
    """What those of the features are called."""

    columns: tuple[str, ...]
    """For each feature what the column is called that it is, or is a power of."""

    target: str
    weights: str | None
    intercept: bool
    ridge: float


@dataclass(frozen=True)
class DescribedClasses:
    """A table of classes that an output shows something of."""

    aggregate: int
    """Which of the aggregates of its reduction."""

    label: str
    columns: tuple[str, ...]
    """What the features are called."""

    model: ClassModel


DescribedModel: TypeAlias = Described | DescribedClasses


def describe(
    table: Iterable[TypedExpression],
    universe: ReducedUniverse,
    place: Callable[[ReducedColumn], int],
) -> tuple[DescribedModel, ...]:
    """The regressions and classes that the columns of a table, of a reduction's rows, are computed from.

    `place` gives the index of a column's aggregate.
    """
    keys = tuple(key.text for key in universe.keys)
    found = (
        _described(column, place(column), keys)
        for column in _reduced(table)
        if _is_of_model(column)
    )
    return tuple(dict.fromkeys(found))


def _is_of_model(column: ReducedColumn) -> bool:
    reducer = column.reducer
    of_classes = isinstance(reducer.model, ClassModel)
    return bool(reducer.names) or of_classes or reducer.statistic.startswith(_OF_SQL)


def _described(column: ReducedColumn, aggregate: int, keys: tuple[str, ...]) -> DescribedModel:
    reducer = column.reducer
    texts = [argument.text for argument in column.arguments]
    model = reducer.model or PLAIN
    if isinstance(model, ClassModel):
        return DescribedClasses(aggregate, keys[0], tuple(texts), model)
    *features, target = texts[:-1] if reducer.weighted else texts
    intercept, ridge, *_ = model
    return Described(
        aggregate,
        keys,
        tuple(reducer.names or features),
        tuple(features),
        target,
        texts[-1] if reducer.weighted else None,
        intercept,
        ridge,
    )


def _reduced(table: Iterable[TypedExpression]) -> Iterator[ReducedColumn]:
    """The answers of reducers that columns are computed from, in order."""
    waiting = list(table)[::-1]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case Column():
                waiting.append(node.definition)
            case Filtered():
                waiting.append(node.inner)
            case Operation() | Application():
                waiting += node.arguments[::-1]
            case Choice():
                waiting += (node.otherwise, node.chosen, node.condition)
            case ReducedColumn():
                yield node
