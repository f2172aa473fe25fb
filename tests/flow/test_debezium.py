"""Change events of Debezium: the table at the database is what the run leaves."""

import json
from pathlib import Path
from typing import Any

import pytest

import streamreg as sr
from streamreg.testing import Message, collect, read
from tests.support import upserts
from tests.support.changelog import rejects
from tests.support.debezium import Wrap, events, plain, with_schema
from tests.support.upserts import Partitions


def topic(messages: Partitions, batch: int = 1000, **options: Any) -> sr.Table:  # noqa: ANN401 - of the reader
    return read(messages, schema=upserts.Reading, format="debezium", batch=batch, **options)


@pytest.mark.parametrize("batch", [1, 5, 1000])
@pytest.mark.parametrize("wrap", [plain, with_schema])
@pytest.mark.parametrize("keys", [True, False])
def test_oracle_events_leave_the_table(folder: Path, *, keys: bool, wrap: Wrap, batch: int) -> None:
    """Inserts, updates and deletions leave what the rows of the table give alone, by key or by the row before."""
    messages, table = events(300, 3, 7, wrap, keys=keys)
    run = folder / "run"
    run.mkdir()
    upserts.write(topic(messages, batch), run)
    summary = sr.run(processes=0)
    assert not summary.rejects
    # Without keys a row may be taken back from one partition before it has come from another.
    found = upserts.left(run, strict=keys)
    assert found == upserts.expected(table, folder / "table")
    upserts.check_oracle(table, found)


def test_law_duplicates_of_keys_do_no_harm(folder: Path) -> None:
    """A connector that sends its last events again leaves the same table, where the rows have keys."""
    messages, table = events(200, 2, 8, plain, keys=True)
    again = [held + held[-30:] for held in messages]
    # What comes again ends where it ended before.
    run = folder / "run"
    run.mkdir()
    upserts.write(topic(again, 9), run)
    sr.run(processes=0)
    assert upserts.left(run) == upserts.expected(table, folder / "table")


ROW = {"g": "a", "x": 1.5, "y": 2.0, "d": 3}


def event(**parts: object) -> bytes:
    return json.dumps(parts).encode()


@pytest.mark.parametrize(
    ("value", "key", "reason"),
    [
        (event(op="u", before=None, after=ROW), None, "missing-before"),
        (event(op="u", after=ROW), None, "missing-before"),
        (event(op="d", before=None), None, "missing-before"),
        (event(op="d", before={"g": "a", "x": 1}), None, "missing-before"),
        (event(op="u", before=[1], after=ROW), None, "missing-before"),
        (event(op="c", after=None), b"k", "missing-after"),
        (event(op="u", before=ROW), b"k", "missing-after"),
        (event(op="z", after=ROW), b"k", "unknown-operation"),
        (event(op=7, after=ROW), b"k", "unknown-operation"),
        (event(after=ROW), b"k", "missing-field"),
        (event(op="c", after={"g": "a"}), b"k", "missing-field"),
        (event(op="c", after=[1]), b"k", "not-an-object"),
        (event(op="c", after={**ROW, "x": "1"}), b"k", "wrong-type"),
        (event(op="c", after={**ROW, "d": 0}), b"k", "division-by-zero"),
        (event(op="u", before=ROW, after={**ROW, "d": 0}), None, "division-by-zero"),
        (b"{", b"k", "malformed-json"),
        (b"", b"k", "malformed-json"),
        (b"\xff", None, "invalid-utf8"),
        (b"[]", None, "not-an-object"),
    ],
)
def test_an_event_that_does_not_fit_changes_nothing(
    folder: Path, value: bytes, key: bytes | None, reason: str
) -> None:
    """It is one reject, kept whole; the row of its key and the row before it stand."""
    first = [Message(event(op="c", after=ROW), each) for each in (b"k", None)]
    t = topic([[*first, Message(value, key)]], 1)
    found = collect(t.select(t.x, q=6 // t.d))
    summary = sr.run(processes=0, rejects=folder / "rejects.jsonl")
    assert dict(summary.rejects) == {reason: 1}
    assert [(row, diff) for row, _, diff in found] == [((1.5, 2), 1)] * 2
    [kept] = rejects(folder / "rejects.jsonl")
    assert (kept["offset"], kept.get("key")) == (2, None if key is None else key.decode())


def test_events_of_no_row_are_skipped() -> None:
    """Messages, deletions of unknown rows and null payloads count as tombstones; a payload of null removes."""
    values = [
        (event(op="c", after=ROW), b"k"),
        (event(op="m", message={"content": "x"}), b"k"),
        (event(op="m"), None),
        (event(op="d", before=ROW), b"other"),
        (event(schema=None, payload=None), b"k"),
        (None, b"k"),
        (None, None),
    ]
    t = topic([[Message(value, key) for value, key in values]], 1)
    found = collect(t.select(t.x))
    summary = sr.run(processes=0)
    assert (summary.rows, summary.tombstones, dict(summary.rejects)) == (1, 6, {})
    assert [diff for _, _, diff in found] == [1, -1]


def test_a_row_that_was_a_reject_is_not_taken_back() -> None:
    """Without keys: a row before that did not fit was never added, so that the update only adds."""
    bad = {**ROW, "x": None}
    t = topic([[Message(event(op="u", before=bad, after=ROW)), Message(event(op="d", before=bad))]])
    found = collect(t.select(t.x))
    sr.run(processes=0)
    assert [(row, diff) for row, _, diff in found] == [((1.5,), 1)]


@pytest.mark.parametrize("processes", [0, 2])
def test_a_truncation_ends_the_run(folder: Path, processes: int) -> None:
    """The error says where, and what to do; what came before is complete."""
    messages = [Message(event(op="c", after=ROW), b"%d" % number) for number in range(5)]
    t = topic([[*messages, Message(event(op="t"))]], 2)
    sr.io.csv.write(t.select(t.x), folder / "rows.csv")
    with pytest.raises(
        sr.SourceError, match=r"partition 0, offset 5: the table was truncated.*snapshot"
    ):
        sr.run(processes=processes)
    assert sum(upserts.folded(folder / "rows.csv", "x").values()) == 4


def test_without_keys_there_is_no_metadata() -> None:
    """What the message of the row before carried is unknown: such events are rejects, those with keys are not."""
    without = Message(event(op="c", after=ROW))
    t = topic([[without, Message(event(op="c", after=ROW), b"k")]], metadata={"at": "offset"})
    found = collect(t.select(t.at))
    summary = sr.run(processes=0)
    assert dict(summary.rejects) == {"missing-key": 1}
    assert [row for row, _, _ in found] == [(1,)]


def test_a_deletion_needs_no_metadata() -> None:
    """It has no row, so that no column of it can be missing."""
    value, gone = event(op="c", after=ROW), event(op="d", before=ROW)
    t = topic(
        [[Message(value, b"k", [("u", b"x")]), Message(gone, b"k")]], metadata={"u": "header:u"}
    )
    found = collect(t.reduce(n=sr.reducers.count()))
    summary = sr.run(processes=0)
    assert (summary.rows, summary.tombstones, dict(summary.rejects)) == (1, 1, {})
    assert found == []


def test_options_are_those_of_the_rows() -> None:
    """Pointers lead through the row, numbers may stand in strings; what is no option is refused."""
    value = event(op="c", after={"g": "a", "in": {"x": "1.5"}, "y": 2, "d": "3"})
    paths = {"x": "/in/x"}
    t = topic([[Message(value, b"k")]], json_field_paths=paths, numbers_in_strings=True)
    found = collect(t)
    sr.run(processes=0)
    assert [row for row, _, _ in found] == [tuple(ROW.values())]
    with pytest.raises(sr.ConfigurationError, match="records"):
        topic([[]], records="many")
    with pytest.raises(sr.ConfigurationError, match="upsert"):
        topic([[]], upsert=False)
