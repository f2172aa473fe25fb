"""Language: scored rows: each with the prediction that the model gave before it had seen the row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._exceptions import ProgramError
from streamreg._language.nodes import ScoredColumn
from streamreg._language.universe import (
    ScoredUniverse,
    WindowedUniverse,
    path_below,
    scores_of,
)
from streamreg._types import CLASS_SCORES, SCORES, ClassModel

if TYPE_CHECKING:
    from streamreg._language.expression import TypedExpression
    from streamreg._language.reduction import ReducedColumn
    from streamreg._language.table import Table
    from streamreg._types import DType


def scored(
    parameter: ReducedColumn | None, rows: Table
) -> tuple[dict[str, TypedExpression], ScoredUniverse]:
    """The columns of a table, then those of its scores, and the rows that they belong to.

    Raises:
        ProgramError: as `Table.predict_on`.
    """
    if parameter is None:
        raise ProgramError(
            "predict_on: this table is not what linear_regression gave, or a discriminant analysis or "
            "naive Bayes: call it on that, before any select, filter or +"
        )
    universe = rows._universe
    below = universe.scored(parameter)
    origin = below.reduction.origin
    windows = below.reduction
    if isinstance(windows, WindowedUniverse) and not windows.windowing.scores_rows:
        raise ProgramError(
            "predict_on: rows are scored by the last closed window of their instance, but these windows never close: "
            "give windowby a behavior with a cutoff, or exactly_once_behavior()"
        )
    if scores_of(universe) is not None:
        raise ProgramError(
            "predict_on: these rows have predictions already: score the table that they were made of"
        )
    if path_below(origin, universe) is None:
        raise ProgramError(
            f"predict_on: the model is of {origin}, and the table has {universe}: score the table "
            "that it was fitted to, or a filter of that"
        )
    names = SCORES
    types: list[DType] = ["float"] * len(names)
    if isinstance(parameter.reducer.model, ClassModel):
        names = CLASS_SCORES
        types[0] = below.reduction.keys[-1].dtype
    for name in names:
        if name in rows:
            raise ProgramError(
                f"predict_on: the table has a column {name} of its own; leave it out, like "
                f"t.without({name!r}), or give it another name with select"
            )
    scores = {
        name: ScoredColumn(name, index, dtype, below)
        for index, (name, dtype) in enumerate(zip(names, types, strict=True))
    }
    return {**{column.name: column for column in rows}, **scores}, below


def score(fit: Table, rows: Table) -> Table:
    """The same as `fit.predict_on(rows)`: each row with its prediction under the fit to the rows before its epoch."""
    return fit.predict_on(rows)
