"""`sr.plots.changes`: windows over their own times, as the page of a run shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import streamreg as sr
from streamreg import temporal, testing
from streamreg._serve.drawn import windows_of
from streamreg._serve.messages import TableSpec
from streamreg._sinks.cells import cells_of, records_of
from streamreg._sinks.contract import ColumnSpec
from streamreg._types import DType


class Reading(sr.Schema):
    sensor: str | None
    at: datetime
    step: int
    x: float
    y: float


HEADER = list(Reading.__annotations__)
LINES = [
    f"{key},2026-03-01T12:{at:02}:00Z,{at},{at},{at * at % 7}".encode()
    for at in range(0, 50, 2)
    for key in ("b", '""', "a")
]


def written(path: Path, window: temporal.Window, time: str = "at", **behavior: Any) -> None:  # noqa: ANN401
    """Writes the regressions of windows."""
    sr.clear()
    t = testing.read([LINES], schema=Reading, header=HEADER, batch=5)
    windows = t.windowby(t[time], window=window, instance=t.sensor, **behavior)
    sr.io.csv.write(windows.linear_regression(t.y, t.x, statistics=["confidence_interval"]), path)
    sr.run(processes=0)


def traces(figure: Any) -> dict[str, tuple[Any, Any]]:  # noqa: ANN401  # plotly has no types
    """Places and values by axis and name."""
    return {f"{t['yaxis']}/{t['name']}": (list(t["x"]), list(t["y"])) for t in figure["data"]}


def of_page(path: Path, types: dict[str, DType]) -> Any:  # noqa: ANN401
    """The same by what the page draws with."""
    text = path.read_bytes()
    header, *records = records_of(text)
    names = header.decode().split(",")[:-2]
    standing: dict[bytes, None] = {}
    for record in records:
        *cells, _, diff = cells_of(record)
        row = b",".join(cells)
        if diff == b"1":
            standing[row] = None
        else:
            del standing[row]
    columns = tuple(ColumnSpec(name, types.get(name, "float"), name) for name in names)
    spec = TableSpec("t", "t", columns, keys=(0, 1, 2), reduction=0)
    drawn = windows_of(spec, sorted(standing))
    assert drawn.draw is not None
    made = drawn.draw("light")
    return {"data": made.data, "layout": made.layout}


def test_windows_are_those_of_the_page(tmp_path: Path) -> None:
    """Over the start of windows until the end of the last one, an instance a line, as they stand in the end."""
    path = tmp_path / "fit.csv"
    written(path, temporal.tumbling(10), "step", behavior=temporal.common_behavior(cutoff=5))
    figure = sr.plots.changes(path, by="sensor")
    page = of_page(path, {"sensor": "str"})
    assert traces(figure.to_dict()) == traces(page)
    assert figure.layout.xaxis2.title.text == "window_start"
    assert traces(figure.to_dict())["y/a"][0] == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    assert 'y/""' in traces(figure.to_dict())
    one = sr.plots.changes(path, by="sensor", keys=[""], columns="x")
    assert {trace.name.partition(",")[0] for trace in one.data} == {'""'}
    with pytest.raises(sr.ConfigurationError, match="has no row of z"):
        sr.plots.changes(path, by="sensor", keys=["z"])


def test_times_of_windows(tmp_path: Path) -> None:
    """Times of day are times of day."""
    path = tmp_path / "fit.csv"
    written(path, temporal.tumbling(timedelta(minutes=10)))
    figure = sr.plots.changes(path, by="sensor")
    assert traces(figure.to_dict()) == traces(
        of_page(path, {"sensor": "str", "window_start": "datetime", "window_end": "datetime"})
    )
    assert figure.layout.xaxis2.title.text == "window_start (UTC)"
    assert figure.data[-1].x[0] == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_last_rows_are_shown_over_epochs(tmp_path: Path) -> None:
    """Of an instance no two windows stand at once: its row changes, and `windows` shows the one that stands."""
    path = tmp_path / "fit.csv"
    written(path, temporal.last(rows=4), "step")
    over_epochs = sr.plots.changes(path, by="sensor", columns="x")
    assert over_epochs.layout.xaxis.title.text == "epoch"
    assert len(over_epochs.data[-1].x) > 3
    stands = sr.plots.changes(path, by="sensor", columns="x", windows=True)
    assert stands.data[-1].x == (42.0, 48.0)


def test_windows_of_several_instances_need_their_column(tmp_path: Path) -> None:
    """Two rows of one window are rows of two instances."""
    path = tmp_path / "fit.csv"
    written(path, temporal.tumbling(10), "step")
    with pytest.raises(sr.OutputError, match="name the key columns with by="):
        sr.plots.changes(path)
    with pytest.raises(sr.OutputError, match="a second row stands"):
        sr.plots.changes(path, by="sensor", windows=False)
    path.write_text("window_start,window_end,a,time,diff\nnever,0,1,0,1\n")
    with pytest.raises(sr.OutputError, match="'never' is no bound of a window"):
        sr.plots.changes(path, windows=True)


def test_nothing_stands_between_sessions(tmp_path: Path) -> None:
    """Where no window begins before one ends, the line ends with it, here and on the page; those that overlap go on."""
    path = tmp_path / "fit.csv"
    rows = ["a,10,17,2", "a,15,16,3", "a,17,19,4", "a,40,48,5"]
    path.write_text(
        "\n".join(["k,window_start,window_end,n,time,diff", *(f"{r},0,1" for r in rows), ""])
    )
    figure = sr.plots.changes(path, by="k", windows=True)
    (trace,) = figure.data
    assert trace.x == (10, 15, 17, 19, 19, 40, 48)
    assert trace.y == (2.0, 3.0, 4.0, 4.0, None, 5.0, 5.0)
    assert traces(figure.to_dict()) == traces(of_page(path, {"k": "str"}))
