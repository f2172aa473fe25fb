"""Rows that are replaced and removed, and lack values: what a run leaves is what the table that is left gives."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as read_state
from streamreg.testing import Message, read
from tests.support import upserts
from tests.support.changelog import changes, rejects
from tests.support.debezium import Wrap, events, plain, with_schema
from tests.support.plans import csv_output
from tests.support.resumed import after
from tests.support.upserts import Sparse

SHARE = 0.25


def check(t: sr.Table, folder: Path, letters: Path) -> None:
    """`verify` finds that all is the same."""
    outputs = [csv_output(table, str(folder / name)) for name, table in upserts.tables(t).items()]
    state = read_state(Path("state"))
    found = list(verify(compile_plan(outputs), state, letters, report=print, tell=lambda *_: None))
    assert [each for each in found if each.difference or not each.compared] == []


@pytest.mark.parametrize("processes", [0, 2])
@pytest.mark.parametrize("batch", [1, 17, 1000])
@pytest.mark.parametrize("seed", range(2))
def test_oracle_a_sequence_leaves_its_table(
    folder: Path, seed: int, batch: int, processes: int
) -> None:
    """Also where it is stopped; a row is taken back with what it lacks, and what it is excluded from."""
    messages, table = upserts.sequence(500, seed + 1, (12, 60)[seed], seed + 3, missing=SHARE)
    run, letters = folder / "run", Path("rejects.jsonl")
    run.mkdir()
    for stop in (5, 40, 10**9):
        upserts.write(upserts.topic(messages, batch, Sparse), run)
        summary = sr.run(processes=processes, state="state", rejects=letters, stop=after(stop))
    found = upserts.left(run)
    assert found == upserts.expected(table, folder / "table", Sparse)
    upserts.check_oracle(table, found)
    # Of rows that stand alone: those that were replaced count no more.
    lacking = [
        sum(None in values for values in columns)
        for columns in (
            [(row.x, row.y) for row in table.values()],
            [(row.x, row.y, row.d) for row in table.values()],
            [(row.g, row.x, row.y) for row in table.values()],
        )
    ]
    assert summary.excluded == max(lacking) > 0
    assert set(summary.rejects) >= {"missing-key", "division-by-zero", "malformed-json"}
    check(upserts.topic(messages, batch, Sparse), run, letters)


@pytest.mark.parametrize("batch", [1, 5, 1000])
@pytest.mark.parametrize("wrap", [plain, with_schema])
@pytest.mark.parametrize("keys", [True, False])
def test_oracle_events_leave_the_table(folder: Path, *, keys: bool, wrap: Wrap, batch: int) -> None:
    """Columns that are null before or after a change, by key or by the row before."""
    messages, table = events(300, 3, 11, wrap, keys=keys, missing=SHARE)
    run, letters = folder / "run", Path("rejects.jsonl")
    run.mkdir()

    def topic() -> sr.Table:
        return read(messages, schema=Sparse, format="debezium", batch=batch)

    chance = random.Random(batch)
    while True:
        upserts.write(topic(), run)
        until = after(chance.randrange(1, 200))
        summary = sr.run(processes=0, state="state", rejects=letters, stop=until)
        if summary.ended_by == "source":
            break
    assert not summary.rejects
    found = upserts.left(run, strict=keys)
    assert found == upserts.expected(table, folder / "table", Sparse)
    upserts.check_oracle(table, found)
    check(topic(), run, letters)


class Carried(sr.Schema):
    x: float | None
    u: str | None
    v: bytes | None


def test_what_a_message_does_not_carry_is_taken_back_so(folder: Path) -> None:
    """A header that is not there is missing in the row that goes, too; one that is empty is not. So after a stop."""
    messages = [
        Message(b"1", b"k", [("v", b"a")]),
        Message(b"", b"k", [("u", b""), ("v", b"")]),
        Message(b"3", b"k", [("u", b"late"), ("v", None)]),
        Message(None, b"k"),
    ]
    for epochs in (1, 2, 9):
        t = read(
            [messages],
            schema=Carried,
            header=["x"],
            upsert=True,
            metadata={"u": "header:u", "v": "header:v"},
            batch=1,
        )
        sr.io.csv.write(t, folder / "rows.csv")
        sr.run(processes=0, state="state", rejects="rejects.jsonl", stop=after(epochs))
    assert rejects("rejects.jsonl") == []
    lines = (folder / "rows.csv").read_text().splitlines()[1:]
    rows = ["1.0,,YQ==", ',"",""', "3.0,late,"]
    assert lines == [
        f"{rows[0]},0,1",
        f"{rows[0]},1,-1",
        f"{rows[1]},1,1",
        f"{rows[1]},2,-1",
        f"{rows[2]},2,1",
        f"{rows[2]},3,-1",
    ]
    assert sum(change.diff for change in changes(folder / "rows.csv", "x", "u", "v")) == 0
