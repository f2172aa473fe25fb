"""Classes of windows: formed by the rows of all labels, then told apart within each window, in rationals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._language.windowed_table import WindowedTable
from streamreg.testing import read
from tests.support import labelled
from tests.support.changelog import changes, current, rejects
from tests.support.child import killed_twice
from tests.support.plans import csv_output
from tests.support.window_runs import FIRST, LETTERS, check, run_in_pieces
from tests.support.windows import (
    Partition,
    Windowed,
    events,
    in_grid,
    in_last,
    in_sessions,
    late_of,
)

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


def told(w: WindowedTable, t: sr.Table, method: str) -> sr.Table:
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


@pytest.mark.parametrize(
    ("method", "batch"), [("linear", 1), ("linear", 1000), ("quadratic", 7), ("bayes", 30)]
)
@pytest.mark.parametrize("kind", WINDOWS)
def test_oracle_classes(folder: Path, kind: str, method: str, batch: int) -> None:
    """Whatever the batches and restarts, the classes of each window are those of its rows."""
    topic = events(100, 1 + batch % 4, seed=batch)
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
    topic = events(200, 4, seed=processes)
    cutoff = None if kind == "last" else 5
    behavior = None if cutoff is None else sr.temporal.common_behavior(cutoff=cutoff)

    def make() -> list[sr.Output]:
        return outputs(topic, kind, behavior, 20)

    run_in_pieces(make, processes, [5])
    of = expected(topic, kind, cutoff)
    assert current("classes.csv", 4, *columns("linear")) == labelled.table(of, "linear")
    assert late_of(rejects(LETTERS)) == of.late
    check(make)


def test_oracle_a_run_that_is_killed(folder: Path) -> None:
    """Killed at random, workers and all, and started again: the classes of each window, of each row once."""
    killed_twice("window_classes", folder / "last.csv", 5, STREAMREG_PROCESSES=2, ROWS=800)
    topic = events(800, 4, seed=1)
    for kind, cutoff in (("last", None), ("session", 15)):
        of = expected(topic, kind, cutoff)
        assert standing(f"{kind}.csv", kind) == by_key(labelled.table(of, "linear"), kind)


def by_key(rows: dict[tuple[str, ...], tuple[str, ...]], kind: str) -> set[tuple[str, ...]]:
    """The rows of a table; those of last rows have no bounds in their keys."""
    found = set(rows.values())
    assert len({(row[0], row[3]) if kind == "last" else row[:4] for row in found}) == len(found)
    return found


def standing(path: str, kind: str) -> set[tuple[str, ...]]:
    """The rows that stand at the end of a changelog."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for change in changes(path, *columns("linear")):
        if change.diff == 1:
            assert change.row not in found
            found[change.row] = change.row
        else:
            del found[change.row]
    return by_key(found, kind)


@pytest.mark.parametrize("batch", [1, 1000])
@pytest.mark.parametrize("kind", ["sliding", "session"])
def test_oracle_exactly_once(folder: Path, kind: str, batch: int) -> None:
    """The classes of a window are written once, when all partitions have passed it, and are final."""
    topic = events(200, 2, seed=batch)

    def make() -> list[sr.Output]:
        return outputs(topic, kind, sr.temporal.exactly_once_behavior(15), batch)

    run_in_pieces(make, 0, [3, 50])
    of = expected(topic, kind, 15)
    time, wait = of.time, 4 if kind == "session" else 0
    assert time is not None
    final = labelled.table(of, "linear", lambda _, end: end + wait + 15 <= time)
    written = changes("classes.csv", *columns("linear"))
    assert all(change.diff == 1 for change in written)
    assert len(written) == len(final) > 5
    assert {change.row[:4]: change.row for change in written} == final
    check(make)


@pytest.mark.parametrize("kind", ["tumbling", "uneven", "session"])
def test_oracle_results_are_taken_back(folder: Path, kind: str) -> None:
    """Without keep_results the classes of closed windows go; with a delay they come late."""
    topic = events(200, 2, seed=6)

    def make() -> list[sr.Output]:
        behavior = sr.temporal.common_behavior(delay=3, cutoff=5, keep_results=False)
        return outputs(topic, kind, behavior, 10)

    run_in_pieces(make, 0, [3])
    of = expected(topic, kind, 5)
    time, wait = of.time, 4 if kind == "session" else 0
    assert time is not None
    stands = labelled.table(
        of, "linear", lambda start, end: end + wait + 5 > time and start + 3 <= time
    )
    assert current("classes.csv", 4, *columns("linear")) == stands
    check(make)


class Missing(sr.Schema):
    at: int | None
    x: float | None
    y: float | None
    k: str | None
    label: str | None


@pytest.mark.parametrize("kind", ["sliding", "session", "last"])
def test_oracle_missing_values(folder: Path, kind: str) -> None:
    """Rows without a time are in no window; those without a feature or a label are in one, but in no class."""
    topic = events(200, 2, seed=3, missing=0.15)
    cutoff = None if kind == "last" else 20
    behavior = None if cutoff is None else sr.temporal.common_behavior(cutoff=cutoff)

    def make() -> list[sr.Output]:
        t = read(labelled.messages(topic), schema=Missing, batch=9)
        w = t.windowby(t.at, window=WINDOWS[kind], instance=t.k, behavior=behavior)
        return [csv_output(w.linear_discriminant(t.label, t.x, t.y), "classes.csv")]

    run_in_pieces(make, 0, [4])
    found = current("classes.csv", 4, *columns("linear"))
    assert found == labelled.table(expected(topic, kind, cutoff), "linear")
    assert {row[5] for row in found.values()} > {"0"}
    check(make)


def test_a_label_that_has_left_the_last_rows_is_taken_back(folder: Path) -> None:
    """Its row goes, and comes again with it."""
    lines = [b"1,a", b"2,a", b"3,b", b"4,b", b"5,b", b"6,a"]

    class Rows(sr.Schema):
        at: int
        label: str

    t = read([lines], schema=Rows, header=["at", "label"], batch=1)
    w = t.windowby(t.at, window=sr.temporal.last(rows=2))
    sr.io.csv.write(w.gaussian_naive_bayes(t.label, t.at), "classes.csv")
    sr.run(processes=0)
    found = changes(
        "classes.csv", "window_start", "window_end", "label", "prior", "n", "mean_at", "variance_at"
    )
    ofs = [(change.time, change.row[2], change.row[4], change.diff) for change in found]
    assert ofs == [
        (0, "a", "1", 1),
        *[(1, "a", "1", -1), (1, "a", "2", 1)],
        *[(2, "a", "2", -1), (2, "a", "1", 1), (2, "b", "1", 1)],
        *[(3, "a", "1", -1), (3, "b", "1", -1), (3, "b", "2", 1)],
        *[(4, "b", "2", -1), (4, "b", "2", 1)],
        *[(5, "a", "1", 1), (5, "b", "2", -1), (5, "b", "1", 1)],
    ]


class Typed(sr.Schema):
    at: int
    x: float
    flag: bool
    code: int


def test_labels_of_any_type_without_an_instance(folder: Path) -> None:
    """Two tables of the same label and windows stand side by side, and can be filtered."""
    lines = [f"{at},{at * 37 % 11},{at % 3 == 0},{at % 2 - 1}".lower().encode() for at in range(40)]
    t = read([lines], schema=Typed, header=["at", "x", "flag", "code"], batch=7)
    w = t.windowby(t.at, window=sr.temporal.tumbling(10))
    for label in ("flag", "code"):
        bayes = w.gaussian_naive_bayes(t[label], t.x)
        linear = w.linear_discriminant(t[label], t.x)
        both = bayes + linear.select(linear.intercept, factor=linear.x)
        sr.io.csv.write(both.filter(both.n > 4), f"{label}.csv")
    sr.run(processes=0)
    names = ("window_start", "window_end")
    more = ("prior", "n", "mean_x", "variance_x", "intercept", "factor")
    codes = current("code.csv", 3, *names, "code", *more)
    assert [key[0::2] for key in codes] == [
        (str(a), c) for a in range(0, 40, 10) for c in ("-1", "0")
    ]
    assert {row[4] for row in codes.values()} == {"5"}
    assert all(row[-1] for row in codes.values())
    flags = current("flag.csv", 3, *names, "flag", *more)
    assert [key[0::2] for key in flags] == [(str(a), "False") for a in range(0, 40, 10)]


@pytest.mark.parametrize("kind", ["tumbling", "sliding", "session", "last"])
def test_more_classes_than_a_window_can_have(folder: Path, kind: str) -> None:
    """The error names the column; a thousand of them are none, and a window may have others than the one before."""
    windows = {
        "tumbling": sr.temporal.tumbling(10_000),
        "sliding": sr.temporal.sliding(5000, 10_000),
        "session": sr.temporal.session(max_gap=2),
        "last": sr.temporal.last(rows=1001),
    }

    def make(count: int) -> list[sr.Output]:
        lines = [f"{at},1,true,{at % count}".encode() for at in range(1200)]
        t = read([lines], schema=Typed, header=["at", "x", "flag", "code"], batch=300)
        w = t.windowby(t.at, window=windows[kind])
        return [csv_output(w.gaussian_naive_bayes(t.code, t.x), "classes.csv")]

    sr.run(outputs=make(1000), processes=0)
    Path("classes.csv").unlink()
    with pytest.raises(sr.SourceError, match=r"column code has more than 1,000 .* in a window"):
        sr.run(outputs=make(1001), processes=0)


def test_mistakes_are_found_when_written(folder: Path) -> None:
    """Names that would stand twice, labels that are none, and windows that never close and are to score."""
    t = read([[]], schema=Labelled)
    w = t.windowby(t.at, window=sr.temporal.tumbling(10), instance=t.k)
    with pytest.raises(sr.ProgramError, match="would both be called k"):
        w.linear_discriminant(t.k, t.x)
    with pytest.raises(sr.ProgramError, match="the key x is float"):
        w.linear_discriminant(t.x, t.y)
    named = t.select(t.at, t.y, t.label, window_start=t.x)
    own = named.windowby(named.at, window=sr.temporal.tumbling(10))
    with pytest.raises(
        sr.ProgramError, match="two columns of the result would be called window_st"
    ):
        own.linear_discriminant(named.label, named.window_start)
    with pytest.raises(sr.ProgramError, match="these windows never close"):
        w.linear_discriminant(t.label, t.x).predict_on(t)
