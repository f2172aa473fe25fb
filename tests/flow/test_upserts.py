"""Upserts: what the key, a tombstone and a reject do, what is kept of a row, and what takes no row back."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._operate.inspect import describe, lines
from streamreg._state.snapshot import read as read_state
from streamreg.testing import Message, collect, read
from tests.support import upserts
from tests.support.changelog import changes, result
from tests.support.resumed import after
from tests.support.upserted_points import Point, table


def test_each_change_is_written() -> None:
    """A row comes with 1; what replaces it comes after -1 of it, in one epoch; a tombstone leaves -1 alone."""
    t = table(
        Message(b"1,2", b"a"),
        Message(b"3,4", b"b"),
        Message(b"5,6", b"a"),
        Message(None, b"b"),
        Message(None, b"c"),
    )
    found = collect(t)
    summary = sr.run(processes=0)
    assert found == [
        ((1.0, 2.0), 0, 1),
        ((3.0, 4.0), 1, 1),
        ((1.0, 2.0), 2, -1),
        ((5.0, 6.0), 2, 1),
        ((3.0, 4.0), 3, -1),
    ]
    assert (summary.rows, summary.tombstones, summary.epochs) == (3, 2, 4)


def test_a_row_is_named_by_partition_and_key() -> None:
    """The same key in another partition is another row; an empty key is a key, and none is a reject."""
    t = read(
        [[Message(b"1,1", b""), Message(b"2,2", b"")], [Message(b"3,3", b""), b"4,4"]],
        schema=Point,
        header=["x", "y"],
        upsert=True,
    )
    total = collect(t.reduce(s=sr.reducers.sum(t.x), n=sr.reducers.count()))
    summary = sr.run(processes=0)
    assert total[-1][0] == (5.0, 2)
    assert dict(summary.rejects) == {"missing-key": 1}


def test_a_key_that_is_a_column_too() -> None:
    """A message without one is a reject for the sake of the row's name, not of the column."""
    t = read(
        [[b"1,1", Message(b"2,2", b"\xff")]],
        schema=Point,
        header=["x", "y"],
        upsert=True,
        metadata={"k": "key"},
    )
    collect(t)
    assert dict(sr.run(processes=0).rejects) == {"missing-key": 1, "invalid-utf8": 1}


def test_a_reject_changes_nothing() -> None:
    """Whatever is wrong with a message, the row of its key stands."""
    t = table(
        Message(b"1,2", b"a"), Message(b"x,2", b"a"), Message(b"1", b"a"), Message(b"0,2", b"a")
    )
    t = t.select(t.x, inverse=sr.cast(int, t.y) // sr.cast(int, t.x))
    found = collect(t)
    summary = sr.run(processes=0)
    assert found == [((1.0, 2), 0, 1)]
    assert sum(summary.rejects.values()) == 3


def test_the_header_is_no_row_and_needs_no_key() -> None:
    """The first message of a CSV topic names the columns, with a key or without."""
    for key in (None, b"a"):
        t = read(
            [[Message(b"y,x", key), Message(b"1,2", b"a"), Message(b"3,4", b"a")]],
            schema=Point,
            upsert=True,
            batch=2,
        )
        found = collect(t, name=f"of {key!r}")
        summary = sr.run(processes=0)
        assert (summary.rows, dict(summary.rejects)) == (2, {})
        assert [(row, diff) for row, _, diff in found] == [
            ((2.0, 1.0), 1),
            ((2.0, 1.0), -1),
            ((4.0, 3.0), 1),
        ]


def test_what_a_message_carries_is_taken_back_with_it(folder: Path) -> None:
    """Columns of key, offset, timestamp and headers are those of the old message, also after a stop."""
    messages = [
        Message(b"1,1", b"k", [("u", b"x"), ("u", b"\xff\x00")], 1_700_000_000_000),
        Message(b"2,2", b"k", [("u", b"")], 1_700_000_000_001),
        Message(b"3,3", b"k", [("v", b"none")], 5),
        Message(None, b"k"),
    ]
    metadata = {"key": "key", "o": "offset", "at": "timestamp", "u": "header:u", "p": "partition"}

    class Typed(sr.Schema):
        x: float
        y: float
        u: bytes

    for epochs in (1, 2, 9):
        t = read(
            [messages],
            schema=Typed,
            header=["x", "y"],
            upsert=True,
            metadata=metadata,
            batch=1,
        )
        sr.io.csv.write(t, folder / "rows.csv")
        summary = sr.run(processes=0, state=folder / "state", stop=after(epochs))
    assert summary.rejects == {"null": 1}
    found = changes(folder / "rows.csv", "x", "y", "u", "key", "o", "at", "p")
    assert [change.diff for change in found] == [1, -1, 1, -1]
    assert found[0].row == found[1].row
    assert found[2].row == found[3].row
    assert found[0].row[2:5] == ("/wA=", "k", "0")


def test_the_last_row_takes_the_result_with_it(folder: Path) -> None:
    """A table without rows has no result; a row that was excluded is excluded no more."""
    messages = [
        Message(b"1,8", b"a"),
        Message(b"2,4", b"b"),
        Message(None, b"a"),
        Message(None, b"b"),
    ]
    t = table(*messages)
    t = t.select(t.x, big=t.y * 1e308)
    sr.io.csv.write(t.reduce(s=sr.reducers.sum(t.big)), folder / "sum.csv")
    sr.io.csv.write(t.reduce(n=sr.reducers.count()), folder / "n.csv")
    summary = sr.run(processes=0)
    assert result(folder / "sum.csv", "s") is None
    assert result(folder / "n.csv", "n") is None
    assert summary.excluded == 0


def test_what_takes_no_row_back_is_refused() -> None:
    """Minima, maxima, rows that fade, windows and several rows a message; when the program is written, by name."""

    class Timed(sr.Schema):
        at: int
        x: float

    t = read([[]], schema=Timed, format="json", upsert=True)
    for reducer in (sr.reducers.min, sr.reducers.max):
        with pytest.raises(
            sr.ProgramError, match=r"(min|max)\(x\).*replaced and removed \(upsert\)"
        ):
            t.reduce(m=reducer(t.x))
        with pytest.raises(sr.ProgramError, match="upsert"):
            t.filter(t.x > 0).groupby(t.at).reduce(m=reducer(sr.this.x))
    with pytest.raises(sr.ProgramError, match=r"upsert.*half_life"):
        t.linear_regression(t.x, t.at, half_life=10, time=t.at)
    with pytest.raises(sr.ProgramError, match=r"windowby.*upsert"):
        t.windowby(t.at, window=sr.temporal.tumbling(10))
    with pytest.raises(sr.ConfigurationError, match=r"upsert.*many"):
        read([[]], schema=Timed, format="json", upsert=True, records="many")
    with pytest.raises(sr.ConfigurationError, match="upsert"):
        read([[]], schema=Timed, format="json", upsert="yes")  # type: ignore[arg-type]


def test_a_function_must_give_the_same_again() -> None:
    """A row that cannot be computed again ends the run, instead of leaving what it came to."""
    calls = []

    def once(x: float) -> float:
        calls.append(x)
        if len(calls) > 1:
            raise ValueError
        return x

    t = table(Message(b"1,1", b"a"), Message(None, b"a"))
    collect(t.select(z=sr.apply(once, t.x, on_error="reject")))
    with pytest.raises(sr.ProgramError, match="apply must give the same"):
        sr.run(processes=0)


def test_the_state_says_how_many_rows_stand(folder: Path) -> None:
    """Inspect shows their number; a job without upserts does not go on with the state, nor the other way round."""
    messages, left = upserts.sequence(100, 2, 9, 3)
    upserts.write(upserts.topic(messages, 10), folder)
    sr.run(processes=0, state="state")
    found = describe(read_state(Path("state")))
    assert found["rows_standing"] == len(left)
    assert any(f"{len(left)} rows stand" in line for line in lines("state", found))
    t = read(messages, schema=upserts.Reading, format="json", batch=10)
    upserts.write(t, folder)
    with pytest.raises(sr.StateError, match="another job: upsert"):
        sr.run(processes=0, state="state")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE keyed SET value = value || x'20' WHERE part = 'upserted'",
        "DELETE FROM keyed WHERE key = (SELECT min(key) FROM keyed WHERE part = 'upserted')",
        "UPDATE keyed SET part = 'upsorted' WHERE part = 'upserted'",
    ],
)
def test_no_row_is_lost_in_the_state_unseen(folder: Path, damage: str) -> None:
    """A message kept that is another one, or missing, is damage."""
    messages, _ = upserts.sequence(60, 1, 9, 3)
    upserts.write(upserts.topic(messages, 10), folder)
    sr.run(processes=0, state="state")
    with (
        contextlib.closing(sqlite3.connect(folder / "state" / "checkpoint.sqlite")) as database,
        database,
    ):
        assert database.execute(damage).rowcount > 0
    upserts.write(upserts.topic(messages, 10), folder)
    with pytest.raises(sr.StateError, match="damaged"):
        sr.run(processes=0, state="state")


def test_an_epoch_that_is_taken_back_in_part_is_not_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a run fails among the rows that a batch replaces, its state is that of the epoch before, and goes on."""
    monkeypatch.setattr("streamreg._state.upserted_rows._MOST_ROWS", 1)
    fails = True
    seen: set[float] = set()

    def flaky(x: float) -> float:
        if fails and x == 2.0 and x in seen:
            raise ValueError
        seen.add(x)
        return x

    messages = [Message(b"%d,1" % n, b"%d" % n) for n in range(8)]
    messages += [Message(None, b"%d" % n) for n in range(8)]

    def write() -> None:
        # The first batch is an epoch; the others are one that is open until the end.
        t = table(*messages, batch=4, pace=60_000)
        z = t.select(z=sr.apply(flaky, t.x, on_error="reject"))
        sr.io.csv.write(z, folder / "rows.csv")
        sr.io.csv.write(z.reduce(s=sr.reducers.sum(sr.this.z)), folder / "sum.csv")

    write()
    with pytest.raises(sr.ProgramError, match="the same for the same row"):
        sr.run(processes=0, state="state")
    sr.clear()
    assert describe(read_state(Path("state")))["rows_standing"] == 4
    fails = False
    write()
    sr.run(processes=0, state="state")
    assert result(folder / "sum.csv", "s") is None
    assert upserts.folded(folder / "rows.csv", "z") == {}
