"""Serve, points: the newest rows that an output was given, and which of them a regression is of."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from streamreg._core import decimals, micros_of_texts
from streamreg._evaluate import times
from streamreg._sinks.cells import cells_of, records_of, unquoted

if TYPE_CHECKING:
    from streamreg._evaluate.columns import Array
    from streamreg._serve.messages import LastLines, Layout

MOST_POINTS: Final = 500
_NOT_FINITE: Final = (b"", b"nan", b"inf", b"-inf")


class Places(NamedTuple):
    """Where an output of rows has the values of a regression."""

    output: int
    """Which of the layout's outputs of rows."""

    features: tuple[int, ...]
    """The place of the column of each feature."""

    target: int
    keys: tuple[int, ...]


def places_of(layout: Layout, described: Mapping[str, Any]) -> Places | None:
    """Where the values of a regression are; None if no output has all of them, unchanged."""
    at = described["reduction"]
    reduction = layout.reductions[at]
    kind, features, target, *_ = reduction["aggregates"][described["aggregate"]]
    inputs = features if kind == "moments" else [column for column, _ in features]
    slots = layout.inputs[at]
    wanted = [*(slots[one] for one in inputs), slots[target], *reduction["key_slots"]]
    for number, spec in enumerate(layout.rows):
        found = {slot: place for place, slot in enumerate(spec.slots)}
        if all(slot in found for slot in wanted):
            places = [found[slot] for slot in wanted]
            count = len(inputs)
            return Places(number, tuple(places[:count]), places[count], tuple(places[count + 1 :]))
    return None


def whole_records(last: LastLines) -> list[bytes]:
    """The records of the end of an output's lines, without one that lacks its beginning."""
    lines = last.lines
    if last.cut:
        # They end outside of quotes: so the number of quotes tells whether they begin within some.
        inside = lines.count(b'"') % 2 == 1
        start = 0
        for piece in lines.split(b'"'):
            end = -1 if inside else piece.find(b"\n")
            if end >= 0:
                return list(records_of(lines[start + end + 1 :]))
            inside, start = not inside, start + len(piece) + 1
        return []
    return list(records_of(lines))


def points_of(
    last: LastLines, places: Places, key: Sequence[bytes], most: int = MOST_POINTS
) -> list[list[bytes]]:
    """The cells of the newest rows of a key that stand and lack nothing that is needed; the oldest first."""
    found: deque[list[bytes]] = deque(maxlen=most)
    needed = (*places.features, places.target)
    for record in whole_records(last):
        row, _, diff = record.rsplit(b",", 2)
        if diff == b"-1":
            # One that was taken back, if it is still here.
            cells = cells_of(row)
            if cells in found:
                found.remove(cells)
            continue
        cells = cells_of(row)
        if [cells[at] for at in places.keys] == list(key) and not any(
            cells[at] in _NOT_FINITE for at in needed
        ):
            found.append(cells)
    return list(found)


def column_of(cells: Sequence[bytes], kind: str) -> Array:
    """Cells of numbers as a column, none of them missing: the very numbers that they have."""
    match kind:
        case "int":
            return np.array([int(cell) for cell in cells], np.int64)
        case "decimal":
            words, _ = decimals([cell.decode() for cell in cells])
            return words
        case "datetime" | "timedelta":
            texts = [unquoted(cell).decode() for cell in cells]
            counts, _ = micros_of_texts(kind, texts)
            return times.of_micros(counts, kind)
    return np.array([float(cell) for cell in cells])
