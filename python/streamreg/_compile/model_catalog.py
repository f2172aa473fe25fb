"""Compile: finds the models that the columns of an output are computed from, for the state to describe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from streamreg._language.expression import Column
from streamreg._language.nodes import Application, Choice, Filtered, Operation
from streamreg._language.reduction import ReducedColumn
from streamreg._plan.models import ClassificationInfo, ModelInfo, RegressionInfo
from streamreg._types import PLAIN_MODEL, ClassModel

if TYPE_CHECKING:
    from streamreg._language.expression import TypedExpression
    from streamreg._language.universe import ReducedUniverse

_OF_SQL: Final = "regr_"
"""How SQL's functions of a line begin."""


def describe(
    table: Iterable[TypedExpression],
    universe: ReducedUniverse,
    place: Callable[[ReducedColumn], int],
) -> tuple[ModelInfo, ...]:
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


def _described(column: ReducedColumn, aggregate: int, keys: tuple[str, ...]) -> ModelInfo:
    reducer = column.reducer
    texts = [argument.text for argument in column.arguments]
    model = reducer.model or PLAIN_MODEL
    if isinstance(model, ClassModel):
        *instance, label = keys
        return ClassificationInfo(aggregate, label, tuple(texts), model, tuple(instance))
    weights = texts[-1] if reducer.weighted else None
    if reducer.half_life is not None:
        weights = f"2^({texts[-1]} / {reducer.half_life})"
    *features, target = texts if weights is None else texts[:-1]
    intercept, ridge, singular, _ = model
    return RegressionInfo(
        aggregate,
        keys,
        tuple(reducer.names or features),
        tuple(features),
        target,
        weights,
        intercept,
        ridge,
        singular == "drop",
    )


def _reduced(table: Iterable[TypedExpression]) -> Iterator[ReducedColumn]:
    """The results of reducers that columns are computed from, in order."""
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
