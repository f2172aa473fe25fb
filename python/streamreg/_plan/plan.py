"""Plan: the whole program as data: what runs, where, and what is sent between the processes.

Outputs whose rows come from the source are computed in the workers, like the inputs of reductions; what stands on the
result of a reduction is computed in the parent, and so is what stands on the scores of rows, with columns that the
workers ship. The two parts share nothing, so a worker's part can travel without the functions that are applied to
results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from streamreg._formats.contract import Input
    from streamreg._plan.output import OutputSpec
    from streamreg._plan.result_plan import ResultPlan
    from streamreg._plan.row_plan import RowPlan
    from streamreg._plan.score_plan import ScorePlan
    from streamreg._source.contract import Source


@dataclass(frozen=True)
class Plan:
    """The whole program.

    `row_outputs[i]` belongs to `rows.outputs[i]`, `scores[i]` to `rows.shipped[i]`, `results[i]` to
    `rows.reductions[i]`.
    """

    input: Input
    rows: RowPlan
    row_outputs: tuple[OutputSpec, ...]
    scores: tuple[ScorePlan, ...]
    results: tuple[ResultPlan, ...]

    rules: int = 0
    """The number of the rules by which the program was made of expressions: builds before rule 2 did not say it."""

    earlier: tuple[Plan, ...] = ()
    """What builds with earlier rules made of the same program, where that is another: their states go on with it."""

    @property
    def source(self) -> Source:
        """Where the messages come from."""
        return self.input.source

    @property
    def score_outputs(self) -> tuple[OutputSpec, ...]:
        """The outputs of all scorings, one after another."""
        return tuple(output for plan in self.scores for output in plan.outputs)

    @property
    def result_outputs(self) -> tuple[OutputSpec, ...]:
        """The outputs of all results, one after another."""
        return tuple(output for plan in self.results for output in plan.outputs)

    @property
    def outputs(self) -> tuple[OutputSpec, ...]:
        """All outputs: of rows, of scored rows, of results."""
        return (*self.row_outputs, *self.score_outputs, *self.result_outputs)
