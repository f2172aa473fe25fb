"""When windows over event time are written and close: delay, cutoff, exactly once, in rationals."""

from __future__ import annotations

from pathlib import Path

import pytest

import streamreg as sr
from tests.support.changelog import changes, rejects
from tests.support.window_runs import (
    COLUMNS,
    FIRST,
    GRIDS,
    LETTERS,
    as_int,
    check,
    fitted,
    run_in_pieces,
    standing,
)
from tests.support.windows import (
    events,
    in_grid,
    in_sessions,
    late_of,
    table,
)


@pytest.mark.parametrize("batch", [1, 8, 1000])
@pytest.mark.parametrize("shift", [None, 15])
@pytest.mark.parametrize("kind", ["tumbling", "sliding", "uneven", "session"])
def test_oracle_exactly_once(folder: Path, kind: str, shift: int | None, batch: int) -> None:
    """A window is written once, when all partitions have passed it, and is final."""
    topic = events(200, 2, seed=batch)
    cutoff = shift or 0
    grids = {kind: (window, grid) for kind, window, grid in GRIDS}
    if kind == "session":
        window: sr.temporal.Window = sr.temporal.session(max_gap=3)
        expected = in_sessions(topic, 3, cutoff=cutoff, first_offset=FIRST)
        wait = 3
    else:
        window, grid = grids[kind]
        expected, wait = in_grid(topic, **grid, cutoff=cutoff, first_offset=FIRST), 0

    def make() -> list[sr.Output]:
        return fitted(topic, window, sr.temporal.exactly_once_behavior(shift), batch)

    run_in_pieces(make, 0, [3, 50])
    time = expected.time
    assert time is not None
    final = table(expected, as_int, lambda _, end: end + wait + cutoff <= time)
    written = changes("fit.csv", *COLUMNS)
    assert all(change.diff == 1 for change in written)
    assert len(written) == len(final) > 5
    assert {change.row[:3]: change.row for change in written} == final
    assert late_of(rejects(LETTERS)) == expected.late
    check(make)


@pytest.mark.parametrize("batch", [1, 30, 1000])
@pytest.mark.parametrize("kind", ["tumbling", "sliding"])
def test_oracle_results_are_taken_back(folder: Path, kind: str, batch: int) -> None:
    """Without keep_results the rows of closed windows go."""
    topic = events(200, 2, seed=batch)
    grids = {kind: (window, grid) for kind, window, grid in GRIDS}
    window, grid = grids[kind]

    def make() -> list[sr.Output]:
        behavior = sr.temporal.common_behavior(cutoff=3, keep_results=False)
        return fitted(topic, window, behavior, batch)

    run_in_pieces(make, 0, [3])
    expected = in_grid(topic, **grid, cutoff=3, first_offset=FIRST)
    time = expected.time
    assert time is not None
    assert standing("fit.csv") == table(expected, as_int, lambda _, end: end + 3 > time)
    check(make)


@pytest.mark.parametrize("batch", [1, 30, 1000])
@pytest.mark.parametrize("delay", [4, 25])
def test_oracle_delay(folder: Path, delay: int, batch: int) -> None:
    """A window is written once its start has passed by the delay, also where it is longer than the window."""
    topic = events(200, 2, seed=batch)

    def make() -> list[sr.Output]:
        behavior = sr.temporal.common_behavior(delay=delay, cutoff=3)
        return fitted(topic, sr.temporal.tumbling(10), behavior, batch)

    run_in_pieces(make, 0, [3])
    expected = in_grid(topic, 10, 10, cutoff=3, first_offset=FIRST)
    time = expected.time
    assert time is not None
    assert standing("fit.csv") == table(expected, as_int, lambda start, _: start + delay <= time)
    check(make)
