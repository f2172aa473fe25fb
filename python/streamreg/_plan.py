"""Stage: plan. Compiles what a program writes to what the processes run.

Outputs whose rows come from the source are computed in the workers, like the inputs of
reductions; what stands on the answer of a reduction is computed in the parent. The two parts
share nothing, so a worker's part can travel without the functions that are applied to answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar, cast

import numpy as np

from streamreg._answers import evaluate_answer, in_scope
from streamreg._columns import Array, Values, contiguous
from streamreg._core import KeyedReduction, Reduction
from streamreg._evaluate import Evaluated, RowErrors
from streamreg._exceptions import ProgramError
from streamreg._lower import Lowering
from streamreg._nodes import KeyColumn
from streamreg._program import Load, Program
from streamreg._types import NUMBERS, KeyType
from streamreg._universe import ReducedUniverse, SourceUniverse, Universe, root
from streamreg.expressions import TypedExpression
from streamreg.reducers import ReducedColumn
from streamreg.table import Table

if TYPE_CHECKING:
    from streamreg._source import Source
    from streamreg._types import Aggregate, Answer, Number, Statistic

RESERVED: Final = ("time", "diff")
"""The last two columns of a changelog."""

Time: TypeAlias = Literal["epoch", "unix_ms"]


@dataclass(frozen=True, eq=False)
class Output:
    """A table to be written to a file.

    Raises:
        ProgramError: if a column has a name that the changelog needs for itself.
    """

    table: Table
    path: str
    time: Time = "epoch"

    def __post_init__(self) -> None:
        """Check the names."""
        for name in RESERVED:
            if name in self.table:
                raise ProgramError(
                    f"{self.path}: a column cannot be called {name}, because the changelog's own "
                    f"column is; write select(…) with another name for it"
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self.table.keys())


@dataclass(frozen=True)
class Reducing:
    """The arguments of a `_core.Reduction`, or one by keys, and the slots that a worker feeds it from."""

    inputs: tuple[Number, ...]
    aggregates: tuple[Aggregate, ...]
    slots: tuple[int, ...]
    scope: int
    keys: tuple[KeyType, ...] = ()
    key_slots: tuple[int, ...] = ()

    def empty(self) -> Reduction | KeyedReduction:
        """The states of no row: for each key if there are keys."""
        if self.keys:
            return KeyedReduction(self.keys, self.inputs, self.aggregates)
        return Reduction(self.inputs, self.aggregates)


@dataclass(frozen=True)
class RowResult:
    """What a batch gives.

    `outputs` has for each row output its columns as `_core.render` takes them; `reductions` for
    each reduction its input columns and their number of rows, `keys` the columns of its keys. Rows
    in `errors` are in none of them.
    """

    outputs: tuple[tuple[Values, ...], ...]
    reductions: tuple[tuple[tuple[Array, ...], int], ...]
    keys: tuple[tuple[Values, ...], ...]
    errors: tuple[RowErrors, ...]


@dataclass(frozen=True)
class RowPlan:
    """The part of the plan for the workers; it can be pickled by cloudpickle."""

    program: Program
    outputs: tuple[tuple[int, ...], ...]
    reductions: tuple[Reducing, ...]

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The columns of the source that anything is computed from."""
        return tuple(str(step.key) for step in self.program.steps if isinstance(step, Load))

    def evaluate(self, columns: Mapping[str, Values], rows: int) -> RowResult:
        """Compute a batch from the source's columns, each of `rows` entries.

        A function of the batch alone: a row's results do not depend on the rows beside it.

        Raises:
            Exception: whatever a function in `apply` raises, with a note about the row.
            TypeError: if one returns another type than it is declared to.
        """
        done = Evaluated(self.program, columns, rows)
        return RowResult(
            tuple(
                tuple(contiguous(done.values(slot)) for slot in output) for output in self.outputs
            ),
            tuple(
                (
                    tuple(_numbers(done.values(slot)) for slot in reducing.slots),
                    done.rows(reducing.scope),
                )
                for reducing in self.reductions
            ),
            tuple(
                tuple(contiguous(done.values(slot)) for slot in reducing.key_slots)
                for reducing in self.reductions
            ),
            tuple(done.errors),
        )


@dataclass(frozen=True)
class AnswerRow:
    """The row of an answer output, if there is one: its cells, each a column of one entry."""

    present: bool
    cells: tuple[list[object], ...]


@dataclass(frozen=True)
class AnswerPlan:
    """What the parent asks of one reduction, and what it makes of the answers.

    `outputs` are those written from it. `statistics` are to be asked of the `_core.Reduction`; the
    first one is the number of rows. The program reads the keys, of which there are `keys`, then the
    statistics.
    """

    outputs: tuple[Output, ...]
    statistics: tuple[Statistic, ...]
    program: Program
    slots: tuple[tuple[int, tuple[int, ...]], ...]
    keys: int = 0

    def evaluate(self, answers: Sequence[Answer]) -> tuple[AnswerRow, ...]:
        """The row of each output, from a key, if there are keys, and its answers to `statistics`.

        There is none while the reduction has no row, or if a filter does not let it pass.

        Raises:
            Exception: whatever a function in `apply` raises, with a note about the row.
            TypeError: if one returns another type than it is declared to.
        """
        if not answers[self.keys]:
            return tuple(AnswerRow(False, ()) for _ in self.slots)
        done = evaluate_answer(self.program, answers)
        return tuple(
            AnswerRow(True, tuple([done[slot]] for slot in slots))
            if in_scope(self.program, scope, done)
            else AnswerRow(False, ())
            for scope, slots in self.slots
        )


@dataclass(frozen=True)
class Plan:
    """The whole program.

    `row_outputs[i]` belongs to `rows.outputs[i]`, `answers[i]` to `rows.reductions[i]`.
    """

    source: Source
    rows: RowPlan
    row_outputs: tuple[Output, ...]
    answers: tuple[AnswerPlan, ...]

    @property
    def answer_outputs(self) -> tuple[Output, ...]:
        """The outputs of all answers, one after another."""
        return tuple(output for plan in self.answers for output in plan.outputs)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """All outputs: of rows, then of answers."""
        return (*self.row_outputs, *self.answer_outputs)


def compile(outputs: Sequence[Output]) -> Plan:
    """The plan that computes these outputs.

    Raises:
        ProgramError: if there is none, if two write the same file, or if they have two sources.
    """
    source = _source(outputs)
    rows = Lowering()
    row_outputs: list[Output] = []
    row_slots: list[tuple[int, ...]] = []
    reductions: dict[tuple[int, tuple[int, ...]], _Reduction] = {}
    for output in outputs:
        universe = output.table._universe
        origin = root(universe)
        if isinstance(origin, ReducedUniverse):
            reduction = _Reduction(rows, origin)
            reductions.setdefault(reduction.rows_and_keys, reduction).add(output, universe)
        else:
            scope = rows.scope_of(universe)
            row_outputs.append(output)
            row_slots.append(tuple(rows.lower(column, scope) for column in output.table))
    row_plan = RowPlan(
        rows.program(),
        tuple(row_slots),
        tuple(reduction.reducing() for reduction in reductions.values()),
    )
    answers = tuple(reduction.answers() for reduction in reductions.values())
    return Plan(source, row_plan, tuple(row_outputs), answers)


class _Reduction:
    """Collects what is asked of the rows of one scope by the same keys, equal things once."""

    def __init__(self, rows: Lowering, universe: ReducedUniverse) -> None:
        self._rows = rows
        self._scope = rows.scope_of(universe.origin)
        self._keys = tuple(cast(KeyType, key.dtype) for key in universe.keys)
        self._key_slots = tuple(rows.lower(key, self._scope) for key in universe.keys)
        self._inputs: dict[int, Number] = {}
        self._aggregates: dict[Aggregate, None] = {("count",): None}
        self._statistics: dict[Statistic, None] = {(0, "count", 0): None}
        self._lowering = Lowering(self._load)
        self._outputs: list[Output] = []
        self._slots: list[tuple[int, tuple[int, ...]]] = []

    @property
    def rows_and_keys(self) -> tuple[int, tuple[int, ...]]:
        """What reductions share their states by."""
        return self._scope, self._key_slots

    def add(self, output: Output, universe: Universe) -> None:
        scope = self._lowering.scope_of(universe)
        slots = tuple(self._lowering.lower(column, scope) for column in output.table)
        self._outputs.append(output)
        self._slots.append((scope, slots))

    def reducing(self) -> Reducing:
        return Reducing(
            tuple(self._inputs.values()),
            tuple(self._aggregates),
            tuple(self._inputs),
            self._scope,
            self._keys,
            self._key_slots,
        )

    def answers(self) -> AnswerPlan:
        return AnswerPlan(
            tuple(self._outputs),
            tuple(self._statistics),
            self._lowering.program(),
            tuple(self._slots),
            len(self._keys),
        )

    def _load(self, column: ReducedColumn | KeyColumn) -> int:
        """The index of a key, or of a reduced column's answer, among the keys and the answers."""
        if isinstance(column, KeyColumn):
            return column.index
        reducer = column.reducer
        inputs = [self._input(argument) for argument in column.arguments]
        at = _index(self._aggregates, column.aggregate(inputs))
        statistic: Statistic = (at, reducer.statistic, reducer.index)
        if reducer.model is not None:
            statistic = (*statistic, reducer.other, reducer.model)
        return len(self._keys) + _index(self._statistics, statistic)

    def _input(self, argument: TypedExpression) -> int:
        slot = self._rows.lower(argument, self._scope)
        self._inputs.setdefault(slot, NUMBERS[argument.dtype])
        return list(self._inputs).index(slot)


_Key = TypeVar("_Key")


def _index(ordered: dict[_Key, None], key: _Key) -> int:
    ordered.setdefault(key)
    return list(ordered).index(key)


def _numbers(values: Values) -> Array:
    if not isinstance(values, np.ndarray):
        raise AssertionError("only numbers are reduced")
    return np.ascontiguousarray(values)


def _source(outputs: Sequence[Output]) -> Source:
    if not outputs:
        raise ProgramError(
            "nothing is written, so there is nothing to run: write a table first, like "
            'sr.io.csv.write(table, "output.csv")'
        )
    found: dict[int, tuple[Source, Output]] = {}
    paths: set[str] = set()
    for output in outputs:
        if output.path in paths:
            raise ProgramError(
                f"{output.path} is written twice; give each output a file of its own"
            )
        paths.add(output.path)
        origin = root(output.table._universe)
        while isinstance(origin, ReducedUniverse):
            origin = root(origin.origin)
        if isinstance(origin, SourceUniverse):
            found.setdefault(id(origin.source), (origin.source, output))
    (source, output), *others = found.values()
    if others:
        raise ProgramError(
            f"a run has one source, but {output.path} comes from {source.name} and "
            f"{others[0][1].path} from {others[0][0].name}"
        )
    return source
