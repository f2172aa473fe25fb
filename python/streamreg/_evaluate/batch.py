"""Evaluate: runs a program on the columns of a batch.

Rows that a kernel cannot compute are taken out and the rest is computed anew, so that what
happens to one row never depends on the others. There are at most as many rounds as steps that can
fail.

Columns without missing values, which are the usual ones, go to the kernels as they are; the others by way of `missing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from streamreg._dataclass import dataclass
from streamreg._evaluate import missing, times
from streamreg._evaluate.columns import (
    NUMPY_TYPES,
    Column,
    Nullable,
    Values,
    repeated,
    take_rows,
    to_list,
)
from streamreg._evaluate.decimals import from_objects
from streamreg._evaluate.kernels import KERNELS
from streamreg._evaluate.program import (
    ALL_ROWS,
    IS_NONE,
    Call,
    Choose,
    Compute,
    Fixed,
    Load,
    Program,
    Step,
    Take,
)
from streamreg._evaluate.row_errors import DETAILS, BadRowsError, RowErrorKind, require
from streamreg._types import INT_MAX, INT_MIN, DType


@dataclass(frozen=True)
class RowErrors:
    """Rows that could not be computed, all for the same reason.

    `rows` are their indexes in the batch, ascending; `column` is the column (or the expression,
    if it has no name) in which it happened; `details` says of each what it was.
    """

    rows: NDArray[np.int64]
    kind: RowErrorKind
    column: str
    details: Sequence[str]


class _FailedError(Exception):
    """A step failed on some rows of the batch."""

    def __init__(self, errors: RowErrors) -> None:
        super().__init__(errors.kind)
        self.errors = errors


class Evaluated:
    """The slots of a program for one batch, less the rows that could not be computed."""

    def __init__(self, program: Program, columns: Mapping[str, Column], rows: int) -> None:
        """Compute every step.

        Raises:
            Exception: whatever a Python function of the program raises.
            TypeError: if one returns another type than declared.
        """
        self.errors: list[RowErrors] = []
        left: NDArray[np.int64] | None = None  # the rows still there, None for all
        with np.errstate(all="ignore"):  # NaN and infinities are ordinary values
            while True:
                run = _Run(program, columns, rows if left is None else len(left))
                try:
                    run.compute()
                    break
                except _FailedError as failed:
                    found = failed.errors
                    left = np.arange(rows, dtype=np.int64) if left is None else left
                    kept = np.ones(len(left), dtype=np.bool_)
                    kept[found.rows] = False
                    self.errors.append(
                        RowErrors(left[found.rows], found.kind, found.column, found.details)
                    )
                    places = np.flatnonzero(kept)
                    left = left[places]
                    columns = {
                        name: take_rows(values, kept, places) for name, values in columns.items()
                    }
        self._run = run
        self._left = left

    @property
    def slots(self) -> Sequence[Column]:
        """The columns in the slots."""
        return self._run.slots

    def rows(self, scope: int) -> int:
        """How many rows a scope has."""
        return self._run.scopes[scope].rows

    def places(self, scope: int) -> NDArray[np.int64]:
        """Which rows of the batch a scope has, ascending."""
        rows = self._run.in_batch(np.arange(self.rows(scope), dtype=np.int64), scope)
        return rows if self._left is None else self._left[rows]


@dataclass(frozen=True)
class _Chosen:
    """The rows of its parent that a scope has, said in two ways."""

    mask: NDArray[np.bool_]
    places: NDArray[np.intp]


@dataclass(frozen=True)
class _Rows:
    """A scope in this batch; `chosen` is None if it has all rows of its parent."""

    rows: int
    chosen: _Chosen | None


class _Run:
    def __init__(self, program: Program, columns: Mapping[str, Column], rows: int) -> None:
        self._program = program
        self._columns = columns
        self.slots: list[Column] = []
        self.scopes: dict[int, _Rows] = {ALL_ROWS: _Rows(rows, None)}

    def compute(self) -> None:
        for step in self._program.steps:
            self._enter(step.scope)
            try:
                self.slots.append(self._value(step))
            except BadRowsError as bad:
                raise _FailedError(self._located(step, bad)) from None
        for scope in range(len(self._program.scopes)):
            self._enter(scope)

    def _enter(self, scope: int) -> None:
        """Find the rows of a scope, once its mask is computed."""
        if scope in self.scopes:
            return
        description = self._program.scopes[scope]
        self._enter(description.parent)
        mask = missing.is_true(self.slots[description.mask])
        places = np.flatnonzero(mask)
        chosen = None if len(places) == len(mask) else _Chosen(mask, places)
        self.scopes[scope] = _Rows(len(places), chosen)

    def _value(self, step: Step) -> Column:
        rows = self.scopes[step.scope].rows
        match step:
            case Load():
                return self._columns[str(step.key)]
            case Fixed():
                return repeated(step.value, step.dtype, rows)
            case Take():
                chosen = self.scopes[step.scope].chosen
                values = self.slots[step.source]
                return values if chosen is None else take_rows(values, chosen.mask, chosen.places)
            case Compute():
                return self._computed(step.kernel, [self.slots[slot] for slot in step.arguments])
            case Choose():
                condition = self.slots[step.condition]
                met, unmet = self.slots[step.chosen], self.slots[step.otherwise]
                if isinstance(condition, Nullable):
                    return missing.chosen(condition, met, unmet, step.dtype)
                mask = np.asarray(condition, dtype=np.bool_)
                return missing.joined_columns(mask, met, unmet, step.dtype)
            case Call():
                return self._called(step, rows)

    def _computed(self, kernel: str, arguments: list[Column]) -> Column:
        if kernel != IS_NONE and any(isinstance(each, Nullable) for each in arguments):
            return missing.computed(KERNELS[kernel], arguments, len(arguments[0]))
        return KERNELS[kernel](*arguments)

    def _called(self, step: Call, rows: int) -> Column:
        function = step.function
        columns = [to_list(self.slots[slot]) for slot in step.arguments]
        arguments = zip(*columns, strict=True) if columns else iter([()] * rows)
        if function.rejects:
            values, failures = function.tried(arguments, step.column, may_miss=function.optional)
            if failures:
                mask = np.zeros(rows, np.bool_)
                mask[list(failures)] = True
                raise BadRowsError(mask, "function-error", list(failures.values()))
        else:
            values = function.values(arguments, step.column, may_miss=function.optional)
        return missing.from_objects(values, function.dtype, partial(_column, function.dtype))

    def _located(self, step: Step, bad: BadRowsError) -> RowErrors:
        """The bad rows of a step's scope as rows of the batch."""
        rows = self.in_batch(np.flatnonzero(bad.mask).astype(np.int64), step.scope)
        text = step.text if isinstance(step, Compute) else getattr(step, "column", "")
        column = step.column if isinstance(step, Compute | Call) else ""
        details = bad.details or [f"{text} {DETAILS[bad.kind]}"] * len(rows)
        return RowErrors(rows, bad.kind, column, details)

    def in_batch(self, rows: NDArray[np.int64], scope: int) -> NDArray[np.int64]:
        """Rows of a scope as rows of the batch."""
        while scope != ALL_ROWS:
            chosen = self.scopes[scope].chosen
            if chosen is not None:
                rows = chosen.places[rows].astype(np.int64)
            scope = self._program.scopes[scope].parent
        return rows


def _column(dtype: DType, values: list[object]) -> Values:
    """What a function returned as a column; raises BadRowsError for what no column holds."""
    if dtype == "int":
        beyond = (not INT_MIN <= value <= INT_MAX for value in values if isinstance(value, int))
        require(np.fromiter(beyond, np.bool_, len(values)), "integer-overflow")
    if dtype == "decimal":
        return from_objects(values)
    if dtype == "datetime" or dtype == "timedelta":
        return times.from_objects(values, dtype)
    numpy_type = NUMPY_TYPES.get(dtype)
    return values if numpy_type is None else np.array(values, dtype=numpy_type)
