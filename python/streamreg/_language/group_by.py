"""Language: grouping, the rows of a table by their keys, and the reductions of each group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, get_args

from streamreg._exceptions import ProgramError
from streamreg._language.build import untyped
from streamreg._language.deferred import resolved
from streamreg._language.expression import Column, Expression, TypedExpression
from streamreg._language.linear_regression import check_keys
from streamreg._language.name_resolution import TableEnvironment, named, put, value
from streamreg._language.nodes import KeyColumn, origin, restricted
from streamreg._language.reduction import ReducedColumn, Reducer
from streamreg._language.universe import ReducedUniverse, root, scores_of
from streamreg._types import KeyType

if TYPE_CHECKING:
    from streamreg._language.linear_regression import Fit
    from streamreg._language.table import Table


class GroupedTable:
    """The rows of a table by their keys: what `table.groupby` gives."""

    __slots__ = ("_keys", "_table", "_universe")

    def __init__(self, table: Table, keys: Sequence[Expression], method: str) -> None:
        """The rows of `table` that have the same keys, together; of all rows if there is no key.

        Raises:
            ProgramError: in the name of `method`, if a key is no column, of another type than str,
                int, bool, datetime or timedelta, or given twice, or if the table is a result already, or scored.
        """
        columns = keys_of(table, keys, method)
        names = [column.name for column in columns]
        self._table = table
        self._universe = table._universe.reduced(tuple(columns), tuple(map(origin, columns)))
        self._keys: Mapping[str, TypedExpression] = {
            name: KeyColumn(self._universe, index) for index, name in enumerate(names)
        }

    def reduce(self, *args: Expression, **kwargs: Expression) -> Table:
        """One row for each key: reducers, keys, or arithmetic on them.

        `args` are keys that keep their names (`t.k`, `sr.this.k`), `kwargs` are columns by name.
        A row exists as soon as its key has occurred, and is updated by the rows of that key alone.

        Raises:
            ProgramError: if a value is neither a reducer nor a key, if a column that is no key
                stands outside of a reducer, or if a name is given twice.
        """
        environment = ReduceEnvironment(self._table, self._universe)
        return type(self._table)(self._chosen({}, args, kwargs, environment), self._universe)

    def _chosen(
        self,
        chosen: dict[str, TypedExpression],
        args: Sequence[Expression],
        kwargs: Mapping[str, Expression],
        environment: ReduceEnvironment,
    ) -> dict[str, TypedExpression]:
        """These columns, and those that `reduce` is given behind them."""
        for arg in args:
            column = named(arg, environment.inner)
            put(chosen, column.name, environment.key(column))
        for name, given in kwargs.items():
            put(chosen, name, self._result(name, value(name, given), environment))
        return chosen

    def _fitted(self, fit: Fit) -> Table:
        """A regression for each key."""
        result = fit.columns(TableEnvironment(self._table), self._universe)
        check_keys(self._keys, result)
        coefficient = next(iter(result.values()))
        return type(self._table)({**self._keys, **result}, self._universe, coefficient)

    def _result(
        self, name: str, expression: Expression, environment: ReduceEnvironment
    ) -> TypedExpression:
        typed = resolved(expression, environment)
        if typed.universe is not self._universe:
            each = "the rows of a key" if self._keys else "all rows"
            raise ProgramError(
                f"reduce: {name} = {typed.text} is no result over {each}; use a reducer, "
                f"like {name}=sr.reducers.sum({typed.text})"
            )
        return typed


class ReduceEnvironment:
    """Inside `reduce`: columns stand in reducers only, unless they are keys."""

    def __init__(self, table: Table, universe: ReducedUniverse) -> None:
        """Of a reduction of `table` to the rows of `universe`."""
        self.inner = TableEnvironment(table)
        self._universe = universe

    def column(self, name: str) -> TypedExpression:
        """The key of this name.

        Raises:
            ProgramError: if the column is no key.
        """
        return self.key(self.inner.column(name))

    def key(self, column: TypedExpression) -> TypedExpression:
        """A column that is a key, as the key.

        Raises:
            ProgramError: if it is none.
        """
        key = self.given(column)
        if key is column:
            raise ProgramError(
                f"reduce: the column {column.text} has a value for each row; use a reducer, like "
                f"sr.reducers.sum(this.{column.text})"
            )
        return key

    def reduction(self, reducer: Reducer) -> TypedExpression:
        """The result of a reducer."""
        arguments = tuple(
            restricted(resolved(argument, self.inner), self._universe.origin)
            for argument in reducer.arguments
        )
        return ReducedColumn(reducer, arguments, self._universe)

    def given(self, expression: TypedExpression) -> TypedExpression:
        """A column that is a key, as the key; any other expression unchanged.

        Raises:
            ProgramError: if the column of the key is not of the rows that are reduced.
        """
        if isinstance(expression, Column):
            for index, key in enumerate(self._universe.keys):
                if origin(expression) is origin(key):
                    restricted(expression, self._universe.origin)
                    return KeyColumn(self._universe, index)
        return expression


def keys_of(table: Table, keys: Sequence[Expression], method: str) -> list[Column]:
    """The columns that rows are grouped by.

    Raises:
        ProgramError: as `GroupedTable`.
    """
    if isinstance(root(table._universe), ReducedUniverse):
        raise ProgramError(f"{method}: this table is the result of a reduction already")
    if scores_of(table._universe) is not None:
        raise ProgramError(
            f"{method}: this table has predictions, which cannot be reduced; call it on the table "
            "that was scored"
        )
    columns = [_key(key, table, method) for key in keys]
    names = [column.name for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise ProgramError(f"{method}: the key {name} is given twice")
    return columns


def _key(expression: Expression, table: Table, method: str) -> Column:
    try:
        column = named(expression, TableEnvironment(table))
    except ProgramError as error:
        raise ProgramError(f"{method}: a key is a column, but {error}") from None
    # The table's own column, also where it was filtered from that of the expression.
    key = Column(column.name, restricted(column, table._universe))
    if key.dtype == "any":
        raise untyped(key, method)
    if key.dtype not in get_args(KeyType):
        hint = "; equal floats are a matter of rounding: use sr.cast(int, …), or text"
        raise ProgramError(
            f"{method}: the key {key.name} is {key.dtype}, but keys are "
            f"str, int, bool, datetime or timedelta{hint if key.dtype == 'float' else ''}"
        )
    return key
