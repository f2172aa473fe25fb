"""Evaluate: runs a program on rows and their scores, which may be missing.

All rows are computed together, as those of a batch. One by one are computed those that a function is called for, which
may return None here, and those that cannot be computed: here that makes a value missing, not the row a reject.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from streamreg._core import render
from streamreg._evaluate.batch import Evaluated
from streamreg._evaluate.columns import Column, Nullable, contiguous, nullable, take_rows, to_list
from streamreg._evaluate.program import Call, Load, Program
from streamreg._evaluate.scalar import evaluate_scalars, in_scope
from streamreg._types import FIRST_SHIPPED

if TYPE_CHECKING:
    from streamreg._evaluate.program import Selection

_Cells: TypeAlias = tuple[object, ...]


def packed_rows(
    program: Program, outputs: Sequence[Selection], columns: Sequence[Column], count: int
) -> list[bytes]:
    """The rows of each output, as `_core.render` gives them.

    `columns` are the scores, NaN where they are missing, then what was shipped, all of `count` entries. A predicted
    label, which cannot be NaN, is missing where its probability is, which comes after it.

    Raises:
        Exception: whatever a function in `apply` raises, with a note about the row.
        TypeError: if one returns another type than it is declared to.
    """
    columns = [*_scores(columns), *columns[FIRST_SHIPPED:]]
    if any(isinstance(step, Call) for step in program.steps):
        found: list[dict[int, _Cells]] = [{} for _ in outputs]
        left: Sequence[int] = range(count)
    else:
        done = _together(program, columns, count)
        if not done.errors:
            return [
                render([contiguous(done.slots[slot]) for slot in slots]) for _, slots in outputs
            ]
        found = [_cells(done, scope, slots) for scope, slots in outputs]
        left = sorted(row for errors in done.errors for row in errors.rows.tolist())
    for row, slots_of_row in _one_by_one(program, columns, left):
        for rows, (scope, slots) in zip(found, outputs, strict=True):
            if in_scope(program, scope, slots_of_row):
                rows[row] = tuple(slots_of_row[slot] for slot in slots)
    return [_in_order(rows, len(slots)) for rows, (_, slots) in zip(found, outputs, strict=True)]


def _scores(columns: Sequence[Column]) -> Iterator[Column]:
    """The scores, with those that are missing marked as such."""
    for at, values in enumerate(columns[:FIRST_SHIPPED]):
        assert not isinstance(values, Nullable)
        is_float = isinstance(values, np.ndarray) and values.dtype == np.float64
        yield nullable(values, np.isnan(np.asarray(values if is_float else columns[at + 1])))


def _together(program: Program, columns: Sequence[Column], count: int) -> Evaluated:
    loaded = {int(step.key) for step in program.steps if isinstance(step, Load)}
    return Evaluated(program, {str(at): columns[at] for at in loaded}, count)


def _cells(done: Evaluated, scope: int, slots: Sequence[int]) -> dict[int, _Cells]:
    """The rows of a scope that could be computed."""
    cells = zip(*(to_list(done.slots[slot]) for slot in slots), strict=True)
    return dict(zip(done.places(scope).tolist(), cells, strict=True))


def _one_by_one(
    program: Program, columns: Sequence[Column], rows: Sequence[int]
) -> Iterator[tuple[int, Sequence[object]]]:
    """The slots of each of these rows, which ascend."""
    places = np.array(rows, dtype=np.intp)
    mask = np.zeros(len(columns[0]), dtype=np.bool_)
    mask[places] = True
    listed = [to_list(take_rows(values, mask, places)) for values in columns]
    for row, cells in zip(rows, zip(*listed, strict=True), strict=True):
        yield row, evaluate_scalars(program, cells)


def _in_order(rows: dict[int, _Cells], columns: int) -> bytes:
    cells = list(zip(*(rows[row] for row in sorted(rows)), strict=True))
    return render([list(column) for column in cells] if cells else [[] for _ in range(columns)])
