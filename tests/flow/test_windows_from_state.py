"""Models of windows, opened from a run's state: those of the rows of one window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support import labelled
from tests.support.window_runs import FIRST
from tests.support.windows import Event, Key, events, in_grid, in_last, in_sessions


class Row(sr.Schema):
    at: int
    x: float
    y: float
    k: str
    label: str | None


TOPIC = events(200, 2, seed=4, rejects=0)
CUTOFF = 15
WINDOWS = {
    "tumbling": sr.temporal.tumbling(20),
    "sliding": sr.temporal.sliding(10, 30),
    "session": sr.temporal.session(max_gap=4),
    "last": sr.temporal.last(rows=12),
}
ROWS = {
    "tumbling": lambda: in_grid(TOPIC, 20, 20, cutoff=CUTOFF, first_offset=FIRST),
    "sliding": lambda: in_grid(TOPIC, 10, 30, cutoff=CUTOFF, first_offset=FIRST),
    "session": lambda: in_sessions(TOPIC, 4, cutoff=CUTOFF, first_offset=FIRST),
    "last": lambda: in_last(TOPIC, 12),
}


def write(kind: str, *, scored: bool = False) -> None:
    t = read(labelled.messages(TOPIC), schema=Row, batch=10)
    behavior = None if kind == "last" else sr.temporal.common_behavior(cutoff=CUTOFF)
    w = t.windowby(t.at, window=WINDOWS[kind], instance=t.k, behavior=behavior)
    line, classes = (
        w.linear_regression(t.y, t.x),
        w.gaussian_naive_bayes(t.label, t.x, t.y, var_smoothing=0.25),
    )
    sr.io.csv.write(line, "line.csv")
    sr.io.csv.write(classes, "classes.csv")
    if scored:
        sr.io.csv.write(line.predict_on(t), "line_scores.csv")
        sr.io.csv.write(classes.predict_on(t), "class_scores.csv")
    sr.run(processes=0, state="state")


def line_of(rows: Sequence[Event]) -> bytes:
    x = pd.DataFrame({"x": [event.x for event in rows]})
    return sr.LinearRegression().fit(x, [event.y for event in rows]).to_bytes()


def classes_of(rows: Sequence[Event]) -> bytes:
    of = [event for event in rows if labelled.label_of(event)]
    x = pd.DataFrame({"x": [event.x for event in of], "y": [event.y for event in of]})
    return sr.GaussianNB(var_smoothing=0.25).fit(x, [*map(labelled.label_of, of)]).to_bytes()


def line_from(key: Key | str, start: int | None = None) -> bytes:
    instance = key if isinstance(key, str) else key[0]
    return sr.LinearRegression.from_state(
        "state", output="line.csv", instance=instance, window_start=start
    ).to_bytes()


def classes_from(key: Key | str, start: int | None = None) -> bytes:
    instance = key if isinstance(key, str) else key[0]
    return sr.GaussianNB.from_state(
        "state", output="classes.csv", instance=instance, window_start=start
    ).to_bytes()


@pytest.mark.filterwarnings("ignore::streamreg.NumericalWarning")
@pytest.mark.parametrize("kind", WINDOWS)
def test_law_an_open_window_is_an_estimator_of_its_rows(kind: str) -> None:
    """By instance and start; without a start the newest one; what has closed has left the state."""
    write(kind)
    of = ROWS[kind]()
    assert of.time is not None
    wait = CUTOFF + (4 * 2 - 4 if kind == "session" else 0)
    keys = [key for key in of.rows if kind == "last" or key[2] + wait > of.time]
    assert len(keys) >= 3
    for key in keys:
        assert line_from(key, int(key[1])) == line_of(of.rows[key])
        assert classes_from(key, int(key[1])) == classes_of(of.rows[key])
    for k in {key[0] for key in keys}:
        newest = max((key for key in keys if key[0] == k), key=lambda key: key[1])
        assert line_from(k) == line_of(of.rows[newest])
        assert classes_from(k) == classes_of(of.rows[newest])
    if kind != "last":
        closed = next(key for key in of.rows if key not in keys)
        with pytest.raises(sr.ConfigurationError, match=r"no window|window_start=|instance"):
            line_from(closed, int(closed[1]))


@pytest.mark.filterwarnings("ignore::streamreg.NumericalWarning")
@pytest.mark.parametrize("kind", ["tumbling", "sliding", "session"])
def test_law_the_last_closed_window_where_rows_are_scored_by_it(kind: str) -> None:
    """It is the default then."""
    write(kind, scored=True)
    of = ROWS[kind]()
    assert of.time is not None
    wait = CUTOFF + (4 if kind == "session" else 0)
    closed = {
        key[0]: key for key in sorted(of.rows, key=lambda key: key[2]) if key[2] + wait <= of.time
    }
    assert len(closed) == 3
    for k, key in closed.items():
        assert line_from(k) == line_of(of.rows[key])
        if any(map(labelled.label_of, of.rows[key])):
            assert classes_from(k) == classes_of(of.rows[key])
        if kind != "session":
            assert line_from(k, int(key[1])) == line_of(of.rows[key])


class Timed(sr.Schema):
    at: datetime
    gap: timedelta
    x: float
    y: float


def test_times_as_starts_and_instances() -> None:
    """A start is a datetime with a time zone, an instance may be a timedelta."""
    lines = [f"2026-01-01T00:{m:02}:00Z,PT{m % 2}S,{m},{m * m}".encode() for m in range(30)]
    t = read([lines], schema=Timed, header=["at", "gap", "x", "y"])
    w = t.windowby(t.at, window=sr.temporal.tumbling(timedelta(minutes=10)), instance=t.gap)
    sr.io.csv.write(w.linear_regression(t.y, t.x), "line.csv")
    sr.run(processes=0, state="state")
    found = sr.LinearRegression.from_state(
        "state",
        instance=timedelta(seconds=1),
        window_start=datetime(2026, 1, 1, 1, 10, tzinfo=UTC) - timedelta(hours=1),
    )
    x = np.arange(11.0, 20.0, 2.0)
    assert found.coef_ == sr.LinearRegression().fit(x.reshape(-1, 1), x * x).coef_


REFUSED: Sequence[tuple[Callable[[], object], str]] = [
    (
        lambda: line_from("z"),
        r"instance: y on x by k is of windows by k \(str\), and no window of 'z'",
    ),
    (
        lambda: sr.LinearRegression.from_state("state", output="line.csv"),
        r"and say which one; there are 'a', 'b', 'c'",
    ),
    (lambda: line_from("a", 3), "window_start=3: .*: no window of this instance that begins then"),
    (
        lambda: sr.LinearRegression.from_state(
            "state", output="line.csv", instance="a", window_start=datetime(2026, 1, 1, tzinfo=UTC)
        ),
        r"the windows of y on x by k begin at a number \(int\)",
    ),
    (
        lambda: sr.LinearRegression.from_state("state", output="line.csv", key="a"),
        "key='a': .* is of windows: say instance= and window_start=",
    ),
    (lambda: classes_from("z"), "instance: label by x, y is of windows by k"),
]


def test_refusals() -> None:
    """Each error says what there is."""
    write("tumbling")
    for ask, message in REFUSED:
        with pytest.raises(sr.ConfigurationError, match=message):
            ask()


def test_a_window_of_what_has_none() -> None:
    """A regression over all rows has neither instance nor start."""
    t = read(labelled.messages(TOPIC), schema=Row)
    sr.io.csv.write(t.linear_regression(t.y, t.x, by=t.k), "line.csv")
    sr.run(processes=0, state="state")
    with pytest.raises(sr.ConfigurationError, match=r"instance='a': .* is not of windows"):
        sr.LinearRegression.from_state("state", instance="a")
    with pytest.raises(sr.ConfigurationError, match=r"window_start=3: .* is not of windows"):
        sr.LinearRegression.from_state("state", key="a", window_start=3)
