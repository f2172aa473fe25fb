"""Windows of several kinds over the events of a topic: how the job has them, and what each must give."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as state
from tests.support import labelled
from tests.support.changelog import changes, rejects
from tests.support.plans import csv_output
from tests.support.windows import (
    Partition,
    Windowed,
    in_grid,
    in_last,
    in_sessions,
    late_of,
    table,
)

ROWS, REJECTS, STATE = "rows.csv", "rejects.jsonl", "state"
COLUMNS = ("k", "window_start", "window_end", "intercept", "x", "n")
CLASSES = ("window_start", "window_end", "k", "prior", "n", *labelled.COLUMNS["linear"])
"""Of the windows of all rows, which are told apart by k."""

CUTOFF = 6
GAP = 4
LAST = 25


class Timed(sr.Schema):
    at: int
    x: float
    y: float
    k: str


Rows = Mapping[tuple[str, ...], tuple[str, ...]]


def kinds(
    idle: float | None = None,
) -> dict[str, tuple[sr.temporal.Window, sr.temporal.Behavior | None]]:
    """The windows of the job, by the file that their results are written to."""
    temporal = sr.temporal
    updated = temporal.common_behavior(cutoff=CUTOFF, idle_timeout=idle)
    dropped = temporal.common_behavior(cutoff=CUTOFF, keep_results=False, idle_timeout=idle)
    final = temporal.exactly_once_behavior(CUTOFF, idle_timeout=idle)
    return {
        "tumbling": (temporal.tumbling(10), updated),
        "sliding": (temporal.sliding(5, 20), final),
        "dropped": (temporal.tumbling(7, origin=3), dropped),
        "session": (temporal.session(max_gap=GAP), final),
        "last": (temporal.last(rows=LAST), None),
        "classes": (temporal.tumbling(10), updated),
    }


def outputs(told: Mapping[str, str]) -> list[sr.Output]:
    """The job: its rows, and a regression by windows of each kind that is asked for."""
    t = sr.io.kafka.read(
        json.loads(told["JOB_SETTINGS"]),
        topic=told["JOB_TOPIC"],
        schema=Timed,
        header=["at", "x", "y", "k"],
        autocommit_duration_ms=int(told["JOB_AUTOCOMMIT_MS"]),
    )
    found = [csv_output(t, ROWS)]
    of = kinds(float(told["JOB_IDLE"]) if "JOB_IDLE" in told else None)
    for kind in told["JOB_WINDOWS"].split(","):
        window, behavior = of[kind]
        if kind == "classes":
            w = t.windowby(t.at, window=window, behavior=behavior)
            found.append(csv_output(w.linear_discriminant(t.k, t.x, t.y), "classes.csv"))
            continue
        w = t.windowby(t.at, window=window, instance=t.k, behavior=behavior)
        found.append(csv_output(w.linear_regression(t.y, t.x, statistics=["n"]), f"{kind}.csv"))
    return found


def differences(told: Mapping[str, str]) -> list[str]:
    """What `verify` finds that differs, in the current folder; all must have been compared."""
    plan = compile_plan(outputs(told))
    found = list(
        verify(plan, state(Path(STATE)), Path(REJECTS), report=print, tell=lambda *_: None)
    )
    assert all(check.compared for check in found), found
    return [str(check) for check in found if check.difference]


_EXPECTED: dict[str, Callable[[Sequence[Partition]], Windowed]] = {
    "tumbling": lambda topic: in_grid(topic, 10, 10, cutoff=CUTOFF),
    "sliding": lambda topic: in_grid(topic, 5, 20, cutoff=CUTOFF),
    "dropped": lambda topic: in_grid(topic, 7, 7, origin=3, cutoff=CUTOFF),
    "session": lambda topic: in_sessions(topic, GAP, cutoff=CUTOFF),
    "last": lambda topic: in_last(topic, LAST),
    "classes": lambda topic: _of_all(in_grid(topic, 10, 10, cutoff=CUTOFF)),
}


def _of_all(windowed: Windowed) -> Windowed:
    """The same windows, of the rows of all instances."""
    found = Windowed(late=windowed.late, time=windowed.time)
    for (_, start, end), rows in windowed.rows.items():
        found.rows["", start, end] += rows
    return found


_FINAL = {"sliding": CUTOFF, "session": CUTOFF + GAP}
"""How long after their ends windows are written that are written once."""


def late(topic: Sequence[Partition], named: Sequence[str]) -> set[tuple[int, int]]:
    """The events that are late for all windows of these kinds."""
    return set.intersection(*(_EXPECTED[kind](topic).late for kind in named))


def expected(topic: Sequence[Partition], kind: str) -> Rows:
    """The rows that stand at the end."""
    found = _EXPECTED[kind](topic)
    time = found.time
    assert time is not None

    def stands(_: Fraction, end: Fraction) -> bool:
        if kind == "dropped":
            return end + CUTOFF > time
        return kind not in _FINAL or end + _FINAL[kind] <= time

    if kind == "classes":
        rows = labelled.table(found, "linear", named=lambda event: event.k)
        return {key[1:]: row[1:] for key, row in rows.items()}
    return table(found, _shown, stands)


def check(folder: Path, topic: Sequence[Partition], named: Sequence[str]) -> None:
    """Raises AssertionError unless each window's last row is right, final rows are there once, and rejects are late."""
    assert late_of(rejects(folder / REJECTS)) == late(topic, named)
    for kind in named:
        written = changes(folder / f"{kind}.csv", *(CLASSES if kind == "classes" else COLUMNS))
        standing: dict[tuple[str, ...], tuple[str, ...]] = {}
        for change in written:
            key = change.row[:1] if kind == "last" else change.row[:3]
            if change.diff == 1:
                assert key not in standing, f"{kind}: {change} beside {standing[key]}"
                standing[key] = change.row
            else:
                assert standing.pop(key) == change.row
        if kind in _FINAL:
            assert all(change.diff == 1 for change in written)
        wanted = expected(topic, kind)
        if kind == "last":
            wanted = {key[:1]: row for key, row in wanted.items()}
        assert standing == wanted, kind


def _shown(value: Fraction) -> str:
    assert value.denominator == 1
    return str(value.numerator)
