"""Rescore: has each row of an output the scores that the rows before its epoch give?

The output itself says which epoch a row came in. Where it holds all rows of the regression, and every column that the
regression and its other columns take, each epoch can be scored again by the ones before it. What windows hold when they
are closed follows from the topic: see `closed_windows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

import numpy as np

from streamreg._core import (
    KeyedReduction,
    Reduction,
    WindowReduction,
    decimals,
    micros_of_texts,
    stamp,
)
from streamreg._epoch.row_scorer import Scoring
from streamreg._evaluate.columns import Column, Values, inputs, nullable
from streamreg._evaluate.missing import spread
from streamreg._evaluate.program import Call
from streamreg._evaluate.times import TimeType, of_micros
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.closed_windows import ClosedWindows
from streamreg._operate.verify.score_columns import STAMP, OwnColumns
from streamreg._sinks.cells import cells_of, unquoted
from streamreg._sinks.records import records, shown

if TYPE_CHECKING:
    from streamreg._plan.output import OutputSpec
    from streamreg._plan.plan import Plan
    from streamreg._types import DType
    from streamreg._worker.partial import Partial

_AT_A_TIME: Final = 20_000
"""Rows that are scored together, as in a frame of a worker's."""


def _times(kind: TimeType, cells: Sequence[bytes]) -> Values:
    return of_micros(micros_of_texts(kind, [cell.decode() for cell in cells])[0], kind)


_READ: Final[dict[DType, Callable[[Sequence[bytes]], Values]]] = {
    "float": lambda cells: np.array([float(cell) for cell in cells], np.float64),
    "int": lambda cells: np.array([int(cell) for cell in cells], np.int64),
    "decimal": lambda cells: decimals([cell.decode() for cell in cells])[0],
    "datetime": lambda cells: _times("datetime", cells),
    "timedelta": lambda cells: _times("timedelta", cells),
    "bool": lambda cells: np.array([cell == b"True" for cell in cells], np.bool_),
    "str": lambda cells: [unquoted(cell).decode() for cell in cells],
}
"""How cells are read again, by type, without any loss."""


def _column(dtype: DType, cells: Sequence[bytes]) -> Column:
    """Cells as the column that they were written from; empty ones are missing values."""
    missing = np.fromiter((not cell for cell in cells), np.bool_, len(cells))
    values = _READ[dtype]([cell for cell in cells if cell])
    if not missing.any():
        return values
    return nullable(spread(values, np.flatnonzero(~missing), len(cells)), missing)


class _UntoldError(Exception):
    """An output does not tell enough to score its rows again."""


def rescored(
    subject: str,
    plan: Plan,
    output: OutputSpec,
    own: OwnColumns,
    rows: Iterable[tuple[bytes, bytes]],
    partials: Callable[[], Iterator[Partial]],
) -> Check:
    """Compares the scores of an output, whose `rows` with their times are those of the topic.

    `own` says where the shipped columns stand in it, `partials` gives what follows from the topic.
    """
    of_windows = plan.rows.reductions[plan.scores[own.scoring].reduction].windows is not None
    try:
        rescoring = (WindowRescoring if of_windows else Rescoring)(plan, output, own)
    except _UntoldError as error:
        return Check(subject, f"not compared: {error}")
    wrong = rescoring.first_wrong(rows, partials)
    before = "the windows that had closed" if of_windows else "the rows"
    if wrong is None:
        return Check(subject, f"as {before} before each epoch give them")
    found, expected = map(shown, wrong)
    return Check(subject, "", f"it has {found}, {before} before give {expected}")


class _ScoredRows:
    """The rows of one output, scored again by a reduction that is empty at first."""

    def __init__(self, plan: Plan, output: OutputSpec, own: OwnColumns) -> None:
        """`own` as in `rescored`.

        Raises:
            _UntoldError: if the output does not tell enough; the text says of what.
        """
        self._score, self._shipped = plan.scores[own.scoring], plan.rows.shipped[own.scoring]
        self._reducing = plan.rows.reductions[self._score.reduction]
        self._check()
        types = [column.dtype for column in output.columns]
        readers = {
            at: (place, types[place])
            for place, at in enumerate(own.shipped)
            if at is not None and types[place] in _READ
        }
        if len(readers) < len(self._shipped.slots):
            raise _UntoldError("the output does not hold all that they are computed from")
        if any(isinstance(step, Call) for step in self._score.program.steps):
            raise _UntoldError("a function of the program is among what they are computed by")
        self._readers = [reader for _, reader in sorted(readers.items())]
        self._reduction = self._reducing.empty()
        self._scoring = Scoring(self._score, self._reduction)
        self._output = self._score.outputs.index(output)

    def _check(self) -> None:
        """Raises _UntoldError if the output does not tell what the reduction holds."""

    def _compared(self, rows: Sequence[bytes]) -> tuple[list[Column], tuple[bytes, bytes] | None]:
        """What is read of rows; the first one that is not what it should be by now, and that, None if there is none."""
        cells = list(zip(*map(cells_of, rows), strict=True))
        columns = [_column(dtype, cells[place]) for place, dtype in self._readers]
        packed = self._scoring.rows(columns, len(rows))[self._output]
        lines = (line for part in records([stamp(packed, 0, 1)], quotes=True) for line in part)
        for row, line in zip(rows, lines, strict=True):
            expected = line[: -len(STAMP)]
            if row != expected:
                return columns, (row, expected)
        return columns, None


class Rescoring(_ScoredRows):
    """By all rows of the epochs before."""

    def _check(self) -> None:
        if self._reducing.scope != self._shipped.scope:
            raise _UntoldError("the output does not hold all rows of the regression")
        if not {*self._reducing.slots} <= {*self._shipped.slots}:
            raise _UntoldError("the output does not hold all that they are computed from")

    def first_wrong(
        self, rows: Iterable[tuple[bytes, bytes]], _: Callable[[], Iterator[Partial]]
    ) -> tuple[bytes, bytes] | None:
        """The first row that is not what it should be, and that; None if there is none.

        `rows` are those of the output without time and diff, and their times.
        """
        for _time, epoch in groupby(rows, key=lambda row: row[1]):
            self._scoring.begin()
            texts = (row for row, _ in epoch)
            while piece := list(islice(texts, _AT_A_TIME)):
                columns, wrong = self._compared(piece)
                if wrong is not None:
                    return wrong
                self._add(columns, len(piece))
        return None

    def _add(self, columns: Sequence[Column], count: int) -> None:
        slots = self._shipped.slots
        read = [inputs(columns[slots.index(slot)]) for slot in self._reducing.slots]
        if isinstance(self._reduction, Reduction):
            self._reduction.add(read, count)
        elif isinstance(self._reduction, KeyedReduction):
            keys = [columns[slots.index(slot)] for slot in self._reducing.key_slots]
            self._reduction.merge(self._reduction.partial(keys, read, count))


class WindowRescoring(_ScoredRows):
    """By the last windows that had closed before the epoch."""

    def _check(self) -> None:
        windows = self._reducing.windows
        if windows is not None and windows.window[0] == "last":
            raise _UntoldError("the output does not tell the order of rows of the same time")

    def first_wrong(
        self, rows: Iterable[tuple[bytes, bytes]], partials: Callable[[], Iterator[Partial]]
    ) -> tuple[bytes, bytes] | None:
        """As `Rescoring.first_wrong`.

        Which windows had closed is no more than their order says: those that had before, and as many more, if any, as
        the scores of an epoch ask for. So the rows of one epoch are in memory.
        """
        if not isinstance(self._reduction, WindowReduction):
            raise AssertionError("windows are reduced by windows")
        for partial in partials():
            if partial.rows:
                self._reduction.merge(partial.states[self._score.reduction])
        closed = ClosedWindows(self._reduction)
        for _, epoch in groupby(rows, key=lambda row: row[1]):
            wrong = self._wrong([row for row, _ in epoch], closed)
            if wrong is not None:
                return wrong
        return None

    def _wrong(self, rows: Sequence[bytes], closed: ClosedWindows) -> tuple[bytes, bytes] | None:
        """The first row of an epoch that is wrong whichever windows had closed, and what it should be without more."""
        self._scoring.begin()
        first: tuple[bytes, bytes] | None = None
        while wrong := self._first_of(rows):
            first = first or wrong
            # No fewer windows than those that this very row asks for.
            while self._first_of([wrong[0]]):
                if not closed.close_next():
                    return first
                self._scoring.begin()
        return None

    def _first_of(self, rows: Sequence[bytes]) -> tuple[bytes, bytes] | None:
        for start in range(0, len(rows), _AT_A_TIME):
            _, wrong = self._compared(rows[start : start + _AT_A_TIME])
            if wrong is not None:
                return wrong
        return None
