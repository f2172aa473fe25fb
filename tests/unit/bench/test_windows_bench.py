"""Measuring windows: rows with a result that is known, and what of a contender's file counts as right."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from benches.goals import Results, goals
from streamreg._bench.points import ResultValue
from streamreg._bench.timed_points import (
    MINUTE,
    SENSORS,
    Windowing,
    WindowValues,
    exact_windows,
    rows_sent,
    timed,
)
from streamreg._bench.windows import FINAL, SLIDING
from tests.support.kafka.oracle import line

ROWS = 130_000
HEAD = "sensor,window_start,n,intercept,x,time,diff\n"
WANTED = WindowValues(
    3,
    {("s000", "60000"): ResultValue(2, 0.5, 1.5), ("s001", "60000"): ResultValue(1, 0.0, 0.0)},
    70_000,
)
RIGHT = HEAD + "s000,60000,2,0.5,1.5,0,1\ns001,60000,1,0.0,0.0,0,1\n"


@pytest.mark.parametrize(
    "windowing", [None, Windowing(), Windowing(hop=MINUTE, duration=3 * MINUTE)]
)
def test_oracle_windows_are_exact(windowing: Windowing | None) -> None:
    """Each window's line is that of the doubles sent whose times it holds, rounded once; no other window is there."""
    points: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    rows = list(timed(ROWS))
    assert len(rows) == rows_sent(ROWS)
    last = rows[ROWS - 1].at
    for row in rows:
        starts = [""]
        if windowing is not None:
            newest = row.at // windowing.hop * windowing.hop
            starts = [
                str(s)
                for s in range(newest, row.at - windowing.duration, -windowing.hop)
                if s <= last
            ]
        for start in starts:
            points[row.name, start].append((float(row.x), float(row.y)))
    # Rationals are slow: those of some sensors.
    chosen = {name for name, _ in points if name in ("s000", "s500", "s999")}
    wanted = exact_windows(ROWS, windowing)
    assert wanted.lines.keys() == points.keys()
    for window, own in points.items():
        assert wanted.lines[window].rows == len(own)
        if window[0] in chosen:
            xs, ys = map(list, zip(*own, strict=True))
            assert wanted.lines[window] == ResultValue(len(own), *line(xs, ys))


def test_windows_must_be_of_whole_minutes() -> None:
    """Others would be summed wrongly: they are refused."""
    with pytest.raises(ValueError, match="minutes"):
        exact_windows(1, Windowing(hop=MINUTE // 2))


def test_rows_come_in_the_order_of_their_times() -> None:
    """After them each sensor has one row, when each window before it has ended."""
    rows = list(timed(500))
    times = [row.at for row in rows]
    assert times == sorted(times)
    assert [row.sensor for row in rows[500:]] == list(range(SENSORS))
    assert times[500] - times[499] > 60 * MINUTE
    assert rows[0].message("csv").count(b",") == 3
    assert rows[0].message("json").startswith(b'{"at":1760000040000,"sensor":"s')


@pytest.mark.parametrize(
    ("text", "exact", "words"),
    [
        (RIGHT, True, None),
        # What was taken back, and what starts after the pause, does not count.
        (
            RIGHT + "s001,60000,9,9,9,1,1\ns001,60000,9,9,9,2,-1\ns001,120000,1,0,0,1,1\n",
            True,
            None,
        ),
        (RIGHT.replace("1.5", "1.5000000001"), False, None),
        (RIGHT.replace("1.5", "1.5000000001"), True, "not ResultValue"),
        (RIGHT.replace("1.5", "1.501"), False, "not ResultValue"),
        (RIGHT.replace("60000,2", "60000,3"), False, "not ResultValue"),
        (RIGHT + "s001,60000,1,0.0,0.0,1,1\n", True, "2 times"),
        (RIGHT + "s001,0,1,0.0,0.0,1,1\n", True, "not None"),
        (RIGHT + "s000,60000,2,0.5,1.5,1,-1\ns000,60000,2,0.5,1.5,2,-1\n", True, "-1 times"),
        (RIGHT + "s001,60000,1,1e-9,0.0,1,1\n", False, "beside another"),
        (HEAD + "s000,60000,2,0.5,1.5,0,1\n", True, "1 of 2 windows are missing"),
    ],
)
def test_each_window_must_be_right(
    tmp_path: Path, text: str, exact: bool, words: str | None
) -> None:
    """A window that is wrong, missing, twice there or not wanted makes a contender's time worthless."""
    path = tmp_path / "output.csv"
    path.write_text(text)
    mistake = WANTED.mistake(path, exact)
    assert mistake == words or (words is not None and mistake is not None and words in mistake)


def test_goals_of_windows_are_those_of_two_processes() -> None:
    """Time and processor beside the regression by key alone; what was not measured is not said to be missed."""
    cases = [
        {"contender": FINAL.name, "parallel": 1, "slower": 9.0, "dearer": 9.0},
        {"contender": FINAL.name, "parallel": 2, "slower": 1.2, "dearer": 1.6},
        {"contender": SLIDING.name, "parallel": 2, "slower": 2.5, "dearer": None},
    ]
    results = Results({}, {}, {}, {}, {"costs": {"cases": cases}}, {}, {}, {}, {}, [])
    found = [(goal, goal.measured(results)) for goal in goals() if goal.number == 7]
    assert [value for _, value in found] == [1.2, 1.6, 2.5, None]
    assert [goal.met(value) for goal, value in found if value is not None] == [True, False, True]
