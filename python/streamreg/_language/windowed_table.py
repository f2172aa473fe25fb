"""Language: windows, the rows of a table by their times, and the reductions of each window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, final

from streamreg._exceptions import ProgramError
from streamreg._language.discriminant import METHODS, class_columns
from streamreg._language.discriminant_methods import ClassTables
from streamreg._language.expression import Column, Expression
from streamreg._language.features import Powers
from streamreg._language.group_by import GroupedTable, ReduceEnvironment, keys_of
from streamreg._language.linear_regression import Fit
from streamreg._language.name_resolution import TableEnvironment
from streamreg._language.nodes import KeyColumn, WindowBound, origin, restricted
from streamreg._language.regression_options import Options
from streamreg._language.universe import WindowedUniverse, check_group
from streamreg._types import WINDOW_BOUNDS, Singular

if TYPE_CHECKING:
    from streamreg._language.discriminant import Options as ClassOptions
    from streamreg._language.expression import TypedExpression
    from streamreg._language.table import Table
    from streamreg._language.windows import Windowing


@final
class WindowedTable(GroupedTable, ClassTables):
    """The rows of a table by windows: what `table.windowby` gives.

    Of a discriminant analysis or naive Bayes there is a row for each class of each window: instance, bounds, then as of
    `Table.linear_discriminant`. Windows are formed by the rows of all labels, and the shares of the rows and the
    covariances are those within a window.
    """

    __slots__ = ("_windows",)

    def __init__(self, table: Table, instance: Sequence[Expression], windowing: Windowing) -> None:
        """The rows of `table` that have the same instance, in windows.

        Raises:
            ProgramError: if a column of the instance is none that rows can be grouped by, or called as a bound of the
                window, or the time is not of these rows; or if rows are taken back.
        """
        keys = keys_of(table, instance, "windowby")
        check_group(table._universe, "windowby", "and windows take no row back")
        names = [key.name for key in keys]
        for name in WINDOW_BOUNDS:
            if name in names:
                raise ProgramError(
                    f"windowby: instance={name}: a column of the result is called {name}; give the instance another "
                    "name first with select"
                )
        restricted(windowing.time, table._universe)
        universe = WindowedUniverse(table._universe, tuple(keys), windowing)
        self._table = table
        self._universe = universe
        self._windows = universe
        self._keys = {
            **{name: KeyColumn(universe, index) for index, name in enumerate(names)},
            **{name: WindowBound(universe, name) for name in WINDOW_BOUNDS},
        }

    def reduce(self, *args: Expression, **kwargs: Expression) -> Table:
        """One row for each instance and window: reducers, or arithmetic on them, behind instance and bounds.

        `kwargs` are columns by name; `sr.this.window_start`, `sr.this.window_end` and the instance may stand in them.

        Raises:
            ProgramError: as `GroupedTable.reduce`.
        """
        chosen = self._chosen(dict(self._keys), args, kwargs, _WindowEnvironment(self))
        return type(self._table)(chosen, self._universe)

    def linear_regression(
        self,
        target: Expression,
        *features: Expression | Powers,
        weights: Expression | None = None,
        intercept: bool = True,
        ridge: float = 0.0,
        statistics: Sequence[str] = (),
        singular: Singular = "zero",
        level: float = 0.95,
        half_life: timedelta | int | None = None,
        time: Expression | None = None,
    ) -> Table:
        """The least-squares fit of each window, a row each: instance, bounds, then as `Table.linear_regression`.

        `predict_on` scores rows by the fit of the last closed window of their instance, or by the last rows before
        their epoch.

        Raises:
            ProgramError: as `Table.linear_regression`.
        """
        options = Options(
            intercept=intercept, ridge=ridge, statistics=statistics, singular=singular, level=level
        )
        return self._fitted(Fit(target, features, weights, half_life, time, options))

    def _classes(
        self,
        label: Expression,
        features: Sequence[Expression | Powers],
        options: ClassOptions,
    ) -> Table:
        method = METHODS[options.method]
        (column,) = keys_of(self._table, (label,), method)
        if column.name in self._keys:
            raise ProgramError(
                f"{method}: the label and the instance or a bound of the windows would both be called {column.name}; "
                "give it another name first, like t += t.select(…)"
            )
        universe = self._windows.by_label(column, origin(column))
        instances = len(self._universe.keys)
        keys = {
            **{
                name: KeyColumn(universe, index)
                for index, name in enumerate([*self._keys][:instances])
            },
            **{name: WindowBound(universe, name) for name in WINDOW_BOUNDS},
            column.name: KeyColumn(universe, instances),
        }
        result = class_columns(self._table, features, options, keys, universe)
        table = type(self._table)({**keys, **result}, universe, next(iter(result.values())))
        return table._with_labels(keys[column.name])


class _WindowEnvironment(ReduceEnvironment):
    """Inside the `reduce` of windows: their bounds are columns too."""

    def __init__(self, windows: WindowedTable) -> None:
        super().__init__(windows._table, windows._universe)
        self.inner = _WithBounds(windows)

    def key(self, column: TypedExpression) -> TypedExpression:
        """A column that is a bound or a key, as such.

        Raises:
            ProgramError: if it is neither.
        """
        found = origin(column)
        return found if isinstance(found, WindowBound) else super().key(column)


class _WithBounds(TableEnvironment):
    """What `sr.this` means there."""

    def __init__(self, windows: WindowedTable) -> None:
        super().__init__(windows._table)
        self._bounds = {name: windows._keys[name] for name in WINDOW_BOUNDS}

    def column(self, name: str) -> TypedExpression:
        """The bound of this name, or the table's column."""
        return Column(name, self._bounds[name]) if name in self._bounds else super().column(name)
