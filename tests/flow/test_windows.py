"""Windows over event time: every row of every window, and every late row, as the definitions say, in rationals."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support.changelog import current, rejects
from tests.support.plans import csv_output
from tests.support.window_runs import (
    COLUMNS,
    FIRST,
    GRIDS,
    LETTERS,
    Timed,
    as_float,
    as_int,
    check,
    fitted,
    run_in_pieces,
    standing,
    standing_by_instance,
)
from tests.support.windows import (
    Event,
    Windowed,
    events,
    in_grid,
    in_last,
    in_sessions,
    late_of,
    messages,
    table,
)


class Precise(sr.Schema):
    at: float
    x: float
    y: float
    k: str


@pytest.mark.parametrize("batch", [1, 7, 1000])
@pytest.mark.parametrize("cutoff", [None, 0, 15])
@pytest.mark.parametrize(("window", "grid"), [g[1:] for g in GRIDS], ids=[g[0] for g in GRIDS])
def test_oracle_grids(
    folder: Path,
    window: sr.temporal.Window,
    grid: Mapping[str, Any],
    cutoff: int | None,
    batch: int,
) -> None:
    """Whatever the batches and restarts, each window's last row and the late rows are those of the definition."""
    partitions = 1 + batch % 4
    topic = events(150, partitions, seed=batch + (cutoff or 0))
    behavior = sr.temporal.common_behavior(cutoff=cutoff)

    def make() -> list[sr.Output]:
        return fitted(topic, window, behavior, batch)

    run_in_pieces(make, 0, [3, 20])
    expected = in_grid(topic, **grid, cutoff=cutoff, first_offset=FIRST)
    assert current("fit.csv", 3, *COLUMNS) == table(expected, as_int)
    assert late_of(rejects(LETTERS)) == expected.late
    check(make)


@pytest.mark.parametrize("processes", [1, 2, 4])
@pytest.mark.parametrize("kind", ["tumbling", "sliding", "session", "last"])
def test_oracle_processes(folder: Path, processes: int, kind: str) -> None:
    """Any number of processes gives the same windows."""
    topic = events(400, 4, seed=processes)
    windows = {
        "tumbling": (
            sr.temporal.tumbling(10),
            in_grid(topic, 10, 10, cutoff=5, first_offset=FIRST),
        ),
        "sliding": (
            sr.temporal.sliding(5, 20),
            in_grid(topic, 5, 20, cutoff=5, first_offset=FIRST),
        ),
        "session": (
            sr.temporal.session(max_gap=4),
            in_sessions(topic, 4, cutoff=5, first_offset=FIRST),
        ),
        "last": (sr.temporal.last(rows=25), in_last(topic, 25)),
    }
    window, expected = windows[kind]
    behavior = None if kind == "last" else sr.temporal.common_behavior(cutoff=5)

    def make() -> list[sr.Output]:
        return fitted(topic, window, behavior, 20)

    run_in_pieces(make, processes, [5])
    assert current("fit.csv", 3, *COLUMNS) == table(expected, as_int)
    assert late_of(rejects(LETTERS)) == expected.late
    check(make)


@pytest.mark.parametrize("batch", [1, 6, 1000])
@pytest.mark.parametrize("cutoff", [None, 0, 12])
def test_oracle_sessions(folder: Path, cutoff: int | None, batch: int) -> None:
    """Sessions grow and merge, also by a late row."""
    topic = events(150, 2, seed=batch, spread=30)

    def make() -> list[sr.Output]:
        behavior = sr.temporal.common_behavior(cutoff=cutoff)
        return fitted(topic, sr.temporal.session(max_gap=3), behavior, batch)

    run_in_pieces(make, 0, [4, 30])
    expected = in_sessions(topic, 3, cutoff=cutoff, first_offset=FIRST)
    assert standing("fit.csv") == table(expected, as_int)
    assert late_of(rejects(LETTERS)) == expected.late
    check(make)


@pytest.mark.parametrize("batch", [1, 9, 1000])
@pytest.mark.parametrize("rows", [1, 2, 30, 10**6])
def test_oracle_last_rows(folder: Path, rows: int, batch: int) -> None:
    """The last rows by time, partition and offset, in whatever order they come."""
    topic = events(120, 3, seed=rows, spread=60)

    def make() -> list[sr.Output]:
        return fitted(topic, sr.temporal.last(rows=rows), None, batch)

    run_in_pieces(make, 0, [4, 30])
    assert standing_by_instance("fit.csv") == {
        row[0]: row for row in table(in_last(topic, rows), as_int).values()
    }
    assert late_of(rejects(LETTERS)) == set()
    check(make)


@pytest.mark.parametrize("batch", [3, 1000])
@pytest.mark.parametrize("kind", ["tumbling", "sliding", "session", "last"])
def test_oracle_floats(folder: Path, kind: str, batch: int) -> None:
    """Times that are doubles are compared exactly, and bounds rounded once: 0.1 is not a tenth."""
    topic = events(150, 2, seed=batch, fractional=True, speed=0.1, spread=0.5)
    tenth = 0.1
    made: dict[str, tuple[sr.temporal.Window, Windowed]] = {
        "tumbling": (sr.temporal.tumbling(tenth), in_grid(topic, tenth, tenth)),
        "sliding": (sr.temporal.sliding(tenth, 0.35), in_grid(topic, tenth, 0.35)),
        "session": (sr.temporal.session(max_gap=tenth), in_sessions(topic, tenth)),
        "last": (sr.temporal.last(rows=7), in_last(topic, 7)),
    }
    window, expected = made[kind]

    def make() -> list[sr.Output]:
        return fitted(topic, window, None, batch, Precise)

    run_in_pieces(make, 0, [2])
    found = (
        {row[0]: row for row in standing("fit.csv").values()}
        if kind == "last"
        else standing("fit.csv")
    )
    wanted = table(expected, as_float)
    assert found == ({row[0]: row for row in wanted.values()} if kind == "last" else wanted)
    check(make)


def test_two_windowings_share_a_topic(folder: Path) -> None:
    """A row that is late for one and not for the other counts where it is not, and is no reject."""
    topic = events(200, 2, seed=5)
    t = read(messages(topic), schema=Timed, batch=13)
    small = t.windowby(
        t.at,
        window=sr.temporal.tumbling(5),
        instance=t.k,
        behavior=sr.temporal.common_behavior(cutoff=0),
    )
    large = t.windowby(
        t.at,
        window=sr.temporal.tumbling(50),
        instance=t.k,
        behavior=sr.temporal.common_behavior(cutoff=20),
    )
    outputs = [
        csv_output(w.linear_regression(t.y, t.x, statistics=["n"]), name)
        for name, w in (("small.csv", small), ("large.csv", large))
    ]
    sr.run(outputs=outputs, processes=0, rejects=LETTERS)
    of_small = in_grid(topic, 5, 5, cutoff=0, first_offset=FIRST)
    of_large = in_grid(topic, 50, 50, cutoff=20, first_offset=FIRST)
    assert current("large.csv", 3, *COLUMNS) == table(of_large, as_int)
    assert late_of(rejects(LETTERS)) == of_small.late & of_large.late
    assert current("small.csv", 3, *COLUMNS) == table(of_small, as_int)
    assert of_small.late - of_large.late


def test_reducers_and_filters(folder: Path) -> None:
    """`reduce` gives instance and bounds first; a filter of the result, and of the rows, does as everywhere."""
    topic = events(200, 2, seed=9)
    t = read(messages(topic), schema=Timed, batch=50)
    of = t.filter(t.x > 0)
    w = of.windowby(of.at, window=sr.temporal.sliding(5, 15), instance=of.k)
    counted = w.reduce(
        n=sr.reducers.count(),
        most=sr.reducers.max(sr.this.x),
        length=sr.this.window_end - sr.this.window_start,
    )
    sr.io.csv.write(counted.filter(counted.n > 2), "many.csv")
    sr.run(processes=0)
    kept = [[e if e is not None and e.x > 0 else None for e in p] for p in topic]
    expected = {
        (k, str(start), str(end)): (
            k,
            str(start),
            str(end),
            str(len(rows)),
            repr(max(e.x for e in rows)),
            "15",
        )
        for (k, start, end), rows in in_grid(kept, 5, 15).rows.items()
        if len(rows) > 2
    }
    columns = ("k", "window_start", "window_end", "n", "most", "length")
    assert current("many.csv", 3, *columns) == expected


def test_without_an_instance(folder: Path) -> None:
    """All rows are of one instance."""
    topic = [[e and e._replace(k="") for e in p] for p in events(100, 2, seed=3)]
    t = read(messages(topic), schema=Timed, batch=10)
    w = t.windowby(t.at, window=sr.temporal.tumbling(20))
    sr.io.csv.write(w.linear_regression(t.y, t.x, statistics=["n"]), "fit.csv")
    sr.run(processes=0)
    expected = {key[1:]: row[1:] for key, row in table(in_grid(topic, 20, 20), as_int).items()}
    assert current("fit.csv", 2, *COLUMNS[1:]) == expected


def test_law_orders(folder: Path) -> None:
    """Without a cutoff a window is a function of the set of rows: any order and split gives the same file of rows."""
    rows = [e for p in events(60, 1, seed=2, rejects=0) for e in p]
    found = set()
    for seed, (kind, window, _) in itertools.product(range(4), GRIDS[:3]):
        random.Random(seed).shuffle(rows)
        topic = [rows[part :: 1 + seed] for part in range(1 + seed)]
        sr.run(outputs=fitted(topic, window, None, 1 + 7 * seed), processes=0)
        found.add((kind, tuple(sorted(standing("fit.csv").values()))))
        Path("fit.csv").unlink()
    assert len(found) == 3


@pytest.mark.parametrize("batch", [1, 4, 1000])
@pytest.mark.parametrize("cutoff", [None, 0, 15])
@pytest.mark.parametrize("kind", ["tumbling", "sliding", "uneven", "gaps"])
def test_oracle_rows_at_a_steady_pace(
    folder: Path, kind: str, cutoff: int | None, batch: int
) -> None:
    """Rows that are all the same, hop after hop, are in the windows that they should be in."""
    grids = {kind: (window, grid) for kind, window, grid in GRIDS}
    window, grid = grids[kind]
    topic = [[Event(at, 1.0, 2.0, "a") for at in range(part, 200, 2)] for part in range(2)]

    def make() -> list[sr.Output]:
        behavior = sr.temporal.common_behavior(delay=7, cutoff=cutoff)
        return fitted(topic, window, behavior, batch)

    run_in_pieces(make, 0, [3])
    expected = in_grid(topic, **grid, cutoff=cutoff, first_offset=FIRST)
    time = expected.time
    assert time is not None
    assert standing("fit.csv") == table(expected, as_int, lambda start, _: start + 7 <= time)
    check(make)
