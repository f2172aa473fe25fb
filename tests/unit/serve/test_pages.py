"""Pages of a table that has not all of its keys, whose rows may be alike: each row once, and no page too long."""

from __future__ import annotations

import random

import pytest

from streamreg._serve.messages import TableSpec
from streamreg._serve.table import CurrentTable
from streamreg._sinks.contract import ColumnSpec

SPEC = TableSpec("t", "t.csv", (ColumnSpec("v", "int", "v"),), None, 0)


def changed(table: CurrentTable, row: bytes, diff: int, times: int = 1) -> None:
    table.change(b"%b,0,%d\n" % (row, diff) * times, ())


def pages(table: CurrentTable, most: int, *, descending: bool) -> list[list[bytes]]:
    rows, following = table.page(None, most, {}, descending=descending)
    found = [rows]
    while following is not None:
        rows, following = table.page(following, most, {}, descending=descending)
        found.append(rows)
    return found


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("most", [1, 2, 3, 5, 6, 7, 100])
def test_pages_of_rows_that_are_alike(most: int, descending: bool) -> None:
    """All pages but the last are full; windows that have closed count too."""
    table = CurrentTable(SPEC)
    table.stand([b"1"] * 4 + [b"2"] + [b"3"] * 6, [b"1", b"3", b"3"])
    found = pages(table, most, descending=descending)
    assert [len(page) for page in found[:-1]] == [most] * (len(found) - 1)
    rows = [b"1"] * 5 + [b"2"] + [b"3"] * 8
    assert [row for page in found for row in page] == (rows[::-1] if descending else rows)
    assert found[-1]


@pytest.mark.parametrize("descending", [False, True])
def test_law_rows_that_stay_are_on_one_page_each(descending: bool) -> None:
    """Whatever comes and goes between the pages, of the rows that are alike too."""
    chance = random.Random(3)
    for _ in range(200):
        table = CurrentTable(SPEC)
        stay = {b"%d" % value: chance.randrange(4) for value in range(5)}
        extra = dict.fromkeys(stay, 0)
        table.stand([row for row, count in stay.items() for _ in range(count)], ())
        found, following = table.page(None, 2, {}, descending=descending)
        come = dict.fromkeys(stay, 0)
        while following is not None:
            row = b"%d" % chance.randrange(5)
            if extra[row] and chance.random() < 0.5:
                changed(table, row, -1)
                extra[row] -= 1
            else:
                changed(table, row, 1)
                extra[row] += 1
                come[row] += 1
            rows, following = table.page(following, 2, {}, descending=descending)
            assert len(rows) <= 2
            found += rows
        assert found == sorted(found, reverse=descending)
        assert all(count <= found.count(row) <= count + come[row] for row, count in stay.items())


def test_rows_that_are_alike_count_towards_the_most() -> None:
    """A table has as many rows as its output, whatever they are."""
    table = CurrentTable(SPEC, most=5)
    changed(table, b"1", 1, 5)
    assert (table.overflown, len(table)) == (False, 5)
    changed(table, b"1", 1)
    assert (table.overflown, len(table)) == (True, 0)
