"""Classes of windows: formed by the rows of all labels, then told apart within each window, in rationals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support import labelled
from tests.support.changelog import changes, current, rejects
from tests.support.plans import csv_output
from tests.support.window_runs import FIRST, LETTERS, check, run_in_pieces
from tests.support.windows import Partition, Windowed, events, in_grid, in_last, in_sessions, late_of

KEYS = ("k", "window_start", "window_end", "label")


class Labelled(sr.Schema):
    at: int
    x: float
    y: float
    k: str
    label: str | None


WINDOWS = {
    "tumbling": sr.temporal.tumbling(20),
    "sliding": sr.temporal.sliding(10, 30),
    "uneven": sr.temporal.sliding(7, 17),
    "session": sr.temporal.session(max_gap=4),
    "last": sr.temporal.last(rows=12),
}


def expected(topic: Sequence[Partition], kind: str, cutoff: int | None) -> Windowed:
    match kind:
        case "session":
            return in_sessions(topic, 4, cutoff=cutoff, first_offset=FIRST)
        case "last":
            return in_last(topic, 12)
        case _:
            hop, duration = {"tumbling": (20, 20), "sliding": (10, 30), "uneven": (7, 17)}[kind]
            return in_grid(topic, hop, duration, cutoff=cutoff, first_offset=FIRST)


def columns(method: str) -> tuple[str, ...]:
    return (*KEYS, "prior", "n", *labelled.COLUMNS[method])


def told(w: sr.WindowedTable, t: sr.Table, method: str) -> sr.Table:
    match method:
        case "linear":
            return w.linear_discriminant(t.label, t.x, t.y)
        case "quadratic":
            return w.quadratic_discriminant(t.label, t.x, t.y)
        case _:
            return w.gaussian_naive_bayes(t.label, t.x, t.y)


def outputs(
    topic: Sequence[Partition],
    kind: str,
    behavior: sr.temporal.Behavior | None,
    batch: int,
    method: str = "linear",
) -> list[sr.Output]:
    t = read(labelled.messages(topic), schema=Labelled, batch=batch)
    w = t.windowby(t.at, window=WINDOWS[kind], instance=t.k, behavior=behavior)
    return [csv_output(told(w, t, method), "classes.csv")]


@pytest.mark.parametrize("batch", [1, 7, 1000])
@pytest.mark.parametrize("method", ["linear", "quadratic", "bayes"])
@pytest.mark.parametrize("kind", WINDOWS)
def test_oracle_classes(folder: Path, kind: str, method: str, batch: int) -> None:
    """Whatever the batches and restarts, the classes of each window are those of its rows."""
    topic = events(150, 1 + batch % 4, seed=batch)
    cutoff = None if kind == "last" else 15
    behavior = None if cutoff is None else sr.temporal.common_behavior(cutoff=cutoff)

    def make() -> list[sr.Output]:
        return outputs(topic, kind, behavior, batch, method)

    run_in_pieces(make, 0, [3, 20])
    of = expected(topic, kind, cutoff)
    assert current("classes.csv", 4, *columns(method)) == labelled.table(of, method)
    assert late_of(rejects(LETTERS)) == of.late
    check(make)


@pytest.mark.parametrize("kind", WINDOWS)
def test_oracle_processes(folder: Path, processes: int, kind: str) -> None:
    """Any number of processes gives the same classes."""
    topic = events(300, 4, seed=processes)
    cutoff = None if kind == "last" else 5
    behavior = None if cutoff is None else sr.temporal.common_behavior(cutoff=cutoff)

    def make() -> list[sr.Output]:
        return outputs(topic, kind, behavior, 20)

    run_in_pieces(make, processes, [5])
    of = expected(topic, kind, cutoff)
    assert current("classes.csv", 4, *columns("linear")) == labelled.table(of, "linear")
    assert late_of(rejects(LETTERS)) == of.late
    check(make)
