"""Epoch: the exact states that all rows have come to, one for each table that is solved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from streamreg._core import KeyedReduction, Reduction, WindowReduction
from streamreg._epoch.class_parameters import check_classes
from streamreg._exceptions import CorruptStateError, MismatchError, WorkerError

if TYPE_CHECKING:
    from streamreg._epoch.event_clocks import Windows
    from streamreg._epoch.sharded_keys import ShardedKeys
    from streamreg._plan.plan import Plan
    from streamreg._plan.row_plan import AnyReduction
    from streamreg._state.checkpoint import Checkpoint, KeyedPart
    from streamreg._types import Moment
    from streamreg._worker.partial import Partial


class Reductions:
    """Those of a plan; without rows at first."""

    def __init__(self, plan: Plan, sharded: ShardedKeys | None = None) -> None:
        """Of this plan. Those by keys and in windows stay without a key where they are in shards."""
        self._plan = plan
        self._sharded = sharded
        self.each = [reducing.empty() for reducing in plan.rows.reductions]

    def restore(self, checkpoint: Checkpoint, time: Callable[[int], Moment | None]) -> None:
        """Takes the states of a checkpoint; `time` says up to where the event time of each has come.

        Raises:
            CorruptStateError: if a part of it is missing, or damaged.
            MismatchError: if a state is not of this plan.
        """
        states = zip(self.each, checkpoint.reductions, strict=True)
        for index, (reduction, state) in enumerate(states):
            by_key = checkpoint.keyed.pop(f"reduction {index}", None)
            if self._elsewhere(reduction):
                continue
            if isinstance(by_key, KeyedReduction) and isinstance(reduction, KeyedReduction):
                by_key.merge(reduction.to_bytes())  # Of no rows: it must be of the same shape.
                self.each[index] = by_key
            elif isinstance(by_key, WindowReduction):
                # Made by what the job says of it, which is the same.
                by_key.resume(time(index))
                self.each[index] = by_key
            elif isinstance(reduction, Reduction):
                reduction.merge(state)
            else:
                raise CorruptStateError("the keys of a reduction are missing")

    def _elsewhere(self, reduction: AnyReduction) -> bool:
        return self._sharded is not None and not isinstance(reduction, Reduction)

    def give_all(self) -> None:
        """Counts all keys as changed, so that outputs which begin get their rows. Windows begin with none."""
        for index, reduction in enumerate(self.each):
            if isinstance(reduction, KeyedReduction):
                again = self._plan.rows.reductions[index].empty()
                again.merge(reduction.to_bytes())
                self.each[index] = again

    def by_clock(self) -> Iterator[tuple[int, Windows]]:
        """Those with windows, each with the number of its clock."""
        for index, reducing in enumerate(self._plan.rows.reductions):
            reduction = self.each[index]
            if reducing.windows is None or not isinstance(reduction, WindowReduction):
                continue
            windows: Windows = reduction
            if self._sharded is not None:
                windows = self._sharded.windows(f"reduction {index}", reduction)
            yield reducing.windows.clock, windows

    def sharded_windows(self) -> Iterator[tuple[int, int]]:
        """Those with windows that are in shards: the number of each, and that of its clock."""
        for index, reducing in enumerate(self._plan.rows.reductions):
            if self._sharded is not None and reducing.windows is not None:
                yield index, reducing.windows.clock

    def change(self, partial: Partial, diff: Literal[1, -1]) -> None:
        """Adds rows, or takes them back.

        Raises:
            SourceError: if there are too many classes.
            WorkerError: if the states of the partial are no states of this plan.
        """
        for plan, reduction, state in zip(
            self._plan.results, self.each, partial.states, strict=True
        ):
            if self._elsewhere(reduction):
                continue
            try:
                if diff > 0:
                    reduction.merge(state)
                elif not isinstance(reduction, WindowReduction):
                    reduction.subtract(state)
                else:
                    raise AssertionError("windows take nothing back")
            except (CorruptStateError, MismatchError) as error:
                # The state on disk is not damaged: a worker of this run has sent wrong bytes.
                raise WorkerError(f"a frame does not fit the job: {error}") from error
            # At once: unlimited labels would fill the memory before the epoch ends.
            check_classes(plan, reduction)

    def states(self) -> list[bytes]:
        """The bytes of each; nothing of those that are kept by key."""
        return [one.to_bytes() if isinstance(one, Reduction) else b"" for one in self.each]

    def keyed(self) -> dict[str, KeyedPart]:
        """Those that are kept by key, by the names of their parts of a checkpoint."""
        return {
            f"reduction {index}": one
            for index, one in enumerate(self.each)
            if not isinstance(one, Reduction) and not self._elsewhere(one)
        }

    def excluded(self) -> int:
        """The most rows that one of them has left out, since a value is missing or not finite."""
        elsewhere = 0 if self._sharded is None else self._sharded.excluded()
        here = max((count for one in self.each for count in one.excluded()), default=0)
        return max(here, elsewhere)
