"""Changelogs as a reader of them sees them. Cells stay text: floats are equal where their bits are."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

Row = tuple[str, ...]


class Change(NamedTuple):
    """A row that came (diff 1) or went (diff -1)."""

    row: Row
    time: int
    diff: int


def changes(path: str | Path, *columns: str) -> list[Change]:
    """All changes of a changelog, which must be whole and have these columns."""
    text = Path(path).read_text()
    assert text.endswith("\n"), f"{path} ends in the middle of a line"
    head, *lines = csv.reader(text.splitlines())
    assert head == [*columns, "time", "diff"]
    return [Change(tuple(line[:-2]), int(line[-2]), int(line[-1])) for line in lines]


def inserted(path: str | Path, *columns: str) -> list[Row]:
    """The rows of a changelog that takes nothing back, in order."""
    found = changes(path, *columns)
    assert all(change.diff == 1 for change in found)
    return [change.row for change in found]


def times(found: Iterable[Change]) -> list[int]:
    """The times that occur, in order; none comes back after a later one."""
    order = [time for time, _ in groupby(found, lambda change: change.time)]
    assert order == sorted(set(order))
    return order


def result(path: str | Path, *columns: str) -> Row | None:
    """The row that stands at the end of the changelog of one row; None if there is none.

    Each time takes back what stood, if anything did, and then puts something else in its place; the sum of the
    diffs of each row says the same.
    """
    found = changes(path, *columns)
    times(found)
    standing: Row | None = None
    for _, group in groupby(found, lambda change: change.time):
        *retracted, last = group
        if standing is None:
            assert not retracted
        elif last.diff == 1:
            assert [(old.row, old.diff) for old in retracted] == [(standing, -1)]
            assert last.row != standing
        else:
            assert not retracted
            assert last.row == standing
        standing = last.row if last.diff == 1 else None
    sums: Counter[Row] = Counter()
    for change in found:
        sums[change.row] += change.diff
    assert {row: n for row, n in sums.items() if n} == ({} if standing is None else {standing: 1})
    return standing


def rejects(path: str | Path) -> list[dict[str, Any]]:
    """The dead-letter file: the messages that did not fit."""
    text = Path(path).read_text()
    assert not text or text.endswith("\n"), f"{path} ends in the middle of a line"
    return [json.loads(line) for line in text.splitlines()]


def current(path: str | Path, keys: int, *columns: str) -> dict[Row, Row]:
    """The table at the end of a changelog, by its first columns, which are keys.

    Cells may hold ends of lines. Within a time the keys stand in order, each at most once; what stood for it is taken
    back, then something else put in its place.
    """
    text = Path(path).read_bytes().decode()
    assert text.endswith("\n"), f"{path} ends in the middle of a line"
    head, *lines = csv.reader(io.StringIO(text, newline=""))
    assert head == [*columns, "time", "diff"]
    found = [Change(tuple(line[:-2]), int(line[-2]), int(line[-1])) for line in lines]
    times(found)
    standing: dict[Row, Row] = {}
    for (_, key), group in groupby(found, lambda change: (change.time, change.row[:keys])):
        before = standing.pop(key, None)
        expected = [] if before is None else [(before, -1)]
        steps = [(change.row, change.diff) for change in group]
        if steps[-1][1] == 1:
            standing[key] = steps[-1][0]
            assert standing[key] != before
            expected.append((standing[key], 1))
        assert steps == expected
    return standing
