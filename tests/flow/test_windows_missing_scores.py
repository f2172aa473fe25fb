"""Rows that lack values, scored by windows of such rows, in rationals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._types import SCORES
from streamreg.testing import read
from tests.support.changelog import changes
from tests.support.missing_windows import CUTOFF, Whole, defined, window_of
from tests.support.plans import csv_output
from tests.support.scored import NOTHING, Cells, Model, Observation, Past
from tests.support.window_runs import (
    FIRST,
    check,
    run_in_pieces,
)
from tests.support.windows import (
    Event,
    events,
    messages,
)


def observation(event: Event) -> Observation:
    return Observation([Fraction(1), Fraction(event.x)], Fraction(event.y), Fraction(1))


def scored(model: Past | None, event: Event) -> Cells:
    """A prediction asks for the features, what compares with it for the target too."""
    if model is None or not event.has("x"):
        return NOTHING
    cells = model.cells(observation(event))
    return cells if event.has("y") else (cells[0], "", "")


def fits(rows: Sequence[Event]) -> Past:
    past = Past(Model("y", ["x"]))
    past.add([observation(event) for event in rows if event.has("x", "y")])
    return past


@pytest.mark.parametrize("kind", ["tumbling", "sliding", "session"])
def test_oracle_rows_that_lack_values_are_scored(folder: Path, kind: str) -> None:
    """By the last closed window of their instance, where a missing key is one; also if they have no time themselves."""
    topic = events(500, 1, seed=3, spread=10, missing=0.1)

    def make() -> list[sr.Output]:
        t = read(messages(topic), schema=Whole, batch=10)
        behavior = sr.temporal.common_behavior(cutoff=CUTOFF)
        w = t.windowby(t.at, window=window_of(kind), instance=t.k, behavior=behavior)
        return [csv_output(w.linear_regression(t.y, t.x).predict_on(t), "scores.csv")]

    run_in_pieces(make, 0, [3, 11])
    of = defined(topic, kind)
    models = {key: fits(rows) for key, rows in of.rows.items()}
    wait = CUTOFF + (3 if kind == "session" else 0)
    kept = [
        event
        for offset, event in enumerate(topic[0], FIRST)
        if event is not None and (0, offset) not in of.late
    ]
    found = changes("scores.csv", "at", "x", "y", "k", *SCORES)
    assert len(found) == len(kept)
    events_of, greatest, compared = iter(kept), None, Counter[int]()
    for _, epoch in groupby(found, lambda change: change.time):
        last: dict[str, Past] = {}
        for key in sorted(models, key=lambda key: key[2]):
            if greatest is not None and key[2] + wait <= greatest:
                last[key[0]] = models[key]
        for change in epoch:
            event = next(events_of)
            cells = event.line.decode().split(",")
            assert list(change.row[:4]) == cells
            assert change.row[4:] == scored(last.get(event.instance), event)
            compared[len("".join(change.row[4:])) > 0] += 1
            if event.has("at"):
                greatest = event.at if greatest is None else max(greatest, event.at)
    assert compared[True] > 100
    check(make)


def test_oracle_the_last_rows_score(folder: Path) -> None:
    """A row that lacks a value is among the last rows, though not in their regression."""
    topic = events(300, 1, seed=5, spread=25, missing=0.1, rejects=0)

    def make() -> list[sr.Output]:
        t = read(messages(topic), schema=Whole, batch=12)
        w = t.windowby(t.at, window=sr.temporal.last(rows=8), instance=t.k)
        return [csv_output(w.linear_regression(t.y, t.x).predict_on(t), "scores.csv")]

    run_in_pieces(make, 0, [4])
    held: dict[str, list[tuple[float, int, Event]]] = defaultdict(list)
    sent = enumerate(event for event in topic[0] if event is not None)
    full = 0
    found = changes("scores.csv", "at", "x", "y", "k", *SCORES)
    for _, epoch in groupby(found, lambda change: change.time):
        models = {
            k: fits([event for _, _, event in sorted(rows, key=lambda row: row[:2])[-8:]])
            for k, rows in held.items()
        }
        for change in epoch:
            place, event = next(sent)
            assert change.row[4:] == scored(models.get(event.instance), event)
            full += bool(change.row[-1])
            if event.has("at"):
                held[event.instance].append((event.at, place, event))
    assert full > 50
    assert next(sent, None) is None
    check(make)
