"""Language: what the arguments of a table's methods mean: columns, `sr.this`, names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._exceptions import ProgramError
from streamreg._language.build import for_column, lifted
from streamreg._language.deferred import resolved
from streamreg._language.expression import Column, Expression, Operand, TypedExpression

if TYPE_CHECKING:
    from streamreg._language.reduction import Reducer
    from streamreg._language.table import Table


class TableEnvironment:
    """Inside `select` and the like: `this` is the table."""

    def __init__(self, table: Table) -> None:
        """Of the methods of `table`."""
        self._table = table

    def column(self, name: str) -> TypedExpression:
        """The table's column."""
        return self._table[name]

    def reduction(self, reducer: Reducer) -> TypedExpression:
        """Raises ProgramError: there is none here."""
        raise ProgramError(f"the reducer {reducer.text} can only stand in table.reduce(…)")

    def given(self, expression: TypedExpression) -> TypedExpression:
        """The expression itself."""
        return expression


def named(expression: Expression, environment: TableEnvironment) -> Column:
    """The column that an expression means.

    Raises:
        ProgramError: if it is none, and so has no name.
    """
    if isinstance(expression, str):
        raise ProgramError(f"{expression!r} is text, not a column: {for_column(expression)}")
    typed = resolved(lifted(expression), environment)
    if not isinstance(typed, Column):
        raise ProgramError(f"{typed.text} has no name: write name={typed.text}")
    return typed


def value(name: str, given: Operand) -> Expression:
    """The argument `name` as an expression.

    Raises:
        ProgramError: if it cannot be one.
    """
    try:
        return lifted(given)
    except ProgramError as error:
        raise ProgramError(f"{name} = {error}") from None


def put(columns: dict[str, TypedExpression], name: str, value: TypedExpression) -> None:
    """Add a column; the same one again under its own name is no mistake, another one is."""
    before = columns.setdefault(name, value)
    if definition(before) is not definition(value):
        raise ProgramError(
            f"the column {name} is given twice; remove one, like *sr.this.without({name!r})"
        )


def definition(expression: TypedExpression) -> TypedExpression:
    """What a column stands for, without its names."""
    while isinstance(expression, Column):
        expression = expression.definition
    return expression
