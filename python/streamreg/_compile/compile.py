"""Compile: makes the plan of the processes out of the tables that a program writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from streamreg._compile.lower import Lowering
from streamreg._compile.output import output_spec
from streamreg._compile.reduction import Collected, RowsAndKeys
from streamreg._compile.rules import CURRENT, Rules, earlier
from streamreg._compile.scores import CollectedScores
from streamreg._exceptions import ProgramError
from streamreg._language.outputs import Output
from streamreg._language.universe import (
    ReducedUniverse,
    ScoredUniverse,
    SourceUniverse,
    root,
    scores_of,
)
from streamreg._plan.plan import Plan
from streamreg._plan.row_plan import RowPlan

if TYPE_CHECKING:
    from streamreg._formats.contract import Input
    from streamreg._plan.output import OutputSpec
    from streamreg._plan.windowing import Clock


def compile(outputs: Sequence[Output]) -> Plan:
    """The plan that computes these outputs, with those of earlier builds where they made others of the same program.

    Raises:
        ProgramError: if there is none, if two write to one place, or if they have two sources.
    """
    input = _input(outputs)
    rules = Rules(CURRENT)
    plan = _compiled(input, outputs, rules)
    if not rules.differ:
        return plan
    return replace(plan, earlier=tuple(_compiled(input, outputs, rule) for rule in earlier()))


def _compiled(input: Input, outputs: Sequence[Output], rules: Rules) -> Plan:
    rows = Lowering(rules)
    row_outputs: list[OutputSpec] = []
    row_slots: list[tuple[int, ...]] = []
    reductions: dict[RowsAndKeys, Collected] = {}
    scorings: dict[ScoredUniverse, CollectedScores] = {}
    scored_by: dict[ScoredUniverse, RowsAndKeys] = {}
    clocks: dict[Clock, None] = {}

    def collected(universe: ReducedUniverse) -> tuple[RowsAndKeys, Collected]:
        reduction = Collected(rows, universe, clocks)
        return reduction.rows_and_keys, reductions.setdefault(reduction.rows_and_keys, reduction)

    for output in outputs:
        universe = output.table._universe
        origin, scored = root(universe), scores_of(universe)
        if isinstance(origin, ReducedUniverse):
            collected(origin)[1].add(output, universe)
        elif scored is not None:
            if scored not in scorings:
                scored_by[scored], reduction = collected(scored.reduction)
                reduction.score_rows()
                scorings[scored] = CollectedScores(rows, scored, reduction)
            scorings[scored].add(output, universe)
        else:
            scope = rows.scope_of(universe)
            row_outputs.append(output_spec(output))
            row_slots.append(tuple(rows.lower(column, scope) for column in output.table))
    row_plan = RowPlan(
        rows.program(),
        tuple(row_slots),
        tuple(reduction.reducing() for reduction in reductions.values()),
        tuple(scoring.shipped() for scoring in scorings.values()),
        tuple(clocks),
    )
    places = list(reductions)
    scores = tuple(
        scoring.plan(places.index(scored_by[scored])) for scored, scoring in scorings.items()
    )
    results = tuple(reduction.results() for reduction in reductions.values())
    return Plan(input, row_plan, tuple(row_outputs), scores, results, rules.number)


def _input(outputs: Sequence[Output]) -> Input:
    if not outputs:
        raise ProgramError(
            "nothing is written, so there is nothing to run: write a table first, like "
            'sr.io.csv.write(table, "output.csv")'
        )
    found: dict[int, tuple[Input, str]] = {}
    names: set[str] = set()
    for output in outputs:
        name = output.sink.name
        if name in names:
            kind = output.sink.kind
            raise ProgramError(f"{name} is written twice; give each output a {kind} of its own")
        names.add(name)
        origin = root(output.table._universe)
        while isinstance(origin, ReducedUniverse):
            origin = root(origin.origin)
        if isinstance(origin, SourceUniverse):
            found.setdefault(id(origin.input), (origin.input, name))
    (input, name), *others = found.values()
    if others:
        other, other_name = others[0]
        raise ProgramError(
            f"a run has one source, but {name} comes from {input.source.name} and "
            f"{other_name} from {other.source.name}: give each run its own, run(outputs=[…]); clear() forgets the "
            "outputs of a run that has failed"
        )
    return input
