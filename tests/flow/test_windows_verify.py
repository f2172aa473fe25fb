"""Verify names the window whose state is not that of the topic."""

from __future__ import annotations

from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as state
from streamreg.testing import read
from tests.support import labelled
from tests.support.plans import csv_output
from tests.support.windows import Partition, events


class Row(sr.Schema):
    at: int
    x: float
    y: float
    k: str
    label: str | None


WINDOWS = {
    "tumbling": sr.temporal.tumbling(20),
    "sliding": sr.temporal.sliding(10, 20),
    "session": sr.temporal.session(max_gap=4),
    "last": sr.temporal.last(rows=5),
}


@pytest.mark.parametrize("classes", [False, True], ids=["line", "classes"])
@pytest.mark.parametrize("kind", WINDOWS)
def test_a_window_that_differs_is_named(folder: Path, kind: str, classes: bool) -> None:
    """One row of the topic is another one than the run has read."""
    (sent,) = events(100, 1, seed=4, rejects=0)
    changed = [
        event and event._replace(x=event.x + 1) if at > 90 else event
        for at, event in enumerate(sent)
    ]

    def make(topic: list[Partition]) -> list[sr.Output]:
        t = read(labelled.messages(topic), schema=Row, batch=10)
        w = t.windowby(t.at, window=WINDOWS[kind], instance=t.k)
        if classes:
            return [csv_output(w.linear_discriminant(t.label, t.x, t.y), "out.csv")]
        return [csv_output(w.linear_regression(t.y, t.x), "out.csv")]

    sr.run(outputs=make([sent]), processes=0, state="state")
    kept = state(Path("state"))
    found = verify(compile_plan(make([changed])), kept, None, report=print, tell=lambda *_: None)
    (difference,) = (each.difference for each in found if each.subject == "exact state 1")
    assert difference.startswith(("other sums for the key '", "the key '"))
