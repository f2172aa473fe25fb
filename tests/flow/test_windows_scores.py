"""Rows scored by windows: each by the last window of its instance that had closed before its epoch, in rationals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as state
from streamreg._types import SCORES
from streamreg.testing import read
from tests.support.changelog import changes, rejects
from tests.support.plans import csv_output
from tests.support.resumed import after
from tests.support.scored import NOTHING, Cells, Model, Observation, Past
from tests.support.windows import (
    Event,
    Key,
    Partition,
    Windowed,
    events,
    in_grid,
    in_sessions,
    late_of,
    messages,
)

COLUMNS = ("at", "x", "y", "k")
LETTERS = Path("rejects.jsonl")
FIRST = 1
"""The offset of the first event: the header stands before it."""
GAP = 3


class Timed(sr.Schema):
    at: int
    x: float
    y: float
    k: str
    part: int


def windowed(topic: Sequence[Partition], kind: str, cutoff: int) -> Windowed:
    if kind == "session":
        return in_sessions(topic, GAP, cutoff=cutoff, first_offset=FIRST)
    hop, duration = {"tumbling": (10, 10), "sliding": (5, 20), "uneven": (4, 11)}[kind]
    return in_grid(topic, hop, duration, cutoff=cutoff, first_offset=FIRST)


def window_of(kind: str) -> sr.temporal.Window:
    return {
        "tumbling": sr.temporal.tumbling(10),
        "sliding": sr.temporal.sliding(5, 20),
        "uneven": sr.temporal.sliding(4, 11),
        "session": sr.temporal.session(max_gap=GAP),
    }[kind]


def observation(event: Event) -> Observation:
    return Observation([Fraction(1), Fraction(event.x)], Fraction(event.y), Fraction(1))


def fits(windows: Mapping[Key, Sequence[Event]]) -> dict[Key, Past]:
    """The fit to each window."""
    found = {}
    for key, rows in windows.items():
        found[key] = Past(Model("y", ["x"]))
        found[key].add([observation(event) for event in rows])
    return found


def last_closed(windows: Mapping[Key, object], by: Fraction | None) -> dict[str, Key]:
    """The last window of each instance whose end, with all that it waits for, is not after this time."""
    found: dict[str, Key] = {}
    for key in sorted(windows, key=lambda key: key[2]):
        if by is not None and key[2] <= by:
            found[key[0]] = key
    return found


def check_scores(path: str, topic: Sequence[Partition], kind: str, cutoff: int) -> int:
    """Each row of the file has the scores that are due to it; how many have a standardised residual."""
    of = windowed(topic, kind, cutoff)
    fitted = fits(of.rows)
    wait = cutoff + (GAP if kind == "session" else 0)
    found = changes(path, *COLUMNS, "part", *SCORES)
    greatest: dict[int, float] = {}
    full = 0
    seen: list[tuple[str, ...]] = []
    for _, epoch in groupby(found, lambda change: change.time):
        time = Fraction(min(greatest.values())) if len(greatest) == len(topic) else None
        closed = last_closed(of.rows, None if time is None else time - wait)
        for change in epoch:
            assert change.diff == 1
            at, x, y, k, part, *cells = change.row
            event = Event(int(at), float(x), float(y), k)
            greatest[int(part)] = max(greatest.get(int(part), event.at), event.at)
            expected: Cells = (
                fitted[closed[k]].cells(observation(event)) if k in closed else NOTHING
            )
            assert tuple(cells) == expected
            full += bool(cells[-1])
            seen.append(change.row[:5])
    wanted = sorted(
        (repr(e.at), repr(e.x), repr(e.y), e.k, str(part))
        for part, sent in enumerate(topic)
        for offset, e in enumerate(sent, FIRST)
        if e is not None and (part, offset) not in of.late
    )
    assert sorted(seen) == wanted
    assert late_of(rejects(LETTERS)) == of.late
    return full


@pytest.mark.parametrize("final", [False, True], ids=["updated", "final"])
@pytest.mark.parametrize("kind", ["tumbling", "sliding", "uneven", "session"])
def test_oracle_rows_are_scored_by_the_last_closed_window(
    folder: Path, kind: str, final: bool, processes: int
) -> None:
    """Prediction, residual and standardised residual are exact, after restarts too, and `verify` finds the rows."""
    topic = events(500, 2, seed=11, spread=25)
    cutoff = 6
    behavior = (
        sr.temporal.exactly_once_behavior(cutoff)
        if final
        else sr.temporal.common_behavior(cutoff=cutoff)
    )

    def make() -> list[sr.Output]:
        t = read(messages(topic), schema=Timed, batch=12, metadata={"part": "partition"})
        w = t.windowby(t.at, window=window_of(kind), instance=t.k, behavior=behavior)
        return [csv_output(w.linear_regression(t.y, t.x).predict_on(t), "scores.csv")]

    for stop in (3, 11, 10**9):
        sr.run(
            outputs=make(), processes=processes, state="state", rejects=LETTERS, stop=after(stop)
        )
    full = check_scores("scores.csv", topic, kind, cutoff)
    # How many rows share an epoch is the workers' matter, and so how many have an earlier window.
    assert full > 100 or processes
    plan = compile_plan(make())
    found = list(verify(plan, state(Path("state")), LETTERS, report=print, tell=lambda *_: None))
    assert [each for each in found if each.difference] == []
    (rows,) = (each for each in found if each.subject == "scores.csv, its rows but for scores")
    assert rows.compared
    (scores,) = (each for each in found if each.subject == "scores.csv, its scores")
    assert scores.found == "as the windows that had closed before each epoch give them"


def scored_by(plan_of: Callable[[], list[sr.Output]]) -> Check:
    """What `verify` says of the scores."""
    plan = compile_plan(plan_of())
    found = verify(plan, state(Path("state")), None, report=print, tell=lambda *_: None)
    (check,) = (each for each in found if each.subject == "scores.csv, its scores")
    return check


@pytest.mark.parametrize("delay", [None, 25])
@pytest.mark.parametrize("kind", ["tumbling", "sliding", "session"])
def test_verify_finds_a_wrong_score(folder: Path, kind: str, delay: int | None) -> None:
    """A digit of it changed; the score of a window that others had followed; one before any window had closed."""
    topic = events(400, 2, seed=8, spread=25, rejects=0)

    def make() -> list[sr.Output]:
        t = read(messages(topic), schema=Timed, batch=12, metadata={"part": "partition"})
        behavior = sr.temporal.common_behavior(delay=delay, cutoff=6)
        w = t.windowby(t.at, window=window_of(kind), instance=t.k, behavior=behavior)
        # Alone in its output, so that a row is told by its features.
        return [csv_output(w.linear_regression(t.y, t.x).predict_on(t), "scores.csv")]

    sr.run(outputs=make(), processes=0, state="state")
    assert scored_by(make).found == "as the windows that had closed before each epoch give them"
    path = Path("scores.csv")
    whole = path.read_text()
    head, *lines = whole.splitlines()
    full = [at for at, line in enumerate(lines) if line.split(",")[7]]
    assert len(full) > 50
    for at in full[:: len(full) // 4]:
        cells = lines[at].split(",")
        place = 6 if at % 2 else 5
        digit = len(cells[place].split("e")[0]) - 1
        last = cells[place][digit]
        cells[place] = f"{cells[place][:digit]}{(int(last) + 5) % 10}{cells[place][digit + 1 :]}"
        write(path, head, [*lines[:at], ",".join(cells), *lines[at + 1 :]])
        assert "give " in scored_by(make).difference
    # Of the same length, so that what follows stands where it did.
    stale = swapped(topic, kind, lines, full)
    write(path, head, stale)
    assert "give " in scored_by(make).difference
    path.write_text(whole)
    assert not scored_by(make).difference


def write(path: Path, head: str, lines: Sequence[str]) -> None:
    path.write_text("\n".join([head, *lines, ""]))


def swapped(
    topic: Sequence[Partition], kind: str, lines: Sequence[str], full: Sequence[int]
) -> list[str]:
    """A late row with the scores that an earlier window of its instance gives, and of as many letters."""
    models = fits(windowed(topic, kind, 6).rows)
    for at in reversed(full):
        cells = lines[at].split(",")
        event = Event(int(cells[0]), float(cells[1]), float(cells[2]), cells[3])
        for key, model in models.items():
            if key[0] != event.k or key[2] > event.at - 60:
                continue
            other = [*cells[:5], *model.cells(observation(event)), *cells[8:]]
            line = ",".join(other)
            if other[7] and line != lines[at] and len(line) == len(lines[at]):
                return [*lines[:at], line, *lines[at + 1 :]]
    raise AssertionError("no such row")


def test_verify_does_not_know_the_order_of_last_rows(folder: Path) -> None:
    """It says so."""
    topic = events(50, 1, seed=5)

    def make() -> list[sr.Output]:
        t = read(messages(topic), schema=Timed, batch=12, metadata={"part": "partition"})
        w = t.windowby(t.at, window=sr.temporal.last(rows=5), instance=t.k)
        return [csv_output(w.linear_regression(t.y, t.x).predict_on(t), "scores.csv")]

    sr.run(outputs=make(), processes=0, state="state")
    assert scored_by(make).found.startswith("not compared: the output does not tell the order")


def test_without_an_instance_there_is_one_last_window(folder: Path) -> None:
    """All rows are scored by it."""
    topic = [[e and e._replace(k="") for e in p] for p in events(200, 2, seed=4, spread=10)]
    t = read(messages(topic), schema=Timed, batch=8, metadata={"part": "partition"})
    behavior = sr.temporal.common_behavior(cutoff=0)
    w = t.windowby(t.at, window=sr.temporal.tumbling(10), behavior=behavior)
    sr.io.csv.write(w.linear_regression(t.y, t.x).predict_on(t), "scores.csv")
    sr.run(processes=0, rejects=LETTERS)
    assert check_scores("scores.csv", topic, "tumbling", 0) > 50


def test_a_filter_of_the_rows_is_scored(folder: Path) -> None:
    """The rows that are scored need not be all that the windows hold."""
    topic = events(300, 1, seed=6, spread=10)
    by_key: defaultdict[str, int] = defaultdict(int)
    t = read(messages(topic), schema=Timed, batch=10, metadata={"part": "partition"})
    behavior = sr.temporal.common_behavior(cutoff=5)
    w = t.windowby(t.at, window=sr.temporal.tumbling(10), instance=t.k, behavior=behavior)
    fit = w.linear_regression(t.y, t.x)
    sr.io.csv.write(fit.predict_on(t), "all.csv")
    some = t.filter(t.k != "b")
    sr.io.csv.write(fit.predict_on(some), "some.csv")
    sr.run(processes=0, rejects=LETTERS)
    assert check_scores("all.csv", topic, "tumbling", 5) > 50
    everything = changes("all.csv", *COLUMNS, "part", *SCORES)
    assert changes("some.csv", *COLUMNS, "part", *SCORES) == [
        change for change in everything if change.row[3] != "b"
    ]
    for change in everything:
        by_key[change.row[3]] += 1
    assert set(by_key) == {"a", "b", "c"}


@pytest.mark.parametrize("instance", [True, False], ids=["instances", "one"])
def test_oracle_rows_are_scored_by_the_last_rows(folder: Path, instance: bool) -> None:
    """Of the last rows those before the row's epoch count, by their times and not by when they came."""
    topic = events(200, 1, seed=5, spread=25)

    def make() -> list[sr.Output]:
        t = read(messages(topic), schema=Timed, batch=12, metadata={"part": "partition"})
        by = t.k if instance else None
        w = t.windowby(t.at, window=sr.temporal.last(rows=15), instance=by)
        return [csv_output(w.linear_regression(t.y, t.x).predict_on(t), "scores.csv")]

    for stop in (4, 10**9):
        sr.run(outputs=make(), processes=0, state="state", stop=after(stop))
    held: dict[str, list[tuple[int, int, Event]]] = defaultdict(list)
    full = place = 0
    for _, epoch in groupby(changes("scores.csv", *COLUMNS, "part", *SCORES), lambda c: c.time):
        models = {}
        for k, rows in held.items():
            models[k] = Past(Model("y", ["x"]))
            models[k].add([observation(event) for _, _, event in sorted(rows)[-15:]])
        for change in epoch:
            at, x, y, k, _, *cells = change.row
            event = Event(int(at), float(x), float(y), k)
            of = k if instance else ""
            expected = models[of].cells(observation(event)) if of in models else NOTHING
            assert tuple(cells) == expected
            full += bool(cells[-1])
            held[of].append((int(at), place, event))
            place += 1
    assert full > 100
