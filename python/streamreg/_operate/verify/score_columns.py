"""Verify: outputs of scored rows.

The topic does not tell which epoch a row came in, and so by which fit it was scored: what is the row's own is compared
with it, the scores with the rows before that epoch (see `score_check`). Where rows were filtered by their scores, the
topic cannot tell which must be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from streamreg._core import render, stamp
from streamreg._dataclass import dataclass
from streamreg._evaluate.program import ALL_ROWS, Load
from streamreg._plural import plural
from streamreg._sinks.cells import cells_of
from streamreg._sinks.records import RecordError, records, shown
from streamreg._types import FIRST_SHIPPED

if TYPE_CHECKING:
    from streamreg._evaluate.columns import Column
    from streamreg._plan.plan import Plan

STAMP: Final = b",0,1"
"""Time and diff of a row that is made for comparison."""


@dataclass(frozen=True)
class OwnColumns:
    """What an output of scored rows has of the rows alone: for each column the shipped one, None if it has scores."""

    scoring: int
    shipped: Sequence[int | None]

    def of_topic(self, columns: Sequence[Column], count: int) -> Iterator[list[bytes]]:
        """What is compared of shipped rows."""
        nothing: list[object] = [None] * count
        cells = [nothing if at is None else columns[at] for at in self.shipped]
        for lines in records([stamp(render(cells), 0, 1)], quotes=True):
            yield [self._kept(line[: -len(STAMP)]) for line in lines]

    def of_output(self, lists: Iterable[Sequence[bytes]]) -> Iterator[list[bytes]]:
        """What is compared of the rows of an output.

        Raises:
            RecordError: if a row has more cells or less than there are columns.
        """
        for rows in lists:
            yield [self._kept(row) for row in rows]

    def _kept(self, row: bytes) -> bytes:
        cells = cells_of(row)
        if len(cells) != len(self.shipped):
            raise RecordError(
                f"{shown(row)} has {plural(len(cells), 'cell')}, not {len(self.shipped)}"
            )
        pairs = zip(cells, self.shipped, strict=True)
        return b",".join(cell for cell, at in pairs if at is not None)


def own_columns(plan: Plan) -> list[OwnColumns | None]:
    """For each output of scores what can be compared; None where its rows were filtered by scores."""
    found: list[OwnColumns | None] = []
    for scoring, score in enumerate(plan.scores):
        steps = score.program.steps
        keys = [int(step.key) if isinstance(step, Load) else 0 for step in steps]
        for scope, slots in score.slots:
            shipped = [
                keys[slot] - FIRST_SHIPPED if keys[slot] >= FIRST_SHIPPED else None
                for slot in slots
            ]
            found.append(OwnColumns(scoring, shipped) if scope == ALL_ROWS else None)
    return found
