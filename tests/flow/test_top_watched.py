"""`streamreg top` that is watching: a run that is away for some time, a state that is replaced, long looks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._operate.top import watched as module
from streamreg._operate.top.sources import AwayError, State, look_at
from streamreg._operate.top.view import View
from streamreg._operate.top.watched import watched
from tests.support.numbered import row
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, LiveSource, ServedRun

VIEW = View(source="here", topic="t", phase="reading", rows=7, epochs=1)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        monkeypatch.setattr(module, "time", self)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def test_a_run_that_comes_back_is_shown_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meanwhile what was seen last, with the reason; only a first look that fails ends it."""
    Clock(monkeypatch)
    looks: Iterator[View | sr.StreamregError] = iter(
        [
            VIEW,
            AwayError("url: nobody answers: Connection reset by peer"),
            sr.StreamregError("url: 503 Service Unavailable"),
            VIEW,
            AwayError("away"),
        ]
    )

    def look() -> View:
        found = next(looks)
        if isinstance(found, sr.StreamregError):
            raise found
        return found

    first, away, failed, again = islice(watched(look, 1), 4)
    assert away[:2] == [
        "nobody answers, trying again",
        "url: nobody answers: Connection reset by peer",
    ]
    assert away[3:] == first
    assert failed[:2] == ["the look failed, trying again", "url: 503 Service Unavailable"]
    assert again[1:] == first[1:]
    with pytest.raises(AwayError):
        next(watched(look, 1))


def test_looks_take_little_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that took long is followed by a rest of ten times as long."""
    clock = Clock(monkeypatch)
    durations = iter([0.1, 3.6, 0.0])

    def look() -> View:
        clock.now += next(durations)
        return VIEW

    list(islice(watched(look, 2), 3))
    assert clock.slept == [2, 36]


def test_a_served_run_that_is_started_anew(folder: Path) -> None:
    """Its port is away, then it answers, with what it has come to."""
    source = LiveSource()
    t = table_of_source(source, {"x": "float", "y": "float"}, header=["x", "y"])
    outputs = [sr.io.csv.write(t.linear_regression(t.y, t.x), "line.csv")]
    with ServedRun(outputs, processes=0, state="job.state") as run:
        source.add(row(0))
        wait_until(lambda: run.json("/v1/status")["rows"] == 1, SECONDS)
        pictures = watched(look_at(run.url), 0.01)
        assert "rows     1" in next(pictures)[1]
        address = run.url.removeprefix("http://")
    assert next(pictures)[0] == "nobody answers, trying again"
    with ServedRun(outputs, processes=0, state="job.state", listen=address) as run:
        source.add(row(1))
        wait_until(lambda: "rows     2" in next(pictures)[1], SECONDS)


def test_a_state_that_is_replaced(folder: Path) -> None:
    """It is away, then another one, of fewer rows, whose rate is not known yet."""

    def run(rows: int) -> None:
        sr.clear()
        t = testing.read([[row(at) for at in range(rows)]], schema=Point, header=["x", "y"])
        sr.io.csv.write(t.linear_regression(t.y, t.x), f"line{rows}.csv")
        sr.run(processes=0, state="job.state")

    run(5)
    pictures = watched(State(Path("job.state")), 0.01)
    assert next(pictures)[1] == "rows     5"
    shutil.rmtree("job.state")
    assert next(pictures)[0] == "the look failed, trying again"
    run(3)
    assert next(pictures)[1] == "rows     3"


class Point(sr.Schema):
    x: float
    y: float
