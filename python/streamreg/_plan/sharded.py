"""Plan: the part of the plan for tasks that keep what is kept by keys, or in windows: a shard of the keys each.

It can be pickled by cloudpickle; of outputs it knows what their `time` is, and not where they are written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from streamreg._core import KeyedReduction, WindowReduction
from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._types import ClassStatistic

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._plan.result_plan import ResultPlan
    from streamreg._plan.row_plan import Reducing
    from streamreg._types import Time


@dataclass(frozen=True)
class ShardedReduction:
    """A reduction by keys or in windows, and what is written of it."""

    index: int
    """Which one of the plan it is."""

    reducing: Reducing
    result: ResultPlan
    outputs: tuple[tuple[int, Time], ...]
    """For each of its outputs which result output of the plan it is, and its time."""

    def empty(self) -> KeyedReduction | WindowReduction:
        """Its states, without a key."""
        made = self.reducing.empty()
        if not isinstance(made, KeyedReduction | WindowReduction):
            raise AssertionError("it is by keys")
        return made

    @property
    def keep_results(self) -> bool:
        """Whether rows of closed windows stay in the outputs."""
        return self.reducing.windows is not None and self.reducing.windows.keep_results

    @property
    def waits(self) -> bool:
        """Whether windows of it change only because time goes on."""
        windows = self.reducing.windows
        return windows is not None and (windows.delay is not None or windows.cutoff is not None)

    @property
    def part(self) -> str:
        """What a state calls its sums."""
        return f"reduction {self.index}"


@dataclass(frozen=True)
class ShardPlan:
    """All of them."""

    reductions: tuple[ShardedReduction, ...]
    outputs: int
    """How many result outputs the plan has."""

    @property
    def parts(self) -> list[str]:
        """What a state keeps by keys, by name."""
        changelogs = (f"changelog {at}" for one in self.reductions for at, _ in one.outputs)
        return [*(one.part for one in self.reductions), *changelogs]


def sharded(plan: Plan) -> ShardPlan:
    """What of a plan is kept in shards.

    Raises:
        ConfigurationError: naming what cannot be.
    """
    if plan.input.upsert:
        raise ConfigurationError(_refused("rows that are replaced (upsert)"))
    found = []
    first = 0
    for index, (reducing, result) in enumerate(
        zip(plan.rows.reductions, plan.results, strict=True)
    ):
        outputs = tuple((at, output.time) for at, output in enumerate(result.outputs, first))
        first += len(outputs)
        if not reducing.keys and reducing.windows is None:
            continue
        classes = result.label is not None or any(
            isinstance(asked, ClassStatistic) for asked in result.statistics
        )
        if classes and reducing.windows is None:
            raise ConfigurationError(_refused("classes"))
        if any(score.reduction == index for score in plan.scores):
            raise ConfigurationError(_refused("scores by keys (predict_on)"))
        own = replace(result, outputs=(), models=())
        found.append(ShardedReduction(index, reducing, own, outputs))
    if not found:
        raise ConfigurationError(
            "engine: shards: nothing is kept by keys (by=, groupby) or in windows: leave it out"
        )
    return ShardPlan(tuple(found), first)


def _refused(what: str) -> str:
    return (
        f"engine: shards: {what} cannot be kept in shards: leave it out, and the driver keeps them"
    )
