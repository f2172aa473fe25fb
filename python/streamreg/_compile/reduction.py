"""Compile: the statistics of one reduction, as the plans of workers and parent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from streamreg._compile.lower import Lowering
from streamreg._compile.model_catalog import describe
from streamreg._compile.output import output_spec
from streamreg._language.nodes import KeyColumn, restricted
from streamreg._language.outputs import Output
from streamreg._language.universe import WindowedUniverse
from streamreg._plan.result_plan import ResultPlan
from streamreg._plan.row_plan import Reducing
from streamreg._plan.windowing import Clock, Windows
from streamreg._types import (
    NUMBERS,
    WINDOW_BOUNDS,
    ClassModel,
    ClassStatistic,
    with_optional,
)

if TYPE_CHECKING:
    from streamreg._evaluate.program import Selection
    from streamreg._language.expression import TypedExpression
    from streamreg._language.reduction import ReducedColumn
    from streamreg._language.universe import ReducedUniverse, Universe
    from streamreg._plan.models import ModelInfo
    from streamreg._plan.output import OutputSpec
    from streamreg._types import Aggregate, InputType, Statistic


RowsAndKeys: TypeAlias = tuple[int, tuple[int, ...], Windows | None]
"""What tells a reduction from others: its rows, its keys and its windows."""


class Collected:
    """Collects the reductions of the rows of one scope by the same keys; equal parts are kept once."""

    def __init__(
        self, rows: Lowering, universe: ReducedUniverse, clocks: dict[Clock, None]
    ) -> None:
        """Nothing so far; `rows` takes what the workers are to compute for it, `clocks` its event time."""
        self._rows = rows
        self._universe = universe
        self._scope = rows.scope_of(universe.origin)
        self.keys = universe.keys
        self._keys = tuple(with_optional(key.dtype, optional=key.optional) for key in universe.keys)
        self._key_slots = tuple(rows.lower(key, self._scope) for key in universe.keys)
        self._windows = self._windows_of(universe, clocks)
        self._inputs: dict[int, InputType] = {}
        self._aggregates: dict[Aggregate, None] = {("count",): None}
        self._statistics: dict[Statistic | ClassStatistic, None] = {(0, "count", 0): None}
        self._label = universe.keys[-1].text if universe.keys else None
        self._lowering = Lowering(rows.rules, self._load)
        self._outputs: list[OutputSpec] = []
        self._slots: list[Selection] = []
        self._models: list[tuple[ModelInfo, ...]] = []
        self._scores_rows = False

    def _windows_of(self, universe: ReducedUniverse, clocks: dict[Clock, None]) -> Windows | None:
        if not isinstance(universe, WindowedUniverse):
            return None
        by = universe.windowing
        slot = self._rows.lower(restricted(by.time, universe.origin), self._scope)
        clock = _index(clocks, Clock(slot, self._scope, by.idle_timeout))
        time = with_optional(by.time.dtype, optional=by.time.optional)
        return Windows(
            clock,
            time,
            by.window,
            by.delay,
            by.cutoff,
            by.final,
            by.keep_results,
            keep_closed=False,
            labelled=universe.labelled,
        )

    @property
    def rows_and_keys(self) -> RowsAndKeys:
        """What two reductions have in common to share one state."""
        return self._scope, self._key_slots, self._windows

    def score_rows(self) -> None:
        """Rows are scored by it: of windows the last closed ones are kept."""
        self._scores_rows = True

    def add(self, output: Output, universe: Universe) -> None:
        """Takes an output of the rows of `universe`, those of the reduction or some of them."""
        scope = self._lowering.scope_of(universe)
        slots = tuple(self._lowering.lower(column, scope) for column in output.table)
        self._outputs.append(output_spec(output))
        self._slots.append((scope, slots))
        self._models.append(describe(output.table, self._universe, self.aggregate_of))

    def reducing(self) -> Reducing:
        """What the workers do for all of them."""
        return Reducing(
            tuple(self._inputs.values()),
            tuple(self._aggregates),
            tuple(self._inputs),
            self._scope,
            self._keys,
            self._key_slots,
            self._windows and replace(self._windows, keep_closed=self._scores_rows),
        )

    def results(self) -> ResultPlan:
        """What the parent does."""
        of_classes = any(kind == "class" for kind, *_ in self._aggregates)
        return ResultPlan(
            tuple(self._outputs),
            tuple(self._statistics),
            self._lowering.program(),
            tuple(self._slots),
            tuple(self._models),
            self._cells,
            self._label if of_classes else None,
            of_windows=self._windows is not None,
        )

    @property
    def _cells(self) -> int:
        """How many cells there are before the statistics."""
        return len(self._keys) + (0 if self._windows is None else len(WINDOW_BOUNDS))

    def aggregate_of(self, column: ReducedColumn) -> int:
        """The index of the aggregate that a column is a result of; it is kept from now on."""
        inputs = [self._input(argument) for argument in column.arguments]
        return _index(self._aggregates, column.aggregate(inputs))

    def _load(self, column: ReducedColumn | KeyColumn) -> int:
        """The index of a key, or of a reduced column's result, among the keys and the results."""
        if isinstance(column, KeyColumn):
            return column.index
        reducer = column.reducer
        at = self.aggregate_of(column)
        statistic: Statistic | ClassStatistic = (at, reducer.statistic, reducer.index)
        if isinstance(reducer.model, ClassModel):
            statistic = ClassStatistic(at, reducer.statistic, reducer.index, reducer.model)
        elif reducer.model is not None:
            statistic = (at, reducer.statistic, reducer.index, reducer.other, reducer.model)
        return self._cells + _index(self._statistics, statistic)

    def _input(self, argument: TypedExpression) -> int:
        slot = self._rows.lower(argument, self._scope)
        kind = with_optional(NUMBERS[argument.dtype], optional=argument.optional)
        self._inputs.setdefault(slot, kind)
        return list(self._inputs).index(slot)


_Key = TypeVar("_Key")


def _index(ordered: dict[_Key, None], key: _Key) -> int:
    ordered.setdefault(key)
    return list(ordered).index(key)
