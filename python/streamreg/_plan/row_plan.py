"""Plan: the workers' part. It can be pickled by cloudpickle, and knows no table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from streamreg._core import KeyedReduction, Reduction, WindowReduction
from streamreg._dataclass import dataclass
from streamreg._evaluate.program import Load, Program
from streamreg._types import is_optional

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from streamreg._evaluate.batch import RowErrors
    from streamreg._evaluate.columns import Array, Column, Nullable
    from streamreg._plan.score_plan import Shipped
    from streamreg._plan.windowing import Clock, Windows
    from streamreg._types import Aggregate, InputType

AnyReduction: TypeAlias = Reduction | KeyedReduction | WindowReduction
"""Exact states: of all rows, of those of each key, of those of each window."""


@dataclass(frozen=True)
class Reducing:
    """The arguments of a `_core.Reduction`, or one by keys, and the slots that a worker feeds it from."""

    inputs: tuple[InputType, ...]
    aggregates: tuple[Aggregate, ...]
    slots: tuple[int, ...]
    scope: int
    keys: tuple[InputType, ...] = ()
    key_slots: tuple[int, ...] = ()
    windows: Windows | None = None

    def empty(self) -> AnyReduction:
        """The states of no row: for each window if there are windows, for each key if there are keys."""
        if self.windows is not None:
            of = self.windows
            return WindowReduction(
                self.keys,
                self.inputs,
                self.aggregates,
                of.time,
                of.window,
                of.delay,
                of.cutoff,
                of.final,
                of.keep_closed,
                of.labelled,
            )
        if self.keys:
            return KeyedReduction(self.keys, self.inputs, self.aggregates)
        return Reduction(self.inputs, self.aggregates)


@dataclass(frozen=True)
class EventTimes:
    """The event times of the rows of a scope."""

    times: Array | Nullable
    places: NDArray[np.int64]
    """Which rows of the batch they are."""


@dataclass(frozen=True)
class RowResult:
    """What a batch gives.

    `outputs` has for each row output its columns as `_core.render` takes them; `reductions` for
    each reduction its input columns and their number of rows, `keys` the columns of its keys,
    `shipped` for each scoring its columns and their number of rows, `clocks` the times of each
    clock. Rows in `errors` are in none of them.
    """

    outputs: tuple[tuple[Column, ...], ...]
    reductions: tuple[tuple[tuple[Array | Nullable, ...], int], ...]
    keys: tuple[tuple[Column, ...], ...]
    shipped: tuple[tuple[tuple[Column, ...], int], ...]
    clocks: tuple[EventTimes, ...]
    errors: tuple[RowErrors, ...]


@dataclass(frozen=True)
class RowPlan:
    """The part of the plan for the workers; it can be pickled by cloudpickle."""

    program: Program
    outputs: tuple[tuple[int, ...], ...]
    reductions: tuple[Reducing, ...]
    shipped: tuple[Shipped, ...]
    clocks: tuple[Clock, ...] = ()

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The columns of the source that anything is computed from."""
        return tuple(str(step.key) for step in self.program.steps if isinstance(step, Load))

    @property
    def can_miss(self) -> bool:
        """Whether rows of the source can lack a value that is reduced."""
        return any(
            is_optional(kind) for each in self.reductions for kind in (*each.inputs, *each.keys)
        )

    def evaluate(self, columns: Mapping[str, Column], rows: int) -> RowResult:
        """Compute a batch from the source's columns, each of `rows` entries.

        A function of the batch alone: a row's results do not depend on the rows beside it.

        Raises:
            Exception: whatever a function in `apply` raises, with a note about the row.
            TypeError: if one returns another type than it is declared to.
        """
        # Late: the parent has the plan too, and computes no rows; these bring NumPy.
        from streamreg._evaluate.batch import Evaluated
        from streamreg._evaluate.columns import contiguous, inputs

        done = Evaluated(self.program, columns, rows)
        slots = done.slots
        # Lists within, and no generators: a lone row waits for each call.
        return RowResult(
            tuple([tuple([contiguous(slots[slot]) for slot in output]) for output in self.outputs]),
            tuple(
                [
                    (tuple([inputs(slots[slot]) for slot in each.slots]), done.rows(each.scope))
                    for each in self.reductions
                ]
            ),
            tuple(
                [
                    tuple([contiguous(slots[slot]) for slot in each.key_slots])
                    for each in self.reductions
                ]
            ),
            tuple(
                [
                    (tuple([contiguous(slots[slot]) for slot in each.slots]), done.rows(each.scope))
                    for each in self.shipped
                ]
            ),
            tuple(
                [
                    EventTimes(inputs(slots[clock.slot]), done.places(clock.scope))
                    for clock in self.clocks
                ]
            ),
            tuple(done.errors),
        )
