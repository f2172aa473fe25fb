"""Tables of windows that are served: open ones as they stand, closed ones as they were written."""

from __future__ import annotations

import csv
import multiprocessing
import re
from collections import Counter
from pathlib import Path

import pytest

import streamreg as sr
from streamreg import temporal
from streamreg._run import closed_windows
from streamreg._sinks.part_position import parts_beside
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, LiveSource, ServedRun

COLUMNS = {"k": "str", "at": "int", "x": "float", "y": "float"}


def standing(path: str) -> Counter[tuple[str, ...]]:
    """The rows that stand in a file, its finished parts included."""
    found: Counter[tuple[str, ...]] = Counter()
    for part in [*parts_beside(Path(path)).values(), Path(path)]:
        if part.exists():  # The next one begins with its first row.
            with part.open(newline="", encoding="utf-8") as file:
                _, *rows = csv.reader(file)
            for *row, _, diff in rows:
                found[tuple(row)] += int(diff)
    return +found


def windows_of(source: LiveSource, *, keep: bool = True) -> sr.Table:
    t = table_of_source(source, COLUMNS, header=list(COLUMNS))
    windows = t.windowby(
        t.at,
        window=temporal.tumbling(duration=10),
        instance=t.k,
        behavior=temporal.common_behavior(cutoff=5, keep_results=keep),
    )
    return windows.linear_regression(t.y, t.x, statistics=["n"])


def send(run: ServedRun, source: LiveSource, times: range) -> None:
    """Rows of two instances at each time, each time an epoch of its own."""
    for at in times:
        source.add(f'"a, ""b""",{at},{at},{at % 7}'.encode(), f"b,{at},{at},{at % 5}".encode())
        sent = len(source.messages)
        wait_until(lambda: run.progress is not None and run.progress.rows == sent, SECONDS)  # noqa: B023  # called here


def served(run: ServedRun) -> Counter[tuple[str, ...]]:
    answer = run.get("/v1/tables/fit?limit=1000").json(parse_float=str, parse_int=str)
    return Counter(tuple(row.values()) for row in answer["rows"])


def test_metrics_are_those_of_the_newest_windows(folder: Path) -> None:
    """Of all instances, closed ones too: a hundred of them."""
    source = LiveSource()
    with ServedRun([sr.io.csv.write(windows_of(source), "fit.csv")], processes=0) as run:
        run.until("/v1/tables/fit")
        times = range(0, 1200, 5)
        source.add(*(f"{k},{at},{at},{at % 7}".encode() for at in times for k in "ab"))

        def newest() -> set[str]:
            text = run.get("/metrics").body.decode()
            return set(re.findall(r'streamreg_result\{column="n",key="([^"]*)"', text))

        expected = {f"{k},{at}.0,{at + 10}.0" for at in range(700, 1200, 10) for k in "ab"}
        plain = {key.replace(".0", "") for key in expected}
        wait_until(lambda: newest() in (expected, plain), SECONDS, lambda: str(sorted(newest())))


@pytest.mark.parametrize("keep", [True, False])
def test_rows_of_windows_are_those_of_the_file(folder: Path, keep: bool) -> None:
    """Also of closed windows, of which the run keeps nothing; where results are not kept, they go."""
    source = LiveSource()
    fit = windows_of(source, keep=keep)
    with ServedRun([sr.io.csv.write(fit, "fit.csv")], processes=0) as run:
        run.until("/v1/tables/fit")
        send(run, source, range(60))
        wait_until(lambda: served(run) == standing("fit.csv"), SECONDS)
        assert sum(standing("fit.csv").values()) == (12 if keep else 2)
        found = run.json("/v1/tables/fit?window_start=50&window_end=60&k=b")
        assert [row["k"] for row in found["rows"]] == ["b"]
        answer = run.get("/v1/predict?table=fit&x=1")
        assert answer.status == 409
        assert "it is of windows" in answer.json()["error"]


@pytest.mark.parametrize("start", ["0.0", "0", "-0.0", "0e5"])
def test_windows_over_doubles_are_asked_for_by_their_times(folder: Path, start: str) -> None:
    """By whatever text the very double has; the history shows them too."""
    source = LiveSource()
    source.add(*(f"a,{at},{at},{at % 7}".encode() for at in range(-10, 20)))
    t = table_of_source(source, COLUMNS, header=list(COLUMNS))
    windows = t.windowby(t.x, window=temporal.tumbling(duration=10.0))
    fit = windows.linear_regression(t.y, t.x, statistics=["n"])
    with ServedRun([sr.io.csv.write(fit, "fit.csv")], processes=0) as run:
        run.rows("fit", 3)
        found = run.json(f"/v1/tables/fit?window_start={start}")
        assert [row["window_end"] for row in found["rows"]] == [10.0]
        assert run.get(f"/v1/figures/history?table=fit&window_start={start}").status == 200
        assert run.json("/v1/tables/fit?window_start=5e-324")["rows"] == []
        assert run.get("/v1/tables/fit?window_start=nan").status == 400


def test_a_process_that_is_started_later_knows_closed_windows(folder: Path) -> None:
    """It is told of them with the open ones, by a run that has let go of them long since."""
    source = LiveSource()
    with ServedRun([sr.io.csv.write(windows_of(source), "fit.csv")], processes=0) as run:
        run.until("/v1/tables/fit")
        send(run, source, range(60))
        [server] = [p for p in multiprocessing.active_children() if p.name == "streamreg-server"]
        server.kill()
        server.join(SECONDS)
        send(run, source, range(60, 63))
        wait_until(lambda: answers(run) and served(run) == standing("fit.csv"), SECONDS)
        assert sum(served(run).values()) == 14


def answers(run: ServedRun) -> bool:
    """Whether the tables are there: the process may have been started just now."""
    try:
        return run.get("/v1/tables/fit").status == 200
    except OSError:
        return False


@pytest.mark.parametrize("rotate", [None, "1 kB"])
def test_closed_windows_are_known_after_a_restart(folder: Path, rotate: str | None) -> None:
    """They are read from the end of the file, finished parts included, though no state has them."""
    source = LiveSource()
    options = {"processes": 0, "state": "state"}
    for last in (35, 60, 65):
        output = sr.io.csv.write(windows_of(source), "fit.csv", rotate=rotate)
        with ServedRun([output], **options) as run:
            run.until("/v1/tables/fit")
            assert served(run) == standing("fit.csv")
            send(run, source, range(len(source.messages) // 2, last))
            wait_until(lambda: served(run) == standing("fit.csv"), SECONDS)
            assert served(run)
    assert sum(standing("fit.csv").values()) == 14
    assert bool(parts_beside(Path("fit.csv"))) is (rotate is not None)


@pytest.mark.parametrize("rotate", [None, "1 kB"])
def test_the_end_of_a_long_file_tells_of_the_newest_closed_windows(
    folder: Path, rotate: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more of it is read; a finished part that was moved away, and all before it, is done without."""
    source = LiveSource()
    options = {"processes": 0, "state": "state"}
    with ServedRun(
        [sr.io.csv.write(windows_of(source), "fit.csv", rotate=rotate)], **options
    ) as run:
        run.until("/v1/tables/fit")
        send(run, source, range(60))
    every = standing("fit.csv")
    if rotate is None:
        monkeypatch.setattr(closed_windows, "MOST_BYTES", 2500)
    else:
        list(parts_beside(Path("fit.csv")).values())[-5].unlink()
    with ServedRun(
        [sr.io.csv.write(windows_of(source), "fit.csv", rotate=rotate)], **options
    ) as run:
        run.until("/v1/tables/fit")
        found = served(run)
    assert found < every
    starts = {int(row[1]) for row in found}
    assert {40, 50} <= starts
    assert min(starts) > 0
