"""Rows of closed windows: the newest that a run has seen, and those that its output still tells of after a restart."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from streamreg._serve.closed_rows import ClosedRows, closed_before
from streamreg._serve.messages import TableSpec
from streamreg._serve.table import MOST_CLOSED
from streamreg._sinks.contract import ColumnSpec

COLUMNS = (ColumnSpec("k", "int", "k"), ColumnSpec("v", "float", "v"))


def spec(keys: tuple[int, ...] | None) -> TableSpec:
    return TableSpec("t", "t.csv", COLUMNS, keys, 0)


def test_the_newest_rows_are_kept() -> None:
    """Of each table by itself, those of earlier runs included."""
    kept = ClosedRows([[b"0,0"], ()])
    for k in range(1, MOST_CLOSED + 2):
        kept.add([[b"%d,0" % k], ()])
    first, second = kept.rows()
    assert (len(first), first[0], first[-1]) == (MOST_CLOSED, b"2,0", b"%d,0" % (MOST_CLOSED + 1))
    assert second == ()


@pytest.mark.parametrize("keys", [(0,), None])
@pytest.mark.parametrize("seed", range(20))
def test_oracle_closed_rows_are_those_that_the_run_has_let_go_of(
    keys: tuple[int, ...] | None, seed: int
) -> None:
    """Of a whole changelog exactly those; of its end none that are open, taken back, or not there."""
    chance = random.Random(seed)
    rows: dict[int, bytes] = {}
    closed: list[bytes] = []
    lines: list[bytes] = []
    for epoch in range(200):
        k = chance.randrange(epoch, epoch + 8)
        if k in rows:
            lines.append(b"%b,%d,-1" % (rows.pop(k), epoch))
        if chance.random() < 0.8:
            # Where keys are not shown, rows of several windows are alike.
            rows[k] = b"%d,%d.0" % (0 if keys is None else k, chance.randrange(3))
            lines.append(b"%b,%d,1" % (rows[k], epoch))
        if epoch in rows:
            closed.append(rows.pop(epoch))
    standing = list(rows.values())
    assert Counter(closed_before(spec(keys), lines, standing)) == Counter(closed)
    for cut in range(0, len(lines), 7):
        found = Counter(closed_before(spec(keys), lines[cut:], standing))
        assert found <= Counter(closed)
        brought = {line.rsplit(b",", 2)[0] for line in lines[cut:] if line.endswith(b",1")}
        if keys is not None:
            assert set(found) == {row for row in closed if row in brought}
