"""Sink, mode "current": what the changes of some epochs come to: for each key its row, or that it has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from streamreg._core import standing as last_rows
from streamreg._sinks.cells import cells_of, records_of
from streamreg._sinks.contract import EpochChanges

Cells: TypeAlias = Sequence[bytes]
"""The cells of a row, as CSV has them."""


def standing(
    epochs: Iterable[EpochChanges], keys: Sequence[int]
) -> list[tuple[bytes, bytes | None]]:
    """The last row of each key that has changed, None where it went; in the order in which keys first changed.

    Keys and rows are text, as CSV has it: of many keys the lists of their cells would cost more than all else. `keys`
    are the places of the columns that are keys; of none the key is empty.

    Raises:
        ValueError: if the lines are no changes of a table with these columns.
    """
    return last_rows([epoch.lines for epoch in epochs], keys)


def standing_by_cells(
    epochs: Iterable[EpochChanges], keys: Sequence[int]
) -> dict[tuple[bytes, ...], bytes | None]:
    """The same, by the cells of the keys."""
    found = standing(epochs, keys)
    return {tuple(cells_of(key)) if keys else (): row for key, row in found}


def changes(epochs: Iterable[EpochChanges]) -> Iterable[tuple[Cells, int, int]]:
    """All changes of some epochs: the cells of each row, its time and its diff."""
    for epoch in epochs:
        for record in records_of(epoch.lines):
            *cells, time, diff = cells_of(record)
            yield cells, int(time), int(diff)
