"""Tables of windows that are served: open ones as they stand, closed ones as they were written."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

import streamreg as sr
from streamreg import temporal
from tests.support.plans import table_of_source
from tests.support.process import wait_until
from tests.support.served import SECONDS, LiveSource, ServedRun


def standing(path: str) -> Counter[tuple[str, ...]]:
    """The rows that stand in a file."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    found: Counter[tuple[str, ...]] = Counter()
    for *row, _, diff in rows:
        found[tuple(row)] += int(diff)
    return +found


@pytest.mark.parametrize("keep", [True, False])
def test_rows_of_windows_are_those_of_the_file(folder: Path, keep: bool) -> None:
    """Also of closed windows, of which the run keeps nothing; where results are not kept, they go."""
    source = LiveSource()
    columns = {"k": "str", "at": "int", "x": "float", "y": "float"}
    t = table_of_source(source, columns, header=list(columns))
    windows = t.windowby(
        t.at,
        window=temporal.tumbling(duration=10),
        instance=t.k,
        behavior=temporal.common_behavior(cutoff=5, keep_results=keep),
    )
    fit = windows.linear_regression(t.y, t.x, statistics=["n"])
    with ServedRun([sr.io.csv.write(fit, "fit.csv")], processes=0) as run:
        run.until("/v1/tables/fit")
        for at in range(60):
            source.add(f"a,{at},{at},{at % 7}".encode(), f"b,{at},{at},{at % 5}".encode())
            sent = len(source.messages)
            wait_until(lambda: run.progress is not None and run.progress.rows == sent, SECONDS)  # noqa: B023  # called here

        def same() -> bool:
            answer = run.get("/v1/tables/fit?limit=1000").json(parse_float=str, parse_int=str)
            return Counter(tuple(row.values()) for row in answer["rows"]) == standing("fit.csv")

        wait_until(same, SECONDS)
        assert sum(standing("fit.csv").values()) == (12 if keep else 2)
        found = run.json("/v1/tables/fit?window_start=50&window_end=60&k=b")
        assert [row["k"] for row in found["rows"]] == ["b"]
        answer = run.get("/v1/predict?table=fit&x=1")
        assert answer.status == 409
        assert "it is of windows" in answer.json()["error"]
