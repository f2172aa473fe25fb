"""Stage: plan. Compiles what a program writes to what the processes run.

Outputs whose rows come from the source are computed in the workers, like the inputs of
reductions; what stands on the answer of a reduction is computed in the parent, and so is what
stands on the scores of rows, with columns that the workers ship. The two parts share nothing, so a
worker's part can travel without the functions that are applied to answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

from streamreg._columns import Array, Values, contiguous
from streamreg._evaluate import Evaluated, RowErrors
from streamreg._exceptions import ProgramError
from streamreg._lower import Lowering
from streamreg._program import Load, Program
from streamreg._reducing import AnswerPlan, Collected, Reducing
from streamreg._scoring import CollectedScores, ScorePlan, Shipped
from streamreg._universe import ReducedUniverse, ScoredUniverse, SourceUniverse, root, scores_of
from streamreg.table import Table

if TYPE_CHECKING:
    from streamreg._source import Source

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
class RowResult:
    """What a batch gives.

    `outputs` has for each row output its columns as `_core.render` takes them; `reductions` for
    each reduction its input columns and their number of rows, `keys` the columns of its keys,
    `shipped` for each scoring its columns and their number of rows. Rows in `errors` are in none of
    them.
    """

    outputs: tuple[tuple[Values, ...], ...]
    reductions: tuple[tuple[tuple[Array, ...], int], ...]
    keys: tuple[tuple[Values, ...], ...]
    shipped: tuple[tuple[tuple[Values, ...], int], ...]
    errors: tuple[RowErrors, ...]


@dataclass(frozen=True)
class RowPlan:
    """The part of the plan for the workers; it can be pickled by cloudpickle."""

    program: Program
    outputs: tuple[tuple[int, ...], ...]
    reductions: tuple[Reducing, ...]
    shipped: tuple[Shipped, ...]

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
            tuple(
                (
                    tuple(contiguous(done.values(slot)) for slot in shipped.slots),
                    done.rows(shipped.scope),
                )
                for shipped in self.shipped
            ),
            tuple(done.errors),
        )


@dataclass(frozen=True)
class Plan:
    """The whole program.

    `row_outputs[i]` belongs to `rows.outputs[i]`, `scores[i]` to `rows.shipped[i]`, `answers[i]` to
    `rows.reductions[i]`.
    """

    source: Source
    rows: RowPlan
    row_outputs: tuple[Output, ...]
    scores: tuple[ScorePlan, ...]
    answers: tuple[AnswerPlan, ...]

    @property
    def score_outputs(self) -> tuple[Output, ...]:
        """The outputs of all scorings, one after another."""
        return tuple(output for plan in self.scores for output in plan.outputs)

    @property
    def answer_outputs(self) -> tuple[Output, ...]:
        """The outputs of all answers, one after another."""
        return tuple(output for plan in self.answers for output in plan.outputs)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """All outputs: of rows, of scored rows, of answers."""
        return (*self.row_outputs, *self.score_outputs, *self.answer_outputs)


_Reduction: TypeAlias = tuple[int, tuple[int, ...]]
"""What tells a reduction from others: its rows and keys."""


def compile(outputs: Sequence[Output]) -> Plan:
    """The plan that computes these outputs.

    Raises:
        ProgramError: if there is none, if two write the same file, or if they have two sources.
    """
    source = _source(outputs)
    rows = Lowering()
    row_outputs: list[Output] = []
    row_slots: list[tuple[int, ...]] = []
    reductions: dict[_Reduction, Collected] = {}
    scorings: dict[ScoredUniverse, CollectedScores] = {}
    scored_by: dict[ScoredUniverse, _Reduction] = {}

    def collected(universe: ReducedUniverse) -> tuple[_Reduction, Collected]:
        reduction = Collected(rows, universe)
        return reduction.rows_and_keys, reductions.setdefault(reduction.rows_and_keys, reduction)

    for output in outputs:
        universe = output.table._universe
        origin, scored = root(universe), scores_of(universe)
        if isinstance(origin, ReducedUniverse):
            collected(origin)[1].add(output, universe)
        elif scored is not None:
            if scored not in scorings:
                scored_by[scored], reduction = collected(scored.reduction)
                scorings[scored] = CollectedScores(rows, scored, reduction)
            scorings[scored].add(output, universe)
        else:
            scope = rows.scope_of(universe)
            row_outputs.append(output)
            row_slots.append(tuple(rows.lower(column, scope) for column in output.table))
    row_plan = RowPlan(
        rows.program(),
        tuple(row_slots),
        tuple(reduction.reducing() for reduction in reductions.values()),
        tuple(scoring.shipped() for scoring in scorings.values()),
    )
    places = list(reductions)
    scores = tuple(
        scoring.plan(places.index(scored_by[scored])) for scored, scoring in scorings.items()
    )
    answers = tuple(reduction.answers() for reduction in reductions.values())
    return Plan(source, row_plan, tuple(row_outputs), scores, answers)


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
