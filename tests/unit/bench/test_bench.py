"""Measuring: points with a known result, what is made of measurements, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from benches.criterion import Bench
from benches.goals import Results, goals
from streamreg._bench import contender
from streamreg._bench.contender import RAW, STREAMREG, Job, Measured, WrongError, measure
from streamreg._bench.latency import Tail
from streamreg._bench.memory import family, shared_out
from streamreg._bench.points import Points, ResultValue, exact
from streamreg._bench.tables import table, throughput_table
from streamreg._bench.throughput import Case, Throughput
from streamreg._bench.topics import WidePoints
from streamreg._cli import main
from tests.support.kafka.oracle import line

ROWS = 500
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


def test_oracle_result_is_exact() -> None:
    """The result that contenders must give is the exact line of the doubles sent, rounded once."""
    texts = list(islice(Points().texts(), ROWS))
    xs, ys = ([float(text) for text in column] for column in zip(*texts, strict=True))
    assert exact(ROWS) == ResultValue(ROWS, *line(xs, ys))


def test_messages_are_of_the_size_that_goals_speak_of() -> None:
    """Every CSV message has 37 bytes."""
    assert {len(message) for message in islice(Points().messages("csv"), ROWS)} == {37}


def test_ratios_are_of_rounds() -> None:
    """A ratio is the median of those of the rounds, and steady only if both sides are so in all."""
    ours, theirs = Case("ours", "csv", 1, 9), Case("theirs", "csv", 1, 9)
    ours.runs = [Measured(whole, whole * 3, None) for whole in (1.0, 6.0, 2.0)]
    theirs.runs = [Measured(whole, whole, None) for whole in (2.0, 2.0, 1.0)]
    assert ours.ratio(theirs) == 6.0
    theirs.runs[0] = replace(theirs.runs[0], steady=None)
    assert ours.ratio(theirs) == 2.0
    assert (ours.whole, ours.steady, ours.memory) == (2.0, 6.0, None)


def test_tables_are_aligned() -> None:
    """Cells of a column are as wide as the widest; peers that are missing are named below."""
    assert table(["a", "b"], [["xyz", "1"], ["x", "22"]]).splitlines() == [
        "| a   |  b |",
        "| --- | -: |",
        "| xyz |  1 |",
        "| x   | 22 |",
    ]
    case = Case(RAW.name, "csv", 1, 9, [Measured(1.0, None, 1 << 20)])
    text = throughput_table(Throughput([case], {"Peer": "peer is not installed"}))
    assert text.endswith("\nNot measured: Peer (peer is not installed).")


@LINUX
def test_memory_is_that_of_the_family() -> None:
    """Children count, and a process that has ended takes nothing."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert {os.getpid(), child.pid} <= set(family(os.getpid()))
        assert (shared_out(child.pid) or 0) > 0
        child.kill()
    assert shared_out(child.pid) is None


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of that of the contenders' programs."""
    monkeypatch.setattr(contender, "_JOBS", tmp_path)
    return tmp_path


def outcome(jobs: Path, files: Mapping[str, str], ends: str = "") -> Measured:
    """What is made of a program that writes these files in its folder."""
    writes = "".join(f"open({name!r}, 'w').write({text!r})\n" for name, text in files.items())
    says = 'print(\'{"rows": 2, "seconds": 0.5}\')\n'
    (jobs / "job.py").write_text(writes + says + ends)
    job = Job(settings={"sasl.password": "hush"}, topic="t", format="csv", rows=2, parallel=1)
    return measure(replace(STREAMREG, program="job"), job, ResultValue(2, 0.5, 1.5))


INPUT = "x,y,time,diff\n1.0,2.0,0,1\n2.0,3.5,0,1\n"
OUTPUT = "a,b,time,diff\n9.0,9.0,0,1\n0.5,1.5,1,1\n9.0,9.0,1,-1\n"


def test_a_right_result_is_measured(jobs: Path) -> None:
    """The last row that no other follows is the result, whatever the order within its time."""
    assert outcome(jobs, {"input.csv": INPUT, "output.csv": OUTPUT}).whole == 4.0


@pytest.mark.parametrize(
    ("files", "ends", "words"),
    [
        ({"input.csv": INPUT, "output.csv": OUTPUT.replace("0.5", "0.25")}, "", "the result is"),
        ({"input.csv": INPUT[:-13], "output.csv": OUTPUT}, "", "1 row, not 2"),
        ({}, "raise SystemExit('bad hush')", r"bad \*+"),
    ],
)
def test_a_wrong_one_is_refused(
    jobs: Path, files: Mapping[str, str], ends: str, words: str
) -> None:
    """No time is given to a contender with another result, too few rows or an error; secrets stay in."""
    with pytest.raises(WrongError, match=words):
        outcome(jobs, files, ends)


def test_arrivals_are_when_the_file_was_seen_to_hold_a_row(tmp_path: Path) -> None:
    """A row arrives with the first look that finds it whole, quoted or not."""
    path = tmp_path / "input.csv"
    tail = Tail(path)
    assert (tail.look(), tail.rows()) == (0, 0)
    before = time.time()
    path.write_text('x,y,time,diff\n1.5,0,0,1\n"2.5",1')
    tail.look()
    between = time.time()
    with path.open("a") as file:
        file.write(",0,1\n")
    tail.look()
    assert tail.rows() == 2
    made, seen = tail.arrivals()
    assert made.tolist() == [1.5, 2.5]
    assert before <= seen[0] <= between <= seen[1] <= time.time()


def test_goals_are_met_or_not_or_not_measured() -> None:
    """Each goal has its direction, and what was not run is not said to be missed."""
    core = [Bench("solve", "features/1", 1500.0, False), Bench("solve", "features/10", 9e4, False)]
    results = Results({"cases": []}, {"latency": []}, {}, {"rolling": []}, {}, {}, {}, {}, {}, core)
    measured = {goal.text: goal.measured(results) for goal in goals()}
    assert {text: value for text, value in measured.items() if value is not None} == {
        "solving a line": 1.5,
        "solving 10 features": 90.0,
    }
    line, features = (goal for goal in goals() if goal.text.startswith("solving"))
    assert (line.met(1.5), features.met(90.0)) == (False, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--rows", "0"], "--rows"),
        (["--rows", "999999"], "embedded"),
        (["--rows", "200001", "--peers", "windows"], "embedded"),
        (["--peers", "sessions"], "--peers"),
        (["--setting", "a=b"], "--bootstrap-servers"),
        (["--peer-python", "pathway=/nowhere/python"], "PEER=PATH"),
    ],
)
def test_what_cannot_be_measured_is_said(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Arguments that make no sense end the command before anything runs."""
    assert main(["bench", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_goals_of_topics_are_ratios_of_whole_runs() -> None:
    """Each topic has its rival; what was not measured is not said to be missed."""
    ours = {"contender": STREAMREG.name, "of_raw": 2.5, "of_client": 0.9, "cpu_of_client": 0.3}
    found = {name: [{**ours, "parallel": 1}] for name in ("csv", "lz4", "batches of 5")}
    results = Results({}, {}, {}, {}, {}, {"topics": found}, {}, {}, {}, [])
    measured = {goal.text: goal.measured(results) for goal in goals() if goal.number == 8}
    assert {text.split(",")[0]: value for text, value in measured.items() if value} == {
        "csv": 0.3,
        "lz4": 2.5,
        "batches of 5": 0.9,
    }


def test_wide_points_are_the_same_points() -> None:
    """A message of a kilobyte has ten fields, two of which are those of the plain one."""
    for wide, plain in islice(
        zip(WidePoints().messages("json"), Points().messages("json"), strict=False), 20
    ):
        fields = json.loads(wide)
        assert len(fields) == 10
        assert 900 < len(wide) < 1100
        assert {name: fields[name] for name in "xy"} == json.loads(plain)
