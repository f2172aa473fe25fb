"""Plan: the parent's part of one reduction: its statistics, and what is computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from streamreg._dataclass import dataclass
from streamreg._evaluate.scalar import evaluate_row
from streamreg._types import ClassStatistic

if TYPE_CHECKING:
    from streamreg._evaluate.program import Program, Selection
    from streamreg._plan.models import ModelInfo
    from streamreg._plan.output import OutputSpec
    from streamreg._types import ResultValue, Statistic


@dataclass(frozen=True)
class ResultRow:
    """The row of a result output, if there is one: its cells, each a column of one entry."""

    present: bool
    cells: tuple[list[object], ...]


@dataclass(frozen=True)
class ResultPlan:
    """The statistics that the parent takes of one reduction, and what it computes from them.

    `outputs` are those written from it, each with the `models` that it shows. `statistics` are
    taken of the `_core.Reduction`; the first one is the number of rows. The program reads the
    keys, of which there are `keys`, then the statistics. Where some are of classes, `label` is the
    column of the class labels.
    """

    outputs: tuple[OutputSpec, ...]
    statistics: tuple[Statistic | ClassStatistic, ...]
    program: Program
    slots: tuple[Selection, ...]
    models: tuple[tuple[ModelInfo, ...], ...]
    keys: int = 0
    label: str | None = None
    of_windows: bool = False
    """Whether the last of the keys are the bounds of windows."""

    @property
    def of_keys(self) -> list[Statistic]:
        """The statistics that depend on the rows of one key alone."""
        return [asked for asked in self.statistics if not isinstance(asked, ClassStatistic)]

    def evaluate(self, results: Sequence[ResultValue]) -> tuple[ResultRow, ...]:
        """The row of each output, from a key, if there are keys, and its results of `statistics`.

        There is none while the reduction has no row, or if a filter does not let it pass.

        Raises:
            Exception: whatever a function in `apply` raises, with a note about the row.
            TypeError: if one returns another type than it is declared to.
        """
        if not results[self.keys]:
            return tuple(ResultRow(False, ()) for _ in self.slots)
        rows = evaluate_row(self.program, self.slots, results)
        return tuple(
            ResultRow(False, ()) if row is None else ResultRow(True, tuple([cell] for cell in row))
            for row in rows
        )
