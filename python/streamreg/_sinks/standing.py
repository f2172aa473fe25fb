"""Sink, mode "current": what the changes of some epochs come to: for each key its row, or that it has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from streamreg._sinks.cells import cells_of, records_of
from streamreg._sinks.contract import EpochChanges

Cells: TypeAlias = Sequence[bytes]
"""The cells of a row, as CSV has them."""


def standing(
    epochs: Iterable[EpochChanges], keys: Sequence[int]
) -> dict[tuple[bytes, ...], bytes | None]:
    """The last row of each key that has changed, None where it went; in the order in which keys first changed.

    A row is text, as CSV has it: of many keys the lists of their cells would cost more than all else.

    Of each key at most one row stands, and a retraction stands before the insertion that replaces it: so the last
    change of a key says all. `keys` are the places of the columns that are keys.
    """
    found: dict[tuple[bytes, ...], bytes | None] = {}
    for epoch in epochs:
        for record in records_of(epoch.lines):
            row, _, diff = record.rsplit(b",", 2)
            cells = cells_of(row)
            found[tuple([cells[at] for at in keys])] = row if diff == b"1" else None
    return found


def changes(epochs: Iterable[EpochChanges]) -> Iterable[tuple[Cells, int, int]]:
    """All changes of some epochs: the cells of each row, its time and its diff."""
    for epoch in epochs:
        for record in records_of(epoch.lines):
            *cells, time, diff = cells_of(record)
            yield cells, int(time), int(diff)
