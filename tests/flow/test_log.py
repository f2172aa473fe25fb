"""The log of a run: one line for each thing that happens, with time and level, as text or as JSON."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import streamreg as sr
from streamreg._cli.log import JsonLines, PlainLines, TextLines
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._run import lifecycle
from streamreg.testing import read
from tests.support.child import Child
from tests.support.numbered import Point, row, stream
from tests.support.process import wait_until
from tests.support.produce import send

SECONDS = 60
ROWS = 20
LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (DEBUG|INFO|WARNING|ERROR) (.+)")


@pytest.fixture
def job(folder: Path, broker: EmbeddedBroker, topic: str) -> Path:
    """A job over a topic with some rows and a reject."""
    send(broker, topic, {0: [b"x,y", *map(row, range(ROWS)), b"no row"]})
    path = folder / "job.toml"
    path.write_text(
        f"""
        [source]
        topic = "{topic}"
        [source.kafka]
        bootstrap.servers = "{broker.bootstrap_servers}"
        [schema]
        x = "float"
        y = "float"
        [regression]
        target = "y"
        features = ["x"]
        [output]
        regression = "out.csv"
        input = "in.csv"
        """
    )
    return path


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "streamreg", "run", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "STREAMREG_PROCESSES": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def lines_of(job: Path, *options: str, rows: int = ROWS) -> list[str]:
    """What a run logs until all rows are read and a signal ends it."""
    with started(str(job), *options) as process:
        files = [job.parent / name for name in ("in.csv", "out.csv")]

        def is_read() -> bool:
            read, results = (f.read_text().count("\n") if f.exists() else 0 for f in files)
            return read == rows + 1 and results >= 2

        wait_until(lambda: is_read() or process.poll() is not None, SECONDS)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, said
    return said.splitlines()


def test_a_run_logs_its_course_as_text(job: Path, broker: EmbeddedBroker, topic: str) -> None:
    """Start, rejects, stop, and at the next start where it goes on; each with the time in UTC and its level."""
    before = datetime.now(UTC).replace(microsecond=0)
    found = [LINE.fullmatch(line) for line in lines_of(job)]
    assert all(found), found
    moments = [datetime.fromisoformat(match[1]) for match in found if match]
    assert before <= moments[0]
    assert moments == sorted(moments)
    said = [f"{match[2]} {match[3]}" for match in found if match]
    offsets = "from offset 0 of 0, 0 of 1, 0 of 2, 0 of 3, read natively, 1 worker process"
    assert f"INFO start: topic '{topic}', 4 partitions {offsets}" in said
    assert any(line.startswith("WARNING 1 reject (") for line in said)
    assert re.fullmatch(
        rf"INFO stop: {ROWS} rows in \d+ epochs?, [\d.]+ s; 1 reject \(.*\); ended by SIGTERM",
        said[-1],
    )
    send(broker, topic, {1: [row(ROWS)]})
    again = lines_of(job, rows=ROWS + 1)
    (resume,) = (line for line in again if "resume" in line)
    assert re.search(
        rf"resume: state .*{job.stem}\.state, \d+ epochs?, {ROWS} rows, 1 reject so far", resume
    )
    assert f"4 partitions from offset {ROWS + 2} of 0, 0 of 1" in "\n".join(again)


def test_a_run_logs_its_course_as_json(job: Path, topic: str) -> None:
    """The same as an object a line, with its numbers as data."""
    found: list[dict[str, Any]] = [json.loads(line) for line in lines_of(job, "--log-format=json")]
    assert all({"time", "level", "logger", "message"} <= one.keys() for one in found)
    events = {one["event"]: one for one in found if "event" in one}
    assert list(events) == ["start", "rejects", "stop"]
    assert sum(events["rejects"]["rejects"].values()) == 1
    assert events["rejects"]["first"].startswith("partition 0 offset 21: ")
    assert events["start"]["topic"] == topic
    assert events["start"]["offsets"] == {"0": 0, "1": 0, "2": 0, "3": 0}
    assert (events["start"]["reads"], events["start"]["processes"]) == ("natively", 1)
    assert (events["stop"]["rows"], events["stop"]["ended_by"]) == (ROWS, "SIGTERM")
    assert sum(events["stop"]["rejects"].values()) == 1
    assert {one["level"] for one in found} == {"info", "warning"}


def test_a_level_leaves_out_what_is_below(job: Path) -> None:
    """Warnings alone are left of a healthy run with a reject."""
    found = [LINE.fullmatch(line) for line in lines_of(job, "--log-level=warning")]
    assert {match and match[2] for match in found} == {"WARNING"}
    for path in (job.parent / "in.csv", job.parent / "out.csv"):
        path.unlink()
    shutil.rmtree(job.parent / "job.state")
    assert lines_of(job, "--log-level=error") == []


def test_what_ends_a_run_is_a_line_of_the_log(job: Path) -> None:
    """An error, with its level, also as JSON; what is wrong with the job file is for people."""
    (job.parent / "out.csv").write_text("somebody else's\n")
    for format in ("text", "json"):
        with started(str(job), "--log-format", format) as process:
            _, said = process.communicate(timeout=SECONDS)
        assert process.returncode == 1
        last = said.splitlines()[-1]
        if format == "json":
            assert json.loads(last)["level"] == json.loads(last)["event"] == "error"
            assert "out.csv" in json.loads(last)["message"]
        else:
            match = LINE.fullmatch(last)
            assert match is not None
            assert match[2] == "ERROR"
            assert "out.csv" in match[3]


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize("more", [[], ["--debug"]])
def test_what_ends_a_run_before_it_begins_is_a_line_too(
    folder: Path, format: str, more: list[str]
) -> None:
    """Where a format is asked for: a job file that cannot be used, and an error that is none of the job's."""
    (folder / "wrong.toml").write_text("[sourc]\n")
    (folder / "bug.py").write_text(
        """
import sys
from streamreg import _cli
def command(*_):
    _cli.run.load_job = None
    return found(*_)
found, _cli.run.command = _cli.run.command, command
sys.exit(_cli.main())
"""
    )
    wrong = [sys.executable, "-m", "streamreg"]
    bug = [sys.executable, "bug.py"]
    for program, code, words in ((wrong, 2, "sourc"), (bug, 1, "this is a bug in streamreg")):
        done = subprocess.run(
            [*program, "run", "wrong.toml", "--log-format", format, *more],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        lines = done.stderr.splitlines()
        assert any(words in line for line in lines)
        for line in lines:
            if format == "json":
                assert json.loads(line)["level"] == "error"
            else:
                match = LINE.fullmatch(line)
                assert match is not None, line
                assert match[2] == "ERROR"


def test_a_worker_that_dies_and_its_successor_are_told(folder: Path) -> None:
    """The trouble as a warning, the recovery as news."""
    with Child("gated", folder, STREAMREG_PROCESSES=1, GATE=300.0, LOG="INFO") as program:
        program.wait_until(lambda: bool(program.named("gate")))
        (pid,) = program.named("gate")
        os.kill(pid, signal.SIGKILL)
        program.wait_until(lambda: bool(program.named("gate") - {pid}))
        (folder / "open").touch()
        program.finish()
        said = program.said
    trouble, recovery = said.index("worker 0 died"), said.index("worker 0: its successor reads on")
    assert trouble < recovery


def test_the_heartbeat_says_how_far_a_run_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Rows, rate, lag and rejects by reason, so many seconds apart; none in a run that is shorter."""
    for seconds, beats in ((0.0, True), (60.0, False)):
        caplog.clear()
        monkeypatch.setattr(lifecycle, "HEARTBEAT_SECONDS", seconds)
        messages = stream(50, 1)[0]
        t = read([[*messages, b"no row"]], schema=Point, batch=10)
        sr.io.csv.write(t, f"rows-{beats}.csv")
        with caplog.at_level(logging.INFO, "streamreg.run"):
            sr.run(processes=0)
        found = [
            one
            for one in caplog.records
            if getattr(one, "streamreg", {}).get("event") == "heartbeat"
        ]
        assert bool(found) == beats
        if beats:
            last: Any = found[-1]
            assert last.streamreg["rows"] == 50
            assert last.streamreg["lag"] == 0
            assert sum(last.streamreg["rejects"].values()) == 1
            assert re.fullmatch(
                r"heartbeat: 50 rows, [\d,]+/s, lag 0, 1 reject \(.*\)", last.getMessage()
            )


def record(text: str, **data: object) -> logging.LogRecord:
    made = logging.LogRecord("streamreg", logging.WARNING, "f", 1, "%s", (text,), None)
    made.created = 1_767_225_600.25
    if data:
        made.streamreg = data
    return made


def test_no_message_makes_two_lines() -> None:
    """Whoever may write to a topic must not be able to forge a line: control characters are shown as such."""
    text = "a\n2026-01-01T00:00:00.000Z ERROR forged\r\x1b[2J\u2028b"
    assert PlainLines().format(record(text)).startswith(r"streamreg: a\n2026")
    assert PlainLines().format(record(text)).isprintable()
    line = TextLines().format(record(text))
    assert line.startswith("2026-01-01T00:00:00.250Z WARNING a\\n2026")
    assert line.isprintable()
    found = JsonLines().format(record(text, event="e", count=3, when=Path("p")))
    assert found.isprintable()
    assert json.loads(found) == {
        "time": "2026-01-01T00:00:00.250Z",
        "level": "warning",
        "logger": "streamreg",
        "message": text,
        "event": "e",
        "count": 3,
        "when": "p",
    }


def test_the_library_configures_nothing(folder: Path) -> None:
    """A program whose logging is not set up hears of warnings alone, and no handler or level is left behind."""
    code = """
import logging, streamreg as sr
from streamreg.testing import read
class Point(sr.Schema):
    x: float
    y: float
t = read([[b"x,y", b"1,2", b"none"]], schema=Point)
sr.io.csv.write(t, "rows.csv")
sr.run(processes=0)
for name in (None, "streamreg", "streamreg.run"):
    logger = logging.getLogger(name)
    assert logger.handlers == [], name
    assert logger.level == (logging.WARNING if name is None else logging.NOTSET), name
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "1 reject" in done.stderr
    assert "start:" not in done.stderr
