"""Rescore: has each row of an output the scores that the rows before its epoch give?

The output itself says which epoch a row came in. Where it holds all rows of the regression, and every column that the
regression and its other columns take, each epoch can be scored again by the ones before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final

import numpy as np

from streamreg._core import KeyedReduction, Reduction, decimals, micros_of_texts, stamp
from streamreg._epoch.row_scorer import Scoring
from streamreg._evaluate.columns import Column, Values, inputs, nullable
from streamreg._evaluate.missing import spread
from streamreg._evaluate.program import Call
from streamreg._evaluate.times import TimeType, of_micros
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.score_columns import STAMP, OwnColumns
from streamreg._sinks.cells import cells_of, unquoted
from streamreg._sinks.records import records, shown

if TYPE_CHECKING:
    from streamreg._plan.output import OutputSpec
    from streamreg._plan.plan import Plan
    from streamreg._types import DType

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
) -> Check:
    """Compares the scores of an output, whose `rows` with their times are those of the topic.

    `own` says where the shipped columns stand in it.
    """
    try:
        rescoring = Rescoring(plan, output, own)
    except _UntoldError as error:
        return Check(subject, f"not compared: {error}")
    wrong = rescoring.first_wrong(rows)
    if wrong is None:
        return Check(subject, "as the rows before each epoch give them")
    found, expected = map(shown, wrong)
    return Check(subject, "", f"it has {found}, the rows before give {expected}")


class Rescoring:
    """Scores the rows of one output again, from nothing."""

    def __init__(self, plan: Plan, output: OutputSpec, own: OwnColumns) -> None:
        """`own` as in `rescored`.

        Raises:
            _UntoldError: if the output does not tell enough; the text says of what.
        """
        score, shipped = plan.scores[own.scoring], plan.rows.shipped[own.scoring]
        reducing = plan.rows.reductions[score.reduction]
        if reducing.windows is not None:
            raise _UntoldError(
                "the output does not tell which windows had closed before each epoch"
            )
        if reducing.scope != shipped.scope:
            raise _UntoldError("the output does not hold all rows of the regression")
        types = [column.dtype for column in output.columns]
        readers = {
            at: (place, types[place])
            for place, at in enumerate(own.shipped)
            if at is not None and types[place] in _READ
        }
        if len(readers) < len(shipped.slots) or not {*reducing.slots} <= {*shipped.slots}:
            raise _UntoldError("the output does not hold all that they are computed from")
        if any(isinstance(step, Call) for step in score.program.steps):
            raise _UntoldError("a function of the program is among what they are computed by")
        self._readers = [reader for _, reader in sorted(readers.items())]
        self._inputs = [shipped.slots.index(slot) for slot in reducing.slots]
        self._keys = [shipped.slots.index(slot) for slot in reducing.key_slots]
        self._reduction = reducing.empty()
        self._scoring = Scoring(score, self._reduction)
        self._output = score.outputs.index(output)

    def first_wrong(self, rows: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, bytes] | None:
        """The first row that is not what it should be, and that; None if there is none.

        `rows` are those of the output without time and diff, and their times.
        """
        for _, epoch in groupby(rows, key=lambda row: row[1]):
            self._scoring.begin()
            texts = (row for row, _ in epoch)
            while piece := list(islice(texts, _AT_A_TIME)):
                wrong = self._wrong(piece)
                if wrong is not None:
                    return wrong
        return None

    def _wrong(self, rows: Sequence[bytes]) -> tuple[bytes, bytes] | None:
        cells = list(zip(*map(cells_of, rows), strict=True))
        columns = [_column(dtype, cells[place]) for place, dtype in self._readers]
        packed = self._scoring.rows(columns, len(rows))[self._output]
        lines = (line for part in records([stamp(packed, 0, 1)], quotes=True) for line in part)
        expected = [line[: -len(STAMP)] for line in lines]
        for row, line in zip(rows, expected, strict=True):
            if row != line:
                return row, line
        read = [inputs(columns[at]) for at in self._inputs]
        if isinstance(self._reduction, Reduction):
            self._reduction.add(read, len(rows))
        elif isinstance(self._reduction, KeyedReduction):
            keys = [columns[at] for at in self._keys]
            self._reduction.merge(self._reduction.partial(keys, read, len(rows)))
        return None
