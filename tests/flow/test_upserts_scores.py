"""Upserts that are scored: each row as it comes, by what stood before its epoch."""

from pathlib import Path

import pytest

import streamreg as sr
from streamreg.testing import Message, collect, read
from tests.support.upserted_points import Point, table


def test_rows_are_scored_once_by_what_stands(folder: Path) -> None:
    """Every row is scored as it comes, by the fit to the rows that stood, and no score is taken back."""
    points = [(1.0, 1.0), (2.0, 2.0), (3.0, 9.0), (3.0, 3.0), (4.0, 0.0)]
    keys = [b"a", b"b", b"c", b"c", b"d"]
    lines_ = [f"{x},{y}".encode() for x, y in points]
    t = table(*(Message(line, key) for line, key in zip(lines_, keys, strict=True)))
    scored = t.linear_regression(t.y, t.x).predict_on(t)
    found = collect(scored.select(scored.x, scored.prediction))
    sr.run(processes=0)
    assert [diff for _, _, diff in found] == [1] * 5
    # Before (3, 3) came, (3, 9) stood; before (4, 0) came, it stood no more.
    assert [row[1] for row, _, _ in found] == [None, 0.0, 3.0, 8.0, 4.0]


def test_rows_of_one_batch_are_all_scored() -> None:
    """Also those that others of the same batch replace."""
    t = table(Message(b"1,1", b"a"), Message(b"2,2", b"a"), Message(None, b"a"), batch=9)
    scored = t.linear_regression(t.y, t.x).predict_on(t)
    found = collect(scored.select(scored.x))
    total = collect(t.reduce(n=sr.reducers.count()), name="total")
    sr.run(processes=0)
    assert [row for row, _, _ in found] == [(1.0,), (2.0,)]
    assert total == []


@pytest.mark.parametrize("by", [False, True])
def test_models_of_an_epoch_are_those_before_it(*, by: bool) -> None:
    """What is taken back within an epoch changes no score of that epoch, also by keys; the next one it does."""
    messages = [
        Message(b"1,1", b"a"),
        Message(b"2,2", b"b"),
        Message(b"2,4", b"b"),  # From here on one epoch, until the end.
        Message(b"3,7", b"c"),
        Message(None, b"c"),
        Message(b"4,8", b"d"),
    ]
    for pace, expected in ((0, [None, 0.0, 2.0, 7.0, 10.0]), (10_000, [None, 0.0, 0.0, 0.0, 0.0])):
        t = read(
            [messages],
            schema=Point,
            header=["x", "y"],
            upsert=True,
            batch=1,
            autocommit_duration_ms=pace,
        )
        t = t.select(t.x, t.y, k=sr.cast(int, t.x) * 0)
        scored = t.linear_regression(t.y, t.x, by=[t.k] if by else []).predict_on(t)
        found = collect(scored.select(scored.prediction), name=f"{by} {pace}")
        sr.run(processes=0)
        assert [row for (row,), _, _ in found] == expected
