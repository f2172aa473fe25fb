"""Changelogs and reject files as a reader of them sees them."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Change(NamedTuple):
    """A row that came (diff 1) or went (diff -1) at an epoch."""

    row: tuple[float, ...]
    time: int
    diff: int


def read_changelog(path: Path, columns: Sequence[str]) -> list[Change]:
    """All changes of a finished changelog, whose columns must be these."""
    text = path.read_text()
    assert text.endswith("\n"), f"{path.name} ends in the middle of a line"
    head, *lines = csv.reader(text.splitlines())
    assert head == [*columns, "time", "diff"]
    return [_change(line, len(columns)) for line in lines]


def changes_so_far(path: Path, columns: int) -> list[Change]:
    """The whole lines of a changelog that is still being written."""
    if not path.exists():
        return []
    whole = path.read_text().split("\n")[:-1]
    return [_change(line, columns) for line in csv.reader(whole[1:])]


def fold(changes: Sequence[Change]) -> list[Change]:
    """The rows that a table of one row took, in order.

    Each retraction must be of the row that stands, bit for bit, and its successor of the same time.
    """
    rows: list[Change] = []
    standing: Change | None = None
    retracted: Change | None = None
    for change in changes:
        if change.diff == -1:
            assert standing is not None, f"nothing stands that {change} could take away"
            assert bits(change.row) == bits(standing.row), f"{change} takes away {standing}"
            standing, retracted = None, change
        else:
            assert change.diff == 1
            assert standing is None, f"{change} beside {standing}"
            assert retracted is None or retracted.time == change.time
            assert not rows or rows[-1].time < change.time
            standing = change
            rows.append(change)
    assert standing is not None or not changes, "the last row was taken away"
    return rows


def read_rejects(path: Path) -> list[tuple[int, int]]:
    """Partition and offset of each reject, one JSON object a line; no file is no reject."""
    if not path.exists():
        return []
    rejects = [json.loads(line) for line in path.read_text().splitlines()]
    return [(reject["partition"], reject["offset"]) for reject in rejects]


def bits(row: Sequence[float]) -> list[str]:
    """The row's doubles in hexadecimal: equal only where every bit is."""
    return [value.hex() for value in row]


def _change(line: list[str], columns: int) -> Change:
    assert len(line) == columns + 2, f"a torn line: {line}"
    time, diff = line[columns:]
    return Change(tuple(map(float, line[:columns])), int(time), int(diff))
