"""Epoch, score: all rows that a partial ships, scored and written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from streamreg._core import stamp

if TYPE_CHECKING:
    from streamreg._epoch.outputs import Outputs
    from streamreg._epoch.reductions import Reductions
    from streamreg._epoch.row_scorer import Scoring
    from streamreg._epoch.slow_results import SlowResults
    from streamreg._plan.plan import Plan
    from streamreg._worker.partial import Partial


class Scorings:
    """Those of a plan."""

    def __init__(
        self, plan: Plan, reductions: Reductions, outputs: Outputs, slow_results: SlowResults
    ) -> None:
        """By these reductions, as they are when an epoch opens."""
        self._plans = plan.scores
        self._each = _each(plan, reductions) if plan.scores else []
        self._outputs = outputs
        self._slow_results = slow_results

    def begin(self, epoch: int) -> None:
        """Rows are scored by what was merged until now, until the next epoch begins."""
        for scoring, plan in zip(self._each, self._plans, strict=True):
            with self._slow_results.watching(epoch, plan.outputs[0].name):
                scoring.begin()

    def write(self, partial: Partial, times: Mapping[str, int]) -> None:
        """Scores the rows of a partial. Raises OutputError if they cannot be written."""
        first = 0
        for scoring, pieces in zip(self._each, partial.shipped, strict=True):
            outputs = self._outputs.scores[first : first + scoring.outputs]
            first += scoring.outputs
            for columns, count in pieces:
                for output, rows in zip(outputs, scoring.rows(columns, count), strict=True):
                    output.append(stamp(rows, times[output.spec.time], 1))


def _each(plan: Plan, reductions: Reductions) -> list[Scoring]:
    # Late: few jobs have scores, and they bring NumPy, whose import takes longer than all of the rest.
    from streamreg._epoch.row_scorer import Scoring

    return [Scoring(score, reductions.each[score.reduction]) for score in plan.scores]
