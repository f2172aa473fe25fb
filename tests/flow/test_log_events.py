"""Events of a run's log: what it tells while it starts, of trouble, and of what others say beside it."""

from __future__ import annotations

import json
import logging
import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import streamreg as sr
from streamreg._cli.log import lines_of_error
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._run import lifecycle, watch
from streamreg.testing import read
from tests.support.followed_files import put, table, texts
from tests.support.numbered import Point, row
from tests.support.produce import send

ROWS = 20


class Missing(sr.Schema):
    x: float | None
    y: float | None


def events(records: Sequence[logging.LogRecord], name: str) -> list[Any]:
    """The data of the events of a name."""
    found = [getattr(record, "streamreg", {}) for record in records]
    return [each for each in found if each.get("event") == name]


def test_a_run_that_starts_has_a_heartbeat_and_tells_of_its_state(
    folder: Path,
    broker: EmbeddedBroker,
    topic: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While nobody answers it says what it waits for; stopped then, it sums up what earlier runs have read."""
    send(broker, topic, {0: [b"x,y", *map(row, range(ROWS)), b"no row"]})

    def outputs(servers: str, **read: Any) -> list[sr.Output]:  # noqa: ANN401  # settings of a source
        t = sr.io.kafka.read({"bootstrap.servers": servers}, topic, schema=Point, **read)
        return [sr.io.csv.write(t, "rows.csv")]

    sr.run(outputs=outputs(broker.bootstrap_servers, mode="static"), state="state", processes=0)
    monkeypatch.setattr(lifecycle, "HEARTBEAT_SECONDS", 0.1)
    caplog.set_level(logging.INFO, "streamreg")
    caplog.clear()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = outputs(f"127.0.0.1:{taken.getsockname()[1]}")
        summary = sr.run(
            outputs=nobody,
            state="state",
            processes=0,
            stop=lambda _: bool(events(caplog.records, "heartbeat")),
        )
    beat = events(caplog.records, "heartbeat")[0]
    assert (beat["phase"], beat["waits_for"]) == ("starting", [f"topic {topic!r}"])
    assert f" s: waits for topic {topic!r}" in caplog.text
    assert (summary.rows, summary.earlier_rows) == (ROWS, ROWS)
    total = rf"with the earlier runs {ROWS} rows in \d epochs?, 1 reject \(.*\)"
    assert re.search(rf"stop: 0 rows in 0 epochs, [\d.]+ s; {total}; ended by stop", caplog.text)


def test_every_kind_of_trouble_is_an_event(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Rows that are excluded, which the heartbeat counts too; an error, which is one object of JSON."""
    t = read([[b"1,1", b",2", b"3,"]], schema=Missing, header=["x", "y"], batch=1)
    sr.io.csv.write(t.linear_regression(t.y, t.x), "line.csv")
    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.INFO, "streamreg"):
        patch.setattr(lifecycle, "HEARTBEAT_SECONDS", 0.0)
        sr.run(processes=0)
    assert sum(each["rows"] for each in events(caplog.records, "excluded")) == 2
    assert events(caplog.records, "heartbeat")[-1]["excluded"] == 2
    assert [line.split(" ", 1)[1] for line in lines_of_error("text", "a\nb")] == [
        "ERROR a",
        "ERROR b",
    ]
    [found] = lines_of_error("json", "a\nb")
    assert json.loads(found)["message"] == "a\nb"
    assert json.loads(found)["event"] == "error"


def test_a_run_says_that_it_stood_still_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, when its loop turns again."""
    passed = [0.0]
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: sum(passed)))
    t = read([[row(0), row(1), row(2)]], schema=Point, header=["x", "y"], batch=1)
    sr.io.csv.write(t, "rows.csv")
    caplog.set_level(logging.INFO, "streamreg")
    sr.run(processes=0, progress=lambda found: passed.append(65.0 if found.rows == 2 else 1.0))
    assert [each["seconds"] for each in events(caplog.records, "pause")] == [65.0]
    assert "pause: the run's own loop has not turned for 65 s" in caplog.messages


def test_the_start_names_files(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of text and of columns, where a run on them begins in each, as messages name a place in them."""
    put(folder, texts(3, 2))
    numbers = pa.array([1.0])
    pq.write_table(pa.table({"x": numbers, "y": numbers}), "p.parquet")
    caplog.set_level(logging.INFO, "streamreg")
    parquet = sr.io.parquet.read("*.parquet", schema=Point, mode="static")
    for t in (table(), parquet):
        sr.run(outputs=[sr.io.csv.write(t, f"rows-{len(caplog.records)}.csv")], processes=0)
    lines = [text for text in caplog.messages if text.startswith("start: ")]
    assert lines == [
        "start: files '[0-9].csv', 2 files from byte 0 of 0.csv, 0 of 1.csv",
        "start: files '*.parquet', 1 file from row 0 of p.parquet",
    ]
    first = events(caplog.records, "start")[0]
    assert first["offsets"] == {"0.csv": 0, "1.csv": 0}


def test_warnings_of_python_are_lines_of_the_log(folder: Path) -> None:
    """Whoever gives them, beside a run whose log programs read; the library leaves them where they are."""
    (folder / "warns.py").write_text(
        """
import sys, warnings
from streamreg import _cli
from streamreg._cli import run
load = run.load_job
def load_job(path):
    warnings.warn("soon it is another", FutureWarning)
    return load(path)
run.load_job = load_job
sys.exit(_cli.main())
"""
    )
    done = subprocess.run(
        [sys.executable, "warns.py", "run", "none.toml", "--log-format=json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [json.loads(line) for line in done.stderr.splitlines()]
    assert [one["level"] for one in found] == ["warning", "error"]
    assert "FutureWarning: soon it is another" in found[0]["message"]
