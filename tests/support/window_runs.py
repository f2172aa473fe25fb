"""Runs of jobs with windows, in pieces, and what they leave: by instance, start and end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as state
from streamreg.testing import read
from tests.support.changelog import changes
from tests.support.plans import csv_output
from tests.support.rationals import nearest
from tests.support.resumed import after
from tests.support.windows import Partition, messages

COLUMNS = ("k", "window_start", "window_end", "intercept", "x", "n")
LETTERS = Path("rejects.jsonl")
FIRST = 1
"""The offset of the first event: the header stands before it."""

GRIDS: list[tuple[str, sr.temporal.Window, Mapping[str, Any]]] = [
    ("tumbling", sr.temporal.tumbling(duration=10), {"hop": 10, "duration": 10}),
    ("origin", sr.temporal.tumbling(7, origin=3), {"hop": 7, "duration": 7, "origin": 3}),
    ("sliding", sr.temporal.sliding(hop=5, duration=20), {"hop": 5, "duration": 20}),
    ("uneven", sr.temporal.sliding(hop=4, duration=11), {"hop": 4, "duration": 11}),
    ("gaps", sr.temporal.sliding(hop=10, duration=3), {"hop": 10, "duration": 3}),
]


class Timed(sr.Schema):
    at: int
    x: float
    y: float
    k: str


def fitted(
    topic: Sequence[Partition],
    window: sr.temporal.Window,
    behavior: sr.temporal.Behavior | None,
    batch: int,
    schema: type[sr.Schema] = Timed,
) -> list[sr.Output]:
    t = read(messages(topic), schema=schema, batch=batch)
    w = t.windowby(t.at, window=window, instance=t.k, behavior=behavior)
    return [csv_output(w.linear_regression(t.y, t.x, statistics=["n"]), "fit.csv")]


def as_int(value: Fraction) -> str:
    assert value.denominator == 1
    return str(value.numerator)


def as_float(value: Fraction) -> str:
    return repr(nearest(value))


def run_in_pieces(
    make: Callable[[], list[sr.Output]], processes: int, stops: Sequence[int]
) -> sr.Summary:
    """The run is stopped after some epochs each time, and goes on; the summary of the last part."""
    for stop in (*stops, 10**9):
        summary = sr.run(
            outputs=make(), processes=processes, state="state", rejects=LETTERS, stop=after(stop)
        )
    return summary


def check(make: Callable[[], list[sr.Output]]) -> None:
    """`verify` finds nothing that differs, and compares everything."""
    found = list(
        verify(
            compile_plan(make()), state(Path("state")), LETTERS, report=print, tell=lambda *_: None
        )
    )
    assert [each for each in found if each.difference] == []


def standing(path: str, columns: Sequence[str] = COLUMNS) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The rows that stand at the end of a changelog, by instance and window."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for change in changes(path, *columns):
        if change.diff == 1:
            assert change.row[:3] not in found
            found[change.row[:3]] = change.row
        else:
            assert found.pop(change.row[:3]) == change.row
    return found


def standing_by_instance(path: str, columns: Sequence[str] = COLUMNS) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for change in changes(path, *columns):
        if change.diff == 1:
            assert change.row[0] not in found
            found[change.row[0]] = change.row
        else:
            assert found.pop(change.row[0]) == change.row
    return found
