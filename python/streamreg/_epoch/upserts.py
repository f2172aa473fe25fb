"""Epoch: upserts: the rows that a partial replaces or removes, computed again from what is kept of them.

The same messages, through the same pipeline, come to the same states and rows: these are taken back, bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from streamreg._exceptions import ProgramError
from streamreg._formats.kept_messages import batch_of
from streamreg._state.keyed_rows import checksum
from streamreg._worker.pipeline import Pipeline
from streamreg._worker.upserts import NOT_THE_SAME

if TYPE_CHECKING:
    from streamreg._formats.contract import Found
    from streamreg._plan.plan import Plan
    from streamreg._state.upserted_rows import UpsertedRows
    from streamreg._worker.partial import Partial


class TakenBack:
    """The rows that stand and that a partial replaces, removes or takes back itself.

    They are computed piece by piece, as they are taken: all of them may be more than memory holds.
    """

    def __init__(self, pieces: Iterator[Partial], own: Partial | None) -> None:
        """`own` are those that its messages say themselves."""
        self._pieces = pieces
        self._first = next(pieces, None)
        self.own = () if own is None or not own.rows else (own,)
        """Rows that may have come with the partial, and are taken back after it has been added."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._first is not None or bool(self.own)

    def replaced(self) -> Iterator[Partial]:
        """Those that stand, once.

        Raises:
            CorruptStateError: if what is kept of a row is no message.
            ProgramError: if a row that has been one is none any more.
            StateError: if what is kept cannot be read.
        """
        if self._first is not None:
            yield self._first
            yield from self._pieces


class Upserts:
    """The rows that stand, and how they are taken back."""

    def __init__(self, plan: Plan, found: Found, rows: UpsertedRows) -> None:
        """`found` is what the preamble of the format has found in the topic."""
        self.rows = rows
        self._input = plan.input
        self._pipeline = Pipeline(plan.input, plan.rows, found)
        self._before: dict[bytes, int] = {}

    def taken_back(self, partial: Partial) -> TakenBack:
        """What a partial takes back; `put` comes when all of it is. Raises as `TakenBack.replaced`."""
        self._before = {}
        return TakenBack(self._replaced(partial), partial.taken_back)

    def _replaced(self, partial: Partial) -> Iterator[Partial]:
        for piece in self.rows.find(partial.kept):
            self._before.update({name: checksum(name, kept) for name, kept in piece.items()})
            again = self._pipeline.rows(batch_of(self._input, piece))
            if again.rows != len(piece):
                raise ProgramError(NOT_THE_SAME)
            yield again

    def put(self, partial: Partial) -> None:
        """The partial is merged: its rows stand now."""
        self.rows.put(partial.kept, self._before)
