"""Evaluate: runs a program on the results of many keys: together where that gives the same.

The evaluator of a batch's columns is fast, but knows neither missing values nor integers beyond 64 bits or decimals of
any length, nor functions that may return None. Keys with such results, keys that it cannot compute (an integer that
overflows, a division by zero), and programs that call functions are computed one key after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from streamreg._evaluate import times
from streamreg._evaluate.batch import Evaluated
from streamreg._evaluate.columns import Values, to_list
from streamreg._evaluate.program import Call, Load
from streamreg._evaluate.scalar import evaluate_row
from streamreg._types import INT_MAX, INT_MIN

if TYPE_CHECKING:
    from streamreg._evaluate.program import Program, Selection
    from streamreg._types import ResultValue


def evaluate_keys(
    program: Program,
    outputs: Sequence[Selection],
    columns: Sequence[Sequence[ResultValue]],
    count: int,
) -> list[dict[int, tuple[object, ...]]]:
    """For each output the rows of those of the `count` keys that have one.

    `columns` hold the keys, then the statistics, all of them of `count` entries.

    Raises:
        Exception: whatever a function in `apply` raises, with a note about the row.
        TypeError: if one returns another type than it is declared to.
    """
    found: list[dict[int, tuple[object, ...]]] = [{} for _ in outputs]
    rest: Sequence[int] = range(count)
    steps = program.steps
    if not any(isinstance(step, Call) for step in steps):
        strange = {
            place
            for step in steps
            if isinstance(step, Load)
            for place, result in enumerate(columns[int(step.key)])
            if result is None
            or (type(result) is int and not INT_MIN <= result <= INT_MAX)
            or isinstance(result, Decimal)
        }
        together = [place for place in rest if place not in strange]
        computed = _together(program, outputs, columns, together, found) if together else set()
        rest = [place for place in rest if place not in computed]
    for place in rest:
        rows = evaluate_row(program, outputs, [column[place] for column in columns])
        for output, row in zip(found, rows, strict=True):
            if row is not None:
                output[place] = row
    return found


def _together(
    program: Program,
    outputs: Sequence[Selection],
    columns: Sequence[Sequence[ResultValue]],
    places: Sequence[int],
    found: Sequence[dict[int, tuple[object, ...]]],
) -> set[int]:
    """Adds the rows of some keys to those found; gives the keys that could be computed."""
    loaded = {int(step.key) for step in program.steps if isinstance(step, Load)}
    inputs = {str(index): _column([columns[index][place] for place in places]) for index in loaded}
    done = Evaluated(program, inputs, len(places))
    for output, (scope, slots) in zip(found, outputs, strict=True):
        cells = zip(*(to_list(done.slots[slot]) for slot in slots), strict=True)
        for row, values in zip(done.places(scope).tolist(), cells, strict=True):
            output[places[row]] = values
    failed = {row for errors in done.errors for row in errors.rows.tolist()}
    return {place for row, place in enumerate(places) if row not in failed}


def _column(values: list[ResultValue]) -> Values:
    """Results as the column of a batch; those of one statistic have one type."""
    if isinstance(values[0], str):
        return list(values)
    if isinstance(values[0], datetime):
        return times.from_objects(values, "datetime")
    if isinstance(values[0], timedelta):
        return times.from_objects(values, "timedelta")
    return np.array(values)
