"""Language: tables, which are named columns over the same rows."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, final

from streamreg._exceptions import ProgramError, UnknownColumnError
from streamreg._html import table
from streamreg._language import discriminant as _discriminant
from streamreg._language.build import column_given, lifted, mistyped
from streamreg._language.deferred import resolved
from streamreg._language.discriminant_methods import ClassTables
from streamreg._language.expression import Column, Expression, Operand, TypedExpression
from streamreg._language.group_by import GroupedTable
from streamreg._language.name_resolution import TableEnvironment, named, put, value
from streamreg._language.nodes import SourceColumn, restricted
from streamreg._language.operators import MistypedError
from streamreg._language.predictions import scored
from streamreg._language.regression_methods import RegressionTables
from streamreg._language.this import AllColumns
from streamreg._language.universe import FilteredUniverse, SourceUniverse, Universe
from streamreg._language.windowed_table import WindowedTable
from streamreg._language.windows import windowing
from streamreg._types import check_names, held_type, is_optional

if TYPE_CHECKING:
    from streamreg._formats.contract import Input
    from streamreg._language.discriminant import Options
    from streamreg._language.features import Powers
    from streamreg._language.reduction import ReducedColumn
    from streamreg._language.windows import Behavior, Window


@final
class Table(RegressionTables, ClassTables):
    """Columns over the same rows. Tables do not change: every method gives a new one.

    `t.x` and `t["x"]` are a column; `t["select"]` is a column with the name of a method. `*t` are
    its columns, `**t` its columns by name.
    """

    __slots__ = ("_columns", "_parameter", "_universe")

    _columns: Mapping[str, Column]
    _universe: Universe
    _parameter: ReducedColumn | None

    def __init__(
        self,
        columns: Mapping[str, TypedExpression],
        universe: Universe,
        parameter: ReducedColumn | None = None,
    ) -> None:
        """Use `sr.io` to get a table; this is for streamreg itself.

        `parameter` is a parameter of the model, if the table is the result of one: a coefficient,
        or a parameter of a class.

        Raises:
            ProgramError: if there is no column, or one is not of the rows of `universe`, or has a
                name that no file can hold.
        """
        if not columns:
            raise ProgramError("a table needs a column")
        check_names(columns)
        self._columns = MappingProxyType(
            {name: Column(name, restricted(value, universe)) for name, value in columns.items()}
        )
        self._universe = universe
        self._parameter = parameter

    @classmethod
    def _from_input(cls, input: Input) -> Table:
        """The columns of an input, as its schema has them."""
        universe = SourceUniverse(input)
        return cls(
            {
                name: SourceColumn(name, held_type(source), universe, optional=is_optional(source))
                for name, source in input.columns.items()
            },
            universe,
        )

    def __getattr__(self, name: str) -> Column:
        if name.startswith("__") or name in Table.__slots__:
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Column:
        if name not in self._columns:
            close = difflib.get_close_matches(str(name), self._columns, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise UnknownColumnError(
                f"the table has no column {name!r}: {hint}it has {', '.join(self._columns)}"
            )
        return self._columns[name]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[Column]:
        return iter(self._columns.values())

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._columns]

    def __repr__(self) -> str:
        columns = ", ".join(
            f"{name}: {column.shown_type}" for name, column in self._columns.items()
        )
        return f"<Table ({columns})>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the columns and their types."""
        rows = [(name, column.shown_type) for name, column in self._columns.items()]
        return table("Table", rows, ("column", "type"))

    def keys(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self._columns)

    def select(self, *args: Expression | AllColumns, **kwargs: Operand) -> Table:
        """A table of these columns, on the same rows.

        `args` are columns that keep their names (`t.x`, `*t`, `*sr.this`), `kwargs` new columns:
        any expression or constant. Columns of the table that this one was filtered from can be
        used too.

        Raises:
            ProgramError: if a name is given twice, or a column is not of these rows.
        """
        environment = TableEnvironment(self)
        chosen: dict[str, TypedExpression] = {}
        for arg in args:
            if isinstance(arg, AllColumns):
                for name in sorted(arg.excluded - self._columns.keys()):
                    self[name]
                columns = [column for column in self if column.name not in arg.excluded]
            else:
                columns = [named(arg, environment)]
            for column in columns:
                put(chosen, column.name, column)
        for name, given in kwargs.items():
            put(chosen, name, resolved(value(name, given), environment))
        return Table(chosen, self._universe)

    def filter(self, predicate: Expression) -> Table:
        """The rows for which the predicate is true; a missing one counts as false.

        Raises:
            ProgramError: if it is no bool expression of these rows.
        """
        typed = resolved(lifted(predicate), TableEnvironment(self))
        if typed.dtype != "bool":
            raise mistyped("filter", (typed,), MistypedError(0, "booleans"))
        universe = FilteredUniverse(self._universe, restricted(typed, self._universe))
        return Table(self._columns, universe)

    def without(self, *columns: Expression | str) -> Table:
        """The table without some of its columns.

        Raises:
            ProgramError: if it has no such column, or no other one.
        """
        environment = TableEnvironment(self)
        names = [
            column if isinstance(column, str) else named(column, environment).name
            for column in columns
        ]
        dropped = {self[name].name for name in names}
        return Table({c.name: c for c in self if c.name not in dropped}, self._universe)

    def __add__(self, other: Table) -> Table:
        """The columns of two tables of the same rows, side by side.

        Raises:
            ProgramError: if they are not of the same rows, or have different columns of one name.
        """
        if not isinstance(other, Table):
            return NotImplemented
        if self._universe is not other._universe:
            raise ProgramError(
                f"+ sets columns of the same rows side by side, but the first table is of "
                f"{self._universe}, the second of {other._universe}"
            )
        columns: dict[str, TypedExpression] = dict(self._columns)
        for name, column in other._columns.items():
            put(columns, name, column)
        return Table(columns, self._universe)

    def reduce(self, **kwargs: Expression) -> Table:
        """One row over all rows: reducers, or arithmetic on them.

        It exists as soon as there is a row, and is updated with every further one.

        Raises:
            ProgramError: if a value is no reducer, or a column stands outside of one.
        """
        return self._grouped((), "reduce").reduce(**kwargs)

    def groupby(self, *keys: Expression) -> GroupedTable:
        """The rows by the values of some columns: `t.groupby(t.k).reduce(t.k, n=…)`.

        Keys are str, int, bool, datetime or timedelta; text "1" and the int 1 are different keys. Rows whose key is
        missing have one of their own, as in SQL, before all others; it is not that of the empty text.

        Raises:
            ProgramError: without a key, or if one is no column, of another type, or given twice.
        """
        if not keys:
            raise ProgramError("groupby takes a column at least; over all rows, use reduce(…)")
        return self._grouped(keys, "groupby")

    def windowby(
        self,
        time: Expression,
        *,
        window: Window,
        instance: Expression | Sequence[Expression] | None = None,
        behavior: Behavior | None = None,
    ) -> WindowedTable:
        """The rows by windows over their times: `t.windowby(t.at, window=sr.temporal.tumbling(timedelta(minutes=5)))`.

        A result has a row for each instance and window, with the columns of the instance, `window_start` and
        `window_end`. A window holds the rows from its start up to, not including, its end. A row that is late for all
        of its windows (see `sr.temporal`) is a reject of the reason `late`, one whose time is not finite, or in a
        window whose bounds no column can hold, of the reason `time-range`; if there are several `windowby`, where that
        is so for all of them for which it has a time. A row whose time is missing is in no window, and is counted as
        excluded; one that lacks another value is in its windows, but in no reducer or regression that reads the value.

        Args:
            time: when a row was: a column of datetime, int or float.
            window: what `sr.temporal.tumbling`, `sliding`, `session` or `last` gives.
            instance: a column or several, of str, int, bool, datetime or timedelta: then each value has windows of its
                own.
            behavior: what `sr.temporal.common_behavior` or `exactly_once_behavior` gives. Default: results are updated
                with every row, and windows never close, so that their number is that of all there ever were.

        Raises:
            ProgramError: if an argument is of another kind, in another unit than the times, or makes no sense.
        """
        if instance is None:
            instance = ()
        if not isinstance(instance, Expression | str | Sequence):
            raise ProgramError(f"windowby: instance is a column or several, not {instance!r}")
        keys = (instance,) if isinstance(instance, Expression | str) else tuple(instance)
        typed = resolved(column_given(time, "windowby"), TableEnvironment(self))
        return WindowedTable(self, keys, windowing(typed, window, behavior))

    def predict_on(self, rows: Table) -> Table:
        """The rows of a table with their predictions by this regression, or classification, before it had seen them.

        The table is one that `linear_regression` gave, the rows are those that it was fitted to, or
        a filter of them. Each row has its columns and then `prediction`, `residual` (the target
        less the exact prediction) and `standardized_residual` (the residual over its standard error
        √(s²(1/w + h)), with s² = rss/df, h = x'(X'WX)⁻¹x and w the row's weight, else 1: the
        recursive residual of Brown, Durbin and Evans (1975) over s; if errors are normal and
        independent, Student's t with df degrees of freedom). All are of the fit to the rows of all
        earlier epochs, with `by=` to those of the row's key, and rounded once. Which rows share an
        epoch depends on when they arrive: another run may score them by other fits.

        For a classification the columns are `predicted_label`, its probability `posterior`, and
        `own_posterior`, that of the row's own label, 0 if it is none of the classes yet and missing if the row has
        none; by the classes of this table. Each probability is the double nearest to the exact one.

        Cells are missing while there is no earlier row, and where a number that they depend on is
        missing or not finite. While the rows do not determine the coefficients the prediction is 0 as these
        are, or missing with `singular="null"`. The standardised residual is missing without degrees
        of freedom or residuals, with a ridge, and where the weight is not above 0.

        What it gives can be selected, filtered and written, not reduced. Computing with a missing
        value gives a missing one, as after a `reduce`; a condition that is missing is not true.

        Raises:
            ProgramError: if this table is not what a regression or discriminant gave, the rows are others or
                scored already, or have a column of one of these names.
        """
        return Table(*scored(self._parameter, rows))

    def _grouped(self, keys: Sequence[Expression], method: str) -> GroupedTable:
        return GroupedTable(self, keys, method)

    def _classes(
        self,
        label: Expression,
        features: Sequence[Expression | Powers],
        options: Options,
    ) -> Table:
        keys, result, universe = _discriminant.classes(self, label, features, options)
        return Table({**keys, **result}, universe, next(iter(result.values())))._with_labels(
            *keys.values()
        )

    def _with_labels(self, label: TypedExpression) -> Table:
        """A table of classes without the row of the rows that have no label: they are of no class."""
        if not label.optional:
            return self
        labelled = self.filter(label.is_not_none())
        return Table(labelled._columns, labelled._universe, self._parameter)
