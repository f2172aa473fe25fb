"""Evaluate: runs a program on rows and their scores, which may be missing.

The evaluator of a batch's columns is fast, but knows no missing values. Rows that lack the same scores are computed
together: what stands on a missing score is missing in all of them, and the rest can be computed as ever. One by one are
computed those where that differs (a choice with a missing value in one arm), those that a function is called for, and
those that cannot be computed: here that makes a value missing, not the row a reject.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from streamreg._core import render
from streamreg._evaluate.batch import Evaluated
from streamreg._evaluate.columns import Values, contiguous, take, to_list
from streamreg._evaluate.program import ALL_ROWS, Call, Choose, Compute, Fixed, Load, Program, Take
from streamreg._evaluate.scalar import evaluate_scalars, in_scope
from streamreg._types import FIRST_SHIPPED

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from streamreg._evaluate.program import Selection

_Cells: TypeAlias = tuple[object, ...]


def packed_rows(
    program: Program, outputs: Sequence[Selection], columns: Sequence[Values], count: int
) -> list[bytes]:
    """The rows of each output, as `_core.render` gives them.

    `columns` are the scores, NaN where they are missing, then what was shipped, all of `count` entries. A predicted
    label, which cannot be NaN, is missing where its probability is, which comes after it.

    Raises:
        Exception: whatever a function in `apply` raises, with a note about the row.
        TypeError: if one returns another type than it is declared to.
    """
    groups = list(_groups(program, columns, count))
    if len(groups) == 1 and not groups[0].left():
        return [render(groups[0].cells(scope, slots)) for scope, slots in outputs]
    found: list[dict[int, _Cells]] = [{} for _ in outputs]
    for group in groups:
        for rows, (scope, slots) in zip(found, outputs, strict=True):
            cells = zip(*map(to_list, group.cells(scope, slots)), strict=True)
            rows.update(zip(group.rows_of(scope), cells, strict=True))
        for row, done in _one_by_one(program, columns, group):
            for rows, (scope, slots) in zip(found, outputs, strict=True):
                if in_scope(program, scope, done):
                    rows[row] = tuple(done[slot] for slot in slots)
    return [_in_order(rows, len(slots)) for rows, (_, slots) in zip(found, outputs, strict=True)]


def _in_order(rows: dict[int, _Cells], columns: int) -> bytes:
    cells = list(zip(*(rows[row] for row in sorted(rows)), strict=True))
    return render([list(column) for column in cells] if cells else [[] for _ in range(columns)])


@dataclass(frozen=True)
class _Group:
    """Rows of a batch that lack the same scores."""

    program: Program
    rows: NDArray[np.intp]
    missing: Sequence[bool]
    """Of each step whether its value is missing in all of them."""

    computed: Evaluated | None
    """The steps that are not; None if the rows are to be computed one by one."""

    def rows_of(self, scope: int) -> Sequence[int]:
        """The rows of the batch that a scope has, of those that could be computed together."""
        if self.computed is None or self._is_empty(scope):
            return ()
        found: list[int] = self.rows[self.computed.places(scope)].tolist()
        return found

    def cells(self, scope: int, slots: Collection[int]) -> list[Values]:
        """The columns of these rows."""
        if self.computed is None or self._is_empty(scope):
            return [[] for _ in slots]
        count = self.computed.rows(scope)
        return [
            [None] * count if self.missing[slot] else contiguous(self.computed.values(slot))
            for slot in slots
        ]

    def left(self) -> Sequence[int]:
        """The rows of the batch that could not be computed together."""
        if self.computed is None:
            found: list[int] = self.rows.tolist()
            return found
        return [row for errors in self.computed.errors for row in self.rows[errors.rows].tolist()]

    def _is_empty(self, scope: int) -> bool:
        """Whether a condition of the scope is missing, which is not true."""
        while scope != ALL_ROWS:
            if self.missing[self.program.scopes[scope].mask]:
                return True
            scope = self.program.scopes[scope].parent
        return False


def _groups(program: Program, columns: Sequence[Values], count: int) -> Iterator[_Group]:
    loaded = {int(step.key) for step in program.steps if isinstance(step, Load)}
    scores = {at: mask for at, mask in enumerate(_missing_scores(columns)) if at in loaded}
    lacking = np.zeros(count, np.uint8)
    for at, mask in scores.items():
        lacking |= mask.astype(np.uint8) << at
    for pattern in np.unique(lacking).tolist():
        mask = lacking == pattern
        rows = np.flatnonzero(mask)
        missing = _missing(program, {at for at in scores if pattern >> at & 1})
        if missing is None:
            yield _Group(program, rows, (), None)
            continue
        inputs = {
            str(at): columns[at] if len(rows) == count else take(columns[at], mask, rows)
            for at in loaded
        }
        yield _Group(program, rows, missing, Evaluated(program, inputs, len(rows)))


def _missing_scores(columns: Sequence[Values]) -> Iterator[NDArray[np.bool_]]:
    """For each score the rows that lack it."""
    for at, values in enumerate(columns[:FIRST_SHIPPED]):
        numbers = values if _is_float(values) else columns[at + 1]
        yield np.isnan(np.asarray(numbers))


def _is_float(values: Values) -> bool:
    return isinstance(values, np.ndarray) and values.dtype == np.float64


def _missing(program: Program, scores: Collection[int]) -> list[bool] | None:
    """Of each step whether it is missing where these scores are; None if that is not the same for all such rows."""
    found: list[bool] = []
    for step in program.steps:
        match step:
            case Load():
                found.append(int(step.key) in scores)
            case Fixed():
                found.append(False)
            case Take():
                found.append(found[step.source])
            case Compute():
                found.append(any(found[slot] for slot in step.arguments))
            case Choose():
                arms = {found[step.chosen], found[step.otherwise]}
                if len(arms) > 1 and not found[step.condition]:
                    return None
                found.append(found[step.condition] or arms == {True})
            case Call():
                return None
    return found


def _one_by_one(
    program: Program, columns: Sequence[Values], group: _Group
) -> Iterator[tuple[int, Sequence[object]]]:
    """The slots of each row that could not be computed together."""
    rows = group.left()
    if not rows:
        return
    places = np.array(rows, dtype=np.intp)
    mask = np.zeros(len(columns[0]), dtype=np.bool_)
    mask[places] = True
    places = np.flatnonzero(mask)
    listed = [to_list(take(values, mask, places)) for values in columns]
    lacking = [missing[places] for missing in _missing_scores(columns)]
    for at, row in enumerate(places.tolist()):
        cells = [values[at] for values in listed]
        pairs = zip(lacking, cells[:FIRST_SHIPPED], strict=True)
        scores = [None if missing[at] else score for missing, score in pairs]
        yield row, evaluate_scalars(program, [*scores, *cells[FIRST_SHIPPED:]])
