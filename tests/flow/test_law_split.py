"""What a run gives depends on the messages alone, not on how they come or who reads them."""

import random
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import streamreg as sr
from streamreg.testing import read
from tests.support.changelog import Row, changes, inserted, result, times
from tests.support.kafka.oracle import line
from tests.support.numbered import Point


def regression(
    folder: Path, partitions: list[list[bytes]], batch: int, processes: int
) -> tuple[Row | None, Counter[Row]]:
    """The last row of the regression, and the rows; the changelogs are checked on the way."""
    t = read(partitions, schema=Point, header=["x", "y"], batch=batch)
    sr.io.csv.write(t, folder / "rows.csv")
    sr.io.csv.write(t, folder / "rows_ms.csv", time="unix_ms")
    sr.io.csv.write(t.linear_regression(t.y, t.x), folder / "line.csv")
    summary = sr.run(processes=processes)

    rows = changes(folder / "rows.csv", "x", "y")
    assert times(rows) == list(range(summary.epochs))
    at = times(changes(folder / "line.csv", "intercept", "x"))
    assert set(at) <= set(range(summary.epochs))
    # The wall clock never stands still: each epoch has its own.
    rows_ms = changes(folder / "rows_ms.csv", "x", "y")
    assert [change.row for change in rows_ms] == [change.row for change in rows]
    assert len(times(rows_ms)) == summary.epochs
    pairs = {(e.time, ms.time) for e, ms in zip(rows, rows_ms, strict=True)}
    assert len(pairs) == summary.epochs

    return (
        result(folder / "line.csv", "intercept", "x"),
        Counter(inserted(folder / "rows.csv", "x", "y")),
    )


def split(messages: list[bytes], places: list[int], partitions: int) -> list[list[bytes]]:
    """The messages over the partitions, each where the next of `places` says."""
    found: list[list[bytes]] = [[] for _ in range(partitions)]
    for i, message in enumerate(messages):
        found[places[i % len(places)] % partitions].append(message)
    return found


# Single precision keeps every coefficient within the doubles, subnormals included.
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)


@hypothesis_settings(max_examples=60)
@given(
    points=st.lists(st.tuples(numbers, numbers), max_size=30),
    partitions=st.integers(1, 4),
    places=st.lists(st.integers(0, 3), min_size=1, max_size=8),
    batch=st.integers(1, 20),
)
def test_law_any_split_gives_the_same(
    points: list[tuple[float, float]], partitions: int, places: list[int], batch: int
) -> None:
    """Any messages, over any partitions in any batches, give the result of one batch, bit for bit."""
    messages = [f"{x!r},{y!r}".encode() for x, y in points]
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as parts:
        expected = regression(Path(whole), [messages], len(messages) + 1, 0)
        assert regression(Path(parts), split(messages, places, partitions), batch, 0) == expected
    assert sum(expected[1].values()) == len(points)


@pytest.mark.parametrize("batch", [1, 1000])
def test_law_any_number_of_processes_gives_the_same(
    folder: Path, processes: int, batch: int
) -> None:
    """However many processes read them, the rows are all there and the line is the exact one."""
    chance = random.Random(20)
    points = [
        (chance.uniform(-1, 1) * 10.0 ** chance.randrange(-9, 9), chance.gauss(0, 1e3))
        for _ in range(400)
    ]
    messages = [f"{x!r},{y!r}".encode() for x, y in points]
    places = [chance.randrange(5) for _ in range(50)]
    last, rows = regression(folder, split(messages, places, 5), batch, processes)
    assert last == tuple(map(repr, line(*zip(*points, strict=True))))
    assert rows == Counter((repr(x), repr(y)) for x, y in points)
