"""The newest rows and rejects: bounded, whole records alone, and found again as the values that they have."""

from __future__ import annotations

import random

import numpy as np
import pytest

from streamreg._rejects.reject import Reject
from streamreg._serve.messages import LastLines, Layout, RowsSpec
from streamreg._serve.points import Places, column_of, places_of, points_of, whole_records
from streamreg._serve.recent import MOST_BYTES, MOST_REJECTS, RecentKeeper
from streamreg._sinks.cells import records_of
from streamreg._sinks.contract import ColumnSpec
from streamreg._source.messages import Location

NAMES = ("plain", '"a,b"', '"q""uo""te"', '"line\nend"', '""', '"\n"')


def lines_of_names(count: int, seed: int) -> bytes:
    chance = random.Random(seed)
    return b"".join(f"{number},{chance.choice(NAMES)},0,1\n".encode() for number in range(count))


@pytest.mark.parametrize("seed", range(20))
def test_differential_a_cut_text_gives_the_last_of_its_records(seed: int) -> None:
    """Wherever it is cut, within quotes too; records that are whole are those of the whole text."""
    whole = lines_of_names(40, seed)
    records = list(records_of(whole))
    for cut in range(1, len(whole)):
        found = whole_records(LastLines(whole[cut:], True))
        assert found == records[len(records) - len(found) :]
        # At most the record that was cut is missing.
        assert sum(len(record) + 1 for record in found) >= len(whole) - cut - max(
            len(record) + 1 for record in records
        )


def test_what_is_kept_is_bounded() -> None:
    """However many lines come, in large and in small pieces; the newest are there."""
    keeper = RecentKeeper(1)
    for size in (1, 10, 50_000, 3):
        lines = b"".join(b"%d,0,1\n" % number for number in range(size))
        keeper.written(0, lines)
    found = keeper.newest()
    assert found is not None
    (last,) = found.rows
    assert last.cut
    assert len(last.lines) <= 2 * MOST_BYTES
    records = whole_records(last)
    assert records[-4:] == [b"49999,0,1", b"0,0,1", b"1,0,1", b"2,0,1"]
    assert len(records) > 1000
    assert keeper.newest() is None


def test_an_output_that_nobody_knows_is_passed_over() -> None:
    """Before the flow starts nothing is kept."""
    keeper = RecentKeeper(0)
    keeper.written(0, b"1,0,1\n")
    found = keeper.newest()
    assert found is not None
    assert found.rows == ()


def test_rejects_are_shortened() -> None:
    """The newest, of each a part of its value, with the size of the whole; bytes that are no text are replaced."""
    keeper = RecentKeeper(0)
    many = [
        Reject(Location(0, at, None), "wrong-type", "x", "d" * 1000, b"\xff" + b"v" * 100_000)
        for at in range(1000)
    ]
    keeper.rejected(many)
    found = keeper.newest()
    assert found is not None
    assert [one.location.offset for one in found.rejects] == list(range(1000 - MOST_REJECTS, 1000))
    assert found.rejects[0].value == "\ufffd" + "v" * 199
    assert found.rejects[0].size == 100_001
    assert len(found.rejects[0].detail) == 200


def test_points_are_the_rows_of_a_key_that_stand() -> None:
    """Not those that lack a value, are of another key, or were taken back; at most so many, the newest."""
    lines = b"a,1,2,0,1\nb,1,3,0,1\na,,2,0,1\na,2,nan,0,1\na,3,4,1,1\na,1,2,1,-1\na,5,6,1,1\na,7,8,1,1\n"
    places = Places(0, (1,), 2, (0,))
    found = points_of(LastLines(lines, False), places, [b"a"])
    assert found == [[b"a", b"3", b"4"], [b"a", b"5", b"6"], [b"a", b"7", b"8"]]
    assert points_of(LastLines(lines, False), places, [b"a"], 1) == [[b"a", b"7", b"8"]]


def test_columns_have_the_very_numbers() -> None:
    """Integers beyond 2^53 whole, and times in microseconds."""
    assert column_of([b"9007199254740993"], "int").tolist() == [2**53 + 1]
    assert column_of([b"0.1", b"-0.0"], "float").tolist() == [0.1, -0.0]
    (moment,) = column_of([b"2026-01-02T03:04:05.000006+00:00"], "datetime")
    assert moment == np.datetime64("2026-01-02T03:04:05.000006")


def layout(*rows: RowsSpec) -> Layout:
    described = {
        "inputs": ["float", "float"],
        "aggregates": [["moments", [1], 0]],
        "keys": ["str"],
        "key_slots": [7],
    }
    return Layout((), (described,), None, rows, ((4, 5),))


def rows_spec(*slots: int | None) -> RowsSpec:
    return RowsSpec("rows.csv", tuple(ColumnSpec("c", "float", "c") for _ in slots), slots)


def test_an_output_has_a_regression_only_with_the_same_values() -> None:
    """The feature, the target and the keys, unchanged: by what computes them, whatever columns are called."""
    model = {"reduction": 0, "aggregate": 0}
    assert places_of(layout(), model) is None
    assert places_of(layout(rows_spec(4, 5)), model) is None
    assert places_of(layout(rows_spec(4, 6, 7)), model) is None
    found = places_of(layout(rows_spec(4, 5), rows_spec(None, 7, 4, 5)), model)
    assert found == Places(1, (3,), 2, (1,))
