"""Worker: event time: how far each partition has come in it, the windows of the rows, and which rows are late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from streamreg._core import RowTimes, WindowReduction
from streamreg._dataclass import dataclass
from streamreg._evaluate.columns import Nullable, numbers, placed, to_list
from streamreg._evaluate.program import Load
from streamreg._evaluate.times import NUMPY_TIMES
from streamreg._worker.partial import Passage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamreg._core import WindowPartial
    from streamreg._evaluate.columns import Array
    from streamreg._plan.row_plan import RowPlan, RowResult
    from streamreg._plan.windowing import Windows
    from streamreg._source.messages import Batch
    from streamreg._types import Moment
    from streamreg._worker.task import Times

Integer = TypeVar("Integer", np.int32, np.int64)

LATE = "late"
OUTSIDE = "time-range"


@dataclass(frozen=True)
class Places:
    """Where the rows of a batch stand."""

    partitions: NDArray[np.int32]
    offsets: NDArray[np.int64] | None
    """Where the rows that are last are wanted."""

    def of(self, rows: NDArray[np.int64]) -> Places:
        """Those of some of the rows."""
        offsets = None if self.offsets is None else self.offsets[rows]
        return Places(self.partitions[rows], offsets)


class Refused(NamedTuple):
    """A row that is in no window, though it has a time: which one, why, and in which column."""

    row: int
    kind: str
    column: str | None
    detail: str


def places(plan: RowPlan, batch: Batch, messages: NDArray[np.uint32] | None) -> Places:
    """Those of the rows; `messages` are their messages, if these hold many."""
    count = len(batch.values)
    partitions = _array(batch.partitions(), np.int32, count)
    offsets = None
    if any(r.windows is not None and r.windows.window[0] == "last" for r in plan.reductions):
        offsets = _array(batch.offsets(), np.int64, count)
    found = Places(partitions, offsets)
    return found if messages is None else found.of(messages.astype(np.int64))


def _array(values: Iterable[int], dtype: type[Integer], count: int) -> NDArray[Integer]:
    """So many numbers; those of the native reader are an array, of which no object is made for each."""
    if isinstance(values, np.ndarray):
        return values.astype(dtype, copy=False)
    return np.fromiter(values, dtype, count)


class WindowedRows:
    """The rows of a batch in the windows of a plan."""

    def __init__(self, plan: RowPlan, result: RowResult, places: Places, times: Times) -> None:
        """`times` are the greatest before the batch."""
        self._plan = plan
        self._result = result
        self._before: Sequence[Mapping[int, Moment]] = times or [{}] * len(plan.clocks)
        empty = _windows(plan)
        self._windows = {index: of for index, (of, _) in empty.items()}
        self._clocks = []
        for at, (own, before) in enumerate(zip(result.clocks, self._before, strict=True)):
            # A time too far to have a window, as after a slip of units, would make all that follow late.
            bounds = [reduction.bounds() for of, reduction in empty.values() if of.clock == at]
            within = max(least for least, _ in bounds), min(most for _, most in bounds)
            of = places.of(own.places)
            self._clocks.append(RowTimes(own.times, of.partitions, before, of.offsets, within))
        self.partials: dict[int, WindowPartial] = {}
        for index, (of_windows, reduction) in empty.items():
            inputs, count = result.reductions[index]
            clock = self._clocks[of_windows.clock]
            self.partials[index] = reduction.partial(result.keys[index], clock, inputs, count)

    def passages(self) -> tuple[Mapping[int, Passage], ...]:
        """How far each partition has come, by clock."""
        return tuple(
            {
                partition: Passage(before.get(partition), oldest, after)
                for partition, (oldest, after) in clock.watermarks().items()
            }
            for clock, before in zip(self._clocks, self._before, strict=True)
        )

    def refused(self, rows: int) -> list[Refused]:
        """The rows, among so many, that none of the windows takes for which they have a time."""
        wanted = np.zeros(rows, np.int32)
        taken = np.zeros(rows, np.int32)
        found: dict[int, Refused] = {}
        for index, partial in self.partials.items():
            at_clock = self._windows[index].clock
            clock = self._result.clocks[at_clock]
            places = clock.places
            if isinstance(clock.times, Nullable):
                places = places[~clock.times.missing]
            wanted[places] += 1
            taken[places] += 1
            if not partial.late and not partial.outside:
                continue
            column, times = _name(self._plan, at_clock), numbers(placed(clock.times))
            for at, greatest in partial.late:
                row = int(clock.places[at])
                taken[row] -= 1
                found.setdefault(row, Refused(row, LATE, column, _late(times, at, greatest)))
            for at in partial.outside:
                row = int(clock.places[at])
                taken[row] -= 1
                detail = f"{_shown(times[at : at + 1])} is in no window that can be written"
                found.setdefault(row, Refused(row, OUTSIDE, column, detail))
        if not found:
            return []
        nobody = (wanted > 0) & (taken == 0)
        return [refused for row, refused in sorted(found.items()) if nobody[row]]


def _windows(plan: RowPlan) -> dict[int, tuple[Windows, WindowReduction]]:
    """The reductions by windows, of no rows, by their index."""
    found = {}
    for index, reducing in enumerate(plan.reductions):
        reduction = reducing.empty()
        if isinstance(reduction, WindowReduction) and reducing.windows is not None:
            found[index] = reducing.windows, reduction
    return found


def _late(times: Array, at: int, greatest: Moment) -> str:
    before = np.array([greatest]).astype(times.dtype)
    return (
        f"{_shown(times[at : at + 1])} is too late for its windows: {_shown(before)} came before it"
    )


def _shown(time: Array) -> str:
    (value,) = to_list(time)
    return value.isoformat() if time.dtype == NUMPY_TIMES["datetime"] else repr(value)  # type: ignore[attr-defined]


def _name(plan: RowPlan, clock: int) -> str | None:
    """How the column of times is called."""
    step = plan.program.steps[plan.clocks[clock].slot]
    return str(step.key) if isinstance(step, Load) else getattr(step, "column", None) or None
