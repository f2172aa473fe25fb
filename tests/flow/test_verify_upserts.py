"""Verify of upserts: the table from the topic alone, and what it says of a topic that was compacted."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._formats.registry import input_of
from streamreg._language.schema import schema_columns
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._source.contract import Range, Reader, Report
from streamreg._source.messages import Batch
from streamreg._state.snapshot import read as read_state
from streamreg.testing import ListSource, Message
from tests.support import upserts
from tests.support.plans import csv_output
from tests.support.upserts import Partitions


@dataclass
class Compacted(ListSource):
    """Messages in memory, some of which are gone; their offsets are left out."""

    gone: frozenset[tuple[int, int]] = field(default_factory=frozenset)

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        return _CompactedReader(super().reader(ranges, report), self.gone)


@dataclass
class _CompactedReader:
    inner: Reader
    gone: Collection[tuple[int, int]]

    def read(self, timeout: float) -> Batch | None:
        batch = self.inner.read(timeout)
        if batch is None:
            return None
        places = map(batch.locate, range(len(batch.values)))
        left = [i for i, at in enumerate(places) if (at.partition, at.offset) not in self.gone]
        return replace(
            batch,
            values=[batch.values[index] for index in left],
            locate=lambda index: batch.locate(left[index]),
            partitions=lambda: map(list(batch.partitions()).__getitem__, left),
            offsets=lambda: map(list(batch.offsets()).__getitem__, left),
            envelope=lambda index: batch.envelope(left[index]),
            firsts={},
        )

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return self.inner.log_ends(partitions)

    def close(self) -> None:
        self.inner.close()


def superseded(messages: Partitions) -> frozenset[tuple[int, int]]:
    """What a broker compacts away: messages of keys that have a newer one."""
    last = {(p, m.key): o for p, held in enumerate(messages) for o, m in enumerate(held)}
    return frozenset(
        (p, o)
        for p, held in enumerate(messages)
        for o, m in enumerate(held)
        if m.key is not None and last[p, m.key] > o
    )


NAMES = ("rows", "filtered", "line", "keys", "classes", "few", "scores")


def tables(source: ListSource) -> dict[str, sr.Table]:
    columns = schema_columns(upserts.Reading)
    t = sr.Table._from_input(input_of(source, columns, "json", None, {}, upsert=True))
    fit = t.linear_regression(t.y, t.x)
    return {"scores.csv": fit.predict_on(t), **upserts.tables(t)}


def run(source: ListSource, stop: int | None = None) -> None:
    for name, table in tables(source).items():
        sr.io.csv.write(table, name)
    until = None if stop is None else lambda now: now.epochs >= stop
    sr.run(processes=0, state="state", rejects="rejects.jsonl", stop=until)


def checks(source: ListSource) -> list[Check]:
    plan = compile_plan([csv_output(table, name) for name, table in tables(source).items()])
    state = read_state(Path("state"))
    quiet: list[str] = []
    rejects = Path("rejects.jsonl")
    return list(verify(plan, state, rejects, report=quiet.append, tell=lambda *_: None))


def different(found: Iterable[Check]) -> dict[str, str]:
    return {check.subject: check.difference for check in found if check.difference}


def unknown(found: Iterable[Check]) -> set[str]:
    return {check.subject for check in found if not check.compared}


@pytest.mark.parametrize("stop", [None, 9])
def test_a_run_is_equal_to_its_topic(folder: Path, stop: int | None) -> None:
    """Everything is the same, stopped halfway or at the end; of scores it is said that they are not compared."""
    messages, _ = upserts.sequence(300, 2, 12, 4)
    source = ListSource(messages, batch=13)
    run(source, stop)
    found = checks(source)
    assert different(found) == {}
    assert unknown(found) == {"scores.csv, its scores"}
    [rows] = [check for check in found if check.subject == "rows that stand"]
    assert rows.found.startswith("the same")


def test_another_topic_is_different(folder: Path) -> None:
    """One message replaced by another shows in the rows that stand and all that follows from them."""
    messages, _ = upserts.sequence(200, 1, 9, 5)
    run(ListSource(messages, batch=13))
    at = max(o for o, m in enumerate(messages[0]) if m.value and m.key and b"x" in m.value)
    row = upserts.Found("a", 3.0, 1.0, 7).message()
    other = [[*messages[0][:at], Message(row, messages[0][at].key), *messages[0][at + 1 :]]]
    found = different(checks(ListSource(other, batch=13)))
    assert "but others" in found["rows that stand"]
    assert {"exact state 1", "rows.csv, its rows", "line.csv, its changes folded"} <= set(found)


def test_a_row_lost_from_an_output_is_named(folder: Path) -> None:
    """The rows that stand in a file are those of the topic, each as often."""
    messages, _ = upserts.sequence(200, 2, 9, 6)
    source = ListSource(messages, batch=13)
    run(source)
    file = Path("rows.csv")
    lines = file.read_text().splitlines(keepends=True)
    lines[2] = chr(ord(lines[2][0]) ^ 3) + lines[2][1:]
    file.write_text("".join(lines))
    found = different(checks(source))
    assert "stands there" in found["rows.csv, its rows"]


def test_a_compacted_topic_leaves_the_same_table(folder: Path) -> None:
    """Counts and scores cannot be compared, and it says so; all that follows from the rows is equal."""
    messages, _ = upserts.sequence(300, 2, 12, 4, compactable=True)
    run(ListSource(messages, batch=13))
    found = checks(Compacted(messages, batch=13, gone=superseded(messages)))
    assert different(found) == {}
    assert unknown(found) == {
        "rows",
        "tombstones",
        "scores.csv, its rows but for scores",
        "scores.csv, its scores",
    }
    assert "compacted" in next(check.found for check in found if check.subject == "rows")


def test_what_was_replaced_later_cannot_be_compared(folder: Path) -> None:
    """Where newer messages than the state's have let older ones go, nothing that needs them is called different."""
    messages, _ = upserts.sequence(300, 2, 12, 4, compactable=True)
    run(ListSource(messages, batch=13), 9)
    found = checks(Compacted(messages, batch=13, gone=superseded(messages)))
    assert different(found) == {}
    assert {"rows that stand", "exact state 1", "rows.csv, its rows"} <= unknown(found)


def test_a_run_that_begins_after_compaction(folder: Path) -> None:
    """It leaves the table that one leaves which has read every message."""
    messages, table = upserts.sequence(300, 2, 12, 4, compactable=True)
    compacted = Compacted(messages, batch=13, gone=superseded(messages))
    for name, each in tables(compacted).items():
        sr.io.csv.write(each, name)
    sr.run(processes=0)
    Path("scores.csv").unlink()
    assert upserts.left(folder) == upserts.expected(table, folder / "table")
