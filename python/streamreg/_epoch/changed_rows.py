"""Epoch, solve: the rows of the results, as text, of all keys that have changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from streamreg._core import KeyedReduction, Reduction, WindowReduction, render
from streamreg._dataclass import dataclass
from streamreg._epoch.class_parameters import ClassResults, class_results, window_class_results
from streamreg._evaluate.program import Load
from streamreg._state.keyed_rows import ONLY_KEY

if TYPE_CHECKING:
    from streamreg._core import KeyedResults
    from streamreg._plan.result_plan import ResultPlan
    from streamreg._plan.row_plan import AnyReduction
    from streamreg._types import Moment

KEYS_AT_A_TIME: Final = 1 << 14
"""Keys whose results are computed together: so the memory for it does not grow with the number of keys."""
LABELLED_AT_A_TIME: Final = 1 << 10
"""The same of windows with a row for each label."""
_NO_ROW: Final[Sequence[list[object]]] = ([],)
"""What is rendered in its place where there is no row."""


@dataclass(frozen=True)
class ResultRows:
    """The rows of a result output for some keys."""

    keys: Sequence[bytes]
    present: Sequence[bool]
    """Which of the keys have a row."""

    packed: bytes
    """The rows as `_core.render` gives them."""

    cells: Mapping[str, object] = field(default_factory=dict)
    """The row by column, if there is one, of a reduction without keys."""


def gone_rows(keys: Sequence[bytes]) -> ResultRows:
    """That these keys have no row any more."""
    return ResultRows(keys, [False] * len(keys), render([[]]))


def changed_rows(
    plan: ResultPlan, reduction: AnyReduction, time: Moment | None = None
) -> Iterator[list[ResultRows]]:
    """The rows of each output of a plan, for some keys at a time, in the order of the keys.

    Those of the keys that have changed since they were last marked clean; without keys, the only row. Where some
    statistics are of classes, those of all keys if one has changed. Of windows those that are to be written when event
    time has come to `time`.

    Raises:
        SourceError: if there are too many classes.
        Exception: whatever a function in `apply` raises, with a note about the row.
        TypeError: if one returns another type than it is declared to.
    """
    # Windows whose results nobody reads are told the time too: their rows may be scored by those that close.
    count = reduction.due(time) if isinstance(reduction, WindowReduction) else 0
    if not plan.slots:
        return
    if isinstance(reduction, Reduction):
        yield _only_row(plan, reduction)
        return
    if not isinstance(reduction, WindowReduction):
        count = reduction.changed()
    if plan.label is not None and isinstance(reduction, KeyedReduction):
        if count:
            together = class_results(plan, reduction)
            yield _unchanged(plan, together) or _computed(plan, together)
        return
    # Windows with labels have a row for each.
    labelled = plan.label is not None and isinstance(reduction, WindowReduction)
    most = LABELLED_AT_A_TIME if labelled else KEYS_AT_A_TIME
    for start in range(0, count, most):
        end = min(start + most, count)
        results: KeyedResults | ClassResults
        if labelled and isinstance(reduction, WindowReduction):
            results = window_class_results(plan, reduction, start, end)
        else:
            results = reduction.results(plan.of_keys, start, end)
        yield _unchanged(plan, results) or _computed(plan, results)


def _only_row(plan: ResultPlan, reduction: Reduction) -> list[ResultRows]:
    return [
        ResultRows(
            [ONLY_KEY],
            [row.present],
            render(row.cells if row.present else _NO_ROW),
            dict(zip(output.names, (cell for [cell] in row.cells), strict=row.present)),
        )
        for output, row in zip(
            plan.outputs, plan.evaluate(reduction.results(plan.of_keys)), strict=True
        )
    ]


def _unchanged(plan: ResultPlan, results: KeyedResults | ClassResults) -> list[ResultRows] | None:
    """Keys and statistics unchanged; None if something is computed from them, or filtered."""
    if not all(isinstance(step, Load) for step in plan.program.steps):
        return None
    loaded = [
        results.columns[int(step.key)] for step in plan.program.steps if isinstance(step, Load)
    ]
    return [
        ResultRows(results.keys, results.present, render([loaded[slot] for slot in slots]))
        for _, slots in plan.slots
    ]


def _computed(plan: ResultPlan, results: KeyedResults | ClassResults) -> list[ResultRows]:
    """What the program makes of each key's results."""
    # Late: it brings NumPy, and without keys, or with statistics alone, nothing is computed here.
    from streamreg._evaluate.keyed import evaluate_keys

    columns: list[Sequence[Any]] = [
        column if isinstance(column, list) else column.to_list() for column in results.columns
    ]
    places = [place for place, present in enumerate(results.present) if present]
    found = evaluate_keys(plan.program, plan.slots, columns, len(places))
    outputs = []
    for (_, slots), rows in zip(plan.slots, found, strict=True):
        present = [False] * len(results.present)
        for row in rows:
            present[places[row]] = True
        cells = list(zip(*(rows[row] for row in sorted(rows)), strict=True))
        packed = render([list(column) for column in cells] if cells else [[] for _ in slots])
        outputs.append(ResultRows(results.keys, present, packed))
    return outputs
