"""State: a plan that goes on with the sums of a state: it asks for all of them, in the order in which they are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from streamreg._state.kept_steps import Extended
from streamreg._types import ClassStatistic

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._plan.row_plan import Reducing
    from streamreg._state.described_job import DescribedJob, DescribedReduction
    from streamreg._types import Statistic


def whole_plan(
    plan: Plan, before: DescribedJob, now: DescribedJob, held: Sequence[DescribedReduction]
) -> Plan:
    """The plan, with all that the reductions of a state sum.

    Args:
        plan: what a job computes.
        before: the job of the state.
        now: that of the plan.
        held: for each reduction of the plan the one of the state, which has all of its aggregates.

    Raises:
        LostError: if something is summed there that can be computed no more.
    """
    extended = Extended(plan.rows.program, now.program, before.program, plan.input.columns)
    reductions = tuple(
        _reducing(reducing, one, extended.slot)
        for reducing, one in zip(plan.rows.reductions, held, strict=True)
    )
    places = [
        [one.place_of(wanted, aggregate) or 0 for aggregate in wanted.aggregates]
        for wanted, one in zip(now.reductions, held, strict=True)
    ]
    results = tuple(
        replace(
            result,
            statistics=tuple(_moved(one, at) for one in result.statistics),
            models=tuple(
                tuple(replace(one, aggregate=at[one.aggregate]) for one in models)
                for models in result.models
            ),
        )
        for result, at in zip(plan.results, places, strict=True)
    )
    scores = tuple(
        replace(score, model=(places[score.reduction][score.model[0]], score.model[1]))
        for score in plan.scores
    )
    rows = replace(plan.rows, program=extended.program(), reductions=reductions)
    return replace(plan, rows=rows, results=results, scores=scores, earlier=())


def _reducing(reducing: Reducing, held: DescribedReduction, slot: Callable[[int], int]) -> Reducing:
    windows = reducing.windows
    if windows is not None and held.windows is not None:
        windows = replace(windows, keep_closed=held.windows["keep_closed"])
    return replace(
        reducing,
        inputs=held.types,
        aggregates=held.aggregates,
        slots=tuple(map(slot, held.inputs)),
        windows=windows,
    )


def _moved(
    statistic: Statistic | ClassStatistic, places: Sequence[int]
) -> Statistic | ClassStatistic:
    """A statistic of an aggregate that stands at another place."""
    at = places[statistic[0]]
    if isinstance(statistic, ClassStatistic):
        return statistic._replace(aggregate=at)
    if len(statistic) == 3:
        return (at, *statistic[1:])
    return (at, *statistic[1:])
