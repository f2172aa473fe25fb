"""Epoch: upserts: the rows that a partial replaces or removes, computed again from what is kept of them.

The same messages, through the same pipeline, come to the same states and rows: these are taken back, bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import ProgramError
from streamreg._formats.kept_messages import batch_of
from streamreg._worker.pipeline import Pipeline
from streamreg._worker.upserts import NOT_THE_SAME

if TYPE_CHECKING:
    from streamreg._formats.contract import Found
    from streamreg._plan.plan import Plan
    from streamreg._state.upserted_rows import UpsertedRows
    from streamreg._worker.partial import Partial

_AT_A_TIME: Final = 20_000
"""Rows computed again together, at most: as many as a worker has in a batch."""


@dataclass(frozen=True)
class TakenBack:
    """The rows that a partial takes back."""

    replaced: tuple[Partial, ...] = ()
    """Those that stand, and that others replace."""

    own: tuple[Partial, ...] = ()
    """Those that its messages say themselves; they may have come with it."""

    before: Mapping[bytes, bytes] = field(default_factory=dict)
    """What was kept of those replaced, by name."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.replaced or self.own)


class Upserts:
    """The rows that stand, and how they are taken back."""

    def __init__(self, plan: Plan, found: Found, rows: UpsertedRows) -> None:
        """`found` is what the preamble of the format has found in the topic."""
        self.rows = rows
        self._input = plan.input
        self._pipeline = Pipeline(plan.input, plan.rows, found)

    def taken_back(self, partial: Partial) -> TakenBack:
        """The rows that stand and that a partial replaces, removes or takes back itself. Nothing is changed.

        Raises:
            CorruptStateError: if what is kept of a row is no message.
            ProgramError: if a row that has been one is none any more.
            StateError: if what is kept cannot be read.
        """
        before = self.rows.find(partial.kept)
        back = partial.taken_back
        own = () if back is None or not back.rows else (back,)
        return TakenBack(tuple(self._again(before)), own, before)

    def _again(self, kept: Mapping[bytes, bytes]) -> Iterator[Partial]:
        left = iter(kept.items())
        while some := dict(islice(left, _AT_A_TIME)):
            partial = self._pipeline.rows(batch_of(self._input, some))
            if partial.rows != len(some):
                raise ProgramError(NOT_THE_SAME)
            yield partial

    def put(self, partial: Partial, taken_back: TakenBack) -> None:
        """The partial is merged: its rows stand now."""
        self.rows.put(partial.kept, taken_back.before)
