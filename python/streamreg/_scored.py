"""Stage: language. Rows that a regression has scored: with what it says of each before it has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamreg._exceptions import ProgramError
from streamreg._nodes import ScoredColumn
from streamreg._universe import ScoredUniverse, path_below, scores_of

if TYPE_CHECKING:
    from streamreg.expressions import TypedExpression
    from streamreg.reducers import ReducedColumn
    from streamreg.table import Table

SCORES: Final = ("prediction", "residual", "standardized_residual")
"""The columns that scored rows have beside their own."""


def scored(
    regression: ReducedColumn | None, rows: Table
) -> tuple[dict[str, TypedExpression], ScoredUniverse]:
    """The columns of a table, those of its scores after them, and the rows that they are of.

    Raises:
        ProgramError: as `Table.predict_on`.
    """
    if regression is None:
        raise ProgramError(
            "predict_on: this table is not what linear_regression gave: call it on that, before any "
            "select, filter or +"
        )
    universe = rows._universe
    below = universe.scored(regression)
    origin = below.reduction.origin
    if scores_of(universe) is not None:
        raise ProgramError(
            "predict_on: these rows have predictions already: score the table that they were made of"
        )
    if path_below(origin, universe) is None:
        raise ProgramError(
            f"predict_on: the regression is of {origin}, and the table has {universe}: score the table "
            "that it was fitted to, or a filter of that"
        )
    for name in SCORES:
        if name in rows:
            raise ProgramError(
                f"predict_on: the table has a column {name} of its own; leave it out, like "
                f"t.without({name!r}), or give it another name with select"
            )
    scores = {name: ScoredColumn(name, index, below) for index, name in enumerate(SCORES)}
    return {**{column.name: column for column in rows}, **scores}, below


def score(fit: Table, rows: Table) -> Table:
    """The same as `fit.predict_on(rows)`: each row with what the fit to those before it says of it."""
    return fit.predict_on(rows)
