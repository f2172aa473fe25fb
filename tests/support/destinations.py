"""Destinations under test: how a program writes to each, and what must stand there at the end."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import streamreg as sr
from streamreg.testing import read
from tests.support.kafka.oracle import line
from tests.support.numbered import count_sound, y_of
from tests.support.outbox_faults import AHEAD, AT_START, CLOSING
from tests.support.process import ROOT, Process

Mode = Literal["changelog", "current"]
Write = Callable[[sr.Table, str, Mode], object]
Rows = Sequence[tuple[Any, ...]]

NAMES: Sequence[tuple[str, Mode]] = [
    ("rows", "changelog"),
    ("line", "changelog"),
    ("line", "current"),
    ("by_key", "changelog"),
    ("by_key", "current"),
]
"""The tables of the job, and how each is written."""

DEATHS = [
    *((step, 1) for step in AT_START),
    *((step, 2 + 5 * (at % 2)) for at, step in enumerate(CLOSING)),
]
"""At which step a run dies, and which time it comes there: in its first epochs, of one destination or another."""

DEATHS_OF_TOPICS = [*DEATHS, *((step, 4) for step in AHEAD)]

JOB = Path(__file__).with_name("sinks_job.py")


class Kinds(sr.Schema):
    i: int
    d: Decimal
    b: bool
    s: str
    raw: bytes
    at: datetime
    lasted: timedelta
    f: float | None


def kinds(messages: Sequence[Sequence[bytes]]) -> sr.Table:
    """A table with a column of every type, of records of CSV."""
    return read(messages, schema=Kinds, header=["i", "d", "b", "s", "raw", "at", "lasted", "f"])


def writer(sink: str) -> Write:
    """What writes a table to a destination of a kind, under a name, in a mode."""

    def sqlite(table: sr.Table, name: str, mode: Mode) -> object:
        return sr.io.sqlite.write(table, "out.db", table=name, mode=mode)

    def kafka(table: sr.Table, name: str, mode: Mode) -> object:
        settings = json.loads(os.environ["SINK_SETTINGS"])
        topic = f"{os.environ['SINK_TOPIC']}-{name}"
        create = {"num.partitions": 3 if name.startswith("by_key") else 1}
        url = os.environ.get("SINK_REGISTRY")
        return sr.io.kafka.write(
            table,
            settings,
            topic,
            mode=mode,
            format="avro" if url else "json",
            schema_registry={"url": url} if url else None,
            create=create,
        )

    def postgres(table: sr.Table, name: str, mode: Mode) -> object:
        return sr.io.postgres.write(table, os.environ["SINK_SETTINGS"], table=name, mode=mode)

    def delta(table: sr.Table, name: str, mode: Mode) -> object:
        gathered = int(os.environ.get("SINK_ROWS_PER_FILE", "1"))
        return sr.io.delta.write(
            table,
            os.environ.get("SINK_FOLDER", "") + name,
            mode=mode,
            rows_per_file=gathered,
            storage_options=json.loads(os.environ.get("SINK_OPTIONS", "{}")),
        )

    return {"sqlite": sqlite, "kafka": kafka, "postgres": postgres, "delta": delta}[sink]


def exact(rows: int) -> Mapping[str, Counter[tuple[Any, ...]]]:
    """The tables of the job over so many rows, by fractions."""
    xs = range(rows)

    def fitted(of: Iterable[int]) -> tuple[float, ...]:
        chosen = list(of)
        return line([float(x) for x in chosen], [y_of(x) for x in chosen])

    return {
        "rows": Counter((float(x), y_of(x)) for x in xs),
        "line": Counter([fitted(xs)]),
        "by_key": Counter((k, *fitted(x for x in xs if x % 5 == k)) for k in range(5)),
    }


def folded(changes: Rows) -> Counter[tuple[Any, ...]]:
    """What stands at the end of a changelog, whose rows end with time and diff; its times never go back."""
    standing: Counter[tuple[Any, ...]] = Counter()
    latest = -1
    for *row, time, diff in changes:
        assert time >= latest
        latest = time
        standing[tuple(row)] += diff
        assert standing[tuple(row)] >= 0
    return +standing


def check(found: Mapping[str, Rows], rows: int, folder: Path) -> None:
    """Raises AssertionError unless changelogs fold to the current tables, and these are the exact ones.

    `found` has the rows of each destination, by name and mode. The CSV files of the run must hold the same changes.
    """
    assert count_sound(folder, 3) == rows
    expected = exact(rows)
    for name, mode in NAMES:
        got = found[f"{name}_{mode}"]
        assert (folded(got) if mode == "changelog" else Counter(got)) == expected[name], (
            name,
            mode,
        )
    for name in ("rows", "line"):
        lines = (folder / f"{name}.csv").read_text().splitlines()[1:]
        text = [",".join(map(repr, change)) for change in found[f"{name}_changelog"]]
        assert text == lines


class Job(Process):
    """The job in a folder, for a destination."""

    def __init__(self, sink: str, folder: Path, rows: int, **environment: str) -> None:
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        given = {"PYTHONPATH": path, "SINK": sink, "ROWS": str(rows), **environment}
        super().__init__(JOB, folder, given)


def besieged(
    sink: str,
    folder: Path,
    rows: int,
    deaths: Iterable[tuple[str, int]] = DEATHS,
    **environment: str,
) -> None:
    """Runs the job to its end, after it has died at each step."""
    for step, count in deaths:
        chaos = {"CHAOS_STEP": step, "CHAOS_COUNT": str(count)}
        with Job(sink, folder, rows, **environment, **chaos) as job:
            code = job.exit_code(60)
            assert code == -signal.SIGKILL, f"{step}: exit code {code}: {job.said}"
    with Job(sink, folder, rows, **environment) as job:
        job.finish(60)
