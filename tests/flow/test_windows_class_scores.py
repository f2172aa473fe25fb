"""Rows scored by the classes of the last window of their instance that had closed before their epoch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._language.windowed_table import WindowedTable
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as state
from streamreg._types import CLASS_SCORES
from streamreg.testing import read
from tests.support import labelled
from tests.support.changelog import changes
from tests.support.plans import csv_output
from tests.support.resumed import after
from tests.support.window_runs import FIRST
from tests.support.windows import Event, Key, Partition, events, in_grid, in_sessions

COLUMNS = ("at", "x", "y", "k", "label", "part", *CLASS_SCORES)
CUTOFF = 6
GAP = 3
Model = sr.LinearDiscriminantAnalysis | sr.QuadraticDiscriminantAnalysis | sr.GaussianNB
MODELS: Mapping[str, Callable[[], Model]] = {
    "linear": lambda: sr.LinearDiscriminantAnalysis(unbiased=True),
    "bayes": lambda: sr.GaussianNB(var_smoothing=0.25),
}


class Timed(sr.Schema):
    at: int
    x: float
    y: float
    k: str
    label: str | None
    part: int


def classes(w: WindowedTable, t: sr.Table, method: str) -> sr.Table:
    if method == "linear":
        return w.linear_discriminant(t.label, t.x, t.y, unbiased=True, singular="drop")
    return w.gaussian_naive_bayes(t.label, t.x, t.y, var_smoothing=0.25)


def fitted(rows: Sequence[Event], method: str) -> Model | None:
    """The estimator of some rows; None where it determines nothing."""
    of = [event for event in rows if labelled.label_of(event)]
    if not of:
        return None
    try:
        model = MODELS[method]().fit(
            np.array([[event.x, event.y] for event in of]),
            [labelled.label_of(event) for event in of],
        )
        model.predict_proba(np.zeros((1, 2)))
    except ValueError:
        return None
    return model


def cells(event: Event, model: Model | None) -> tuple[str, ...]:
    """What stands in the file for a row."""
    if model is None:
        return "", "", ""
    (chance,) = model.predict_proba(np.array([[event.x, event.y]])).tolist()
    names = model.classes_.tolist()
    best, label = chance.index(max(chance)), labelled.label_of(event)
    own = repr(chance[names.index(label)]) if label in names else repr(0.0)
    return names[best], repr(chance[best]), own if label else ""


@pytest.mark.filterwarnings("ignore:within the classes")
@pytest.mark.parametrize(
    ("kind", "method"), [("tumbling", "linear"), ("sliding", "bayes"), ("session", "bayes")]
)
def test_differential_scores_of_closed_windows(
    folder: Path, kind: str, method: str, processes: int
) -> None:
    """They are those of an estimator of the window's rows, after restarts too, and `verify` finds them so."""
    topic = events(300, 2, seed=11, spread=25, rejects=0)
    window = {
        "tumbling": sr.temporal.tumbling(30),
        "sliding": sr.temporal.sliding(15, 30),
        "session": sr.temporal.session(max_gap=GAP),
    }[kind]
    if kind == "session":
        of = in_sessions(topic, GAP, cutoff=CUTOFF, first_offset=FIRST)
    else:
        hop = 30 if kind == "tumbling" else 15
        of = in_grid(topic, hop, 30, cutoff=CUTOFF, first_offset=FIRST)

    def make() -> list[sr.Output]:
        t = read(labelled.messages(topic), schema=Timed, batch=12, metadata={"part": "partition"})
        behavior = sr.temporal.common_behavior(cutoff=CUTOFF)
        w = t.windowby(t.at, window=window, instance=t.k, behavior=behavior)
        return [csv_output(classes(w, t, method).predict_on(t), "scores.csv")]

    for stop in (3, 11, 10**9):
        sr.run(outputs=make(), processes=processes, state="state", stop=after(stop))
    models = {key: fitted(rows, method) for key, rows in of.rows.items()}
    scored = check(topic, models, CUTOFF + (GAP if kind == "session" else 0))
    assert scored > 50 or processes
    plan = compile_plan(make())
    found = list(verify(plan, state(Path("state")), None, report=print, tell=lambda *_: None))
    assert [each for each in found if each.difference] == []
    (scores,) = (each for each in found if each.subject == "scores.csv, its scores")
    assert scores.found == "as the windows that had closed before each epoch give them"


def check(topic: Sequence[Partition], models: Mapping[Key, Model | None], wait: int) -> int:
    """Each row of the file has the scores that are due to it; how many have some."""
    greatest: dict[int, float] = {}
    scored = 0
    for _, epoch in groupby(changes("scores.csv", *COLUMNS), lambda change: change.time):
        by = Fraction(min(greatest.values())) - wait if len(greatest) == len(topic) else None
        closed = {
            key[0]: key
            for key in sorted(models, key=lambda key: key[2])
            if by is not None and key[2] <= by
        }
        for change in epoch:
            at, x, y, k, label, part, *found = change.row
            event = Event(int(at), float(x), float(y), k)
            assert label == labelled.label_of(event)
            greatest[int(part)] = max(greatest.get(int(part), event.at), event.at)
            assert tuple(found) == cells(event, models[closed[k]] if k in closed else None)
            scored += bool(found[0])
    return scored


@pytest.mark.filterwarnings("ignore:within the classes")
def test_differential_scores_of_the_last_rows(folder: Path) -> None:
    """Of the last rows those before the row's epoch count, by their times and not by when they came."""
    topic = events(150, 1, seed=5, spread=25, rejects=0)

    def make() -> list[sr.Output]:
        t = read(labelled.messages(topic), schema=Timed, batch=12, metadata={"part": "partition"})
        w = t.windowby(t.at, window=sr.temporal.last(rows=15), instance=t.k)
        return [csv_output(classes(w, t, "bayes").predict_on(t), "scores.csv")]

    for stop in (4, 10**9):
        sr.run(outputs=make(), processes=0, state="state", stop=after(stop))
    held: dict[str, list[tuple[int, int, Event]]] = defaultdict(list)
    scored = place = 0
    for _, epoch in groupby(changes("scores.csv", *COLUMNS), lambda change: change.time):
        models = {
            k: fitted([event for *_, event in sorted(rows)[-15:]], "bayes")
            for k, rows in held.items()
        }
        for change in epoch:
            at, x, y, k, _, _, *found = change.row
            event = Event(int(at), float(x), float(y), k)
            assert tuple(found) == cells(event, models.get(k))
            scored += bool(found[0])
            held[k].append((int(at), place, event))
            place += 1
    assert scored > 50
