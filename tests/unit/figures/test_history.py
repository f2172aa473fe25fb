"""How a history is drawn: how long values stand, and which points stand for all of them."""

from __future__ import annotations

from pathlib import Path

import streamreg as sr


def test_rows_that_go_leave_gaps(tmp_path: Path) -> None:
    """Where a row is taken back and none takes its place, the line ends until the next one."""
    path = tmp_path / "fit.csv"
    path.write_text("a,time,diff\n1,0,1\n1,2,-1\n2,4,1\n2,5,-1\n3,5,1\n")
    (trace,) = sr.plots.changes(path).data
    assert trace.x == (0, 2, 2, 4, 5)
    assert trace.y == (1.0, 1.0, None, 2.0, 3.0)


def test_what_stands_is_shown_until_the_last_change(tmp_path: Path) -> None:
    """Of all keys, also those that are not shown; what came with the last one is a point."""
    path = tmp_path / "keys.csv"
    path.write_text("k,a,time,diff\na,1,0,1\nb,2,3,1\nb,2,5,-1\nc,3,7,1\nd,4,9,1\n")
    found = sr.plots.changes(path, by="k", keys=["a", "b", "c"]).data
    assert [(trace.name, trace.x, trace.y, trace.mode) for trace in found] == [
        ("a", (0, 9), (1.0, 1.0), "lines"),
        ("b", (3, 5, 5), (2.0, 2.0, None), "lines"),
        ("c", (7, 9), (3.0, 3.0), "lines"),
    ]
    path.write_text("k,a,time,diff\na,1,0,1\na,1,3,-1\nb,2,5,1\na,3,5,1\n")
    found = sr.plots.changes(path, by="k").data
    assert [(trace.x, trace.mode, trace.marker.size) for trace in found] == [
        ((0, 3, 3, 5), "lines+markers", (0, 0, 0, 7)),
        ((5,), "lines+markers", (7,)),
    ]


def test_a_value_stands_until_its_gap(tmp_path: Path) -> None:
    """Each value has its stroke up to where it was taken back, or became a missing one, and so has its interval."""
    path = tmp_path / "gap.csv"
    path.write_text("a,time,diff\n1,0,1\n1,10,-1\n2,10,1\n2,40,-1\n3,50,1\n3,90,-1\n4,100,1\n")
    (trace,) = sr.plots.changes(path).data
    assert trace.x == (0, 10, 40, 40, 50, 90, 90, 100)
    assert trace.y == (1.0, 2.0, 2.0, None, 3.0, 3.0, None, 4.0)
    path.write_text(
        "a,ci_low_a,ci_high_a,time,diff\n2,1,3,0,1\n2,1,3,5,-1\n2,,4,5,1\n2,,4,8,-1\n,1,5,8,1\n"
    )
    area, low, high, trace = sr.plots.changes(path).data
    assert (low.x, low.y) == ((0, 5, 5, 8), (1.0, 1.0, None, 1.0))
    assert (high.x, high.y) == ((0, 5, 5, 8), (3.0, 3.0, 4.0, 5.0))
    assert (trace.x, trace.y) == ((0, 5, 8, 8), (2.0, 2.0, 2.0, None))
    assert area.x == (0, 5, 5, 5, 5, 0, None, 8, 8, None)
    assert area.y == (3.0, 3.0, 3.0, 1.0, 1.0, 1.0, None, 5.0, 1.0, None)
    assert (area.fill, low.fill, high.fill) == ("toself", None, None)


def test_long_histories_are_thinned(tmp_path: Path) -> None:
    """A line of ten thousand changes is drawn by two thousand points of it, its extremes among them."""
    path = tmp_path / "fit.csv"
    text = ["a,time,diff", "0,0,1"]
    for at in range(1, 10_000):
        before, now = (value * value % 1009 for value in (at - 1, at))
        text += [f"{before},{at},-1", f"{1e9 if at == 5003 else now},{at},1"]
        if at == 5003:
            text += [f"{1e9},{at},-1", f"{now},{at + 0},1"]
    path.write_text("\n".join(text) + "\n")
    (trace,) = sr.plots.changes(path).data
    assert len(trace.y) <= 2000
    assert max(trace.y) == max(value * value % 1009 for value in range(10_000))


def test_thinned_intervals_keep_their_extremes_and_gaps(tmp_path: Path) -> None:
    """Wherever the ends of intervals have them, whatever the values do there; both ends stand at the same places."""
    path = tmp_path / "fit.csv"
    rows = [f"{at % 7},{at % 7 - 1},{at % 7 + 1}" for at in range(10_000)]
    rows[4001], rows[7003], rows[8001] = "3,-500,4", "3,2,500", "3,,"
    text = ["a,ci_low_a,ci_high_a,time,diff"]
    for at, row in enumerate(rows):
        text += [f"{row},{at},1", f"{row},{at + 1},-1"]
    path.write_text("\n".join(text) + "\n")
    _, low, high, _ = sr.plots.changes(path).data
    assert low.x == high.x
    assert len(low.x) < 5000
    ends = [dict(zip(end.x, end.y, strict=True)) for end in (low, high)]
    assert [end[at] for end in ends for at in (4001, 7003, 8001)] == [-500, 2, None, 4, 500, None]


def test_long_names_leave_room(tmp_path: Path) -> None:
    """Beside axes and in the legend they are cut, and the figure grows by its lines; who points at a line sees all."""
    path = tmp_path / "keys.csv"
    column = "c" * 140
    heights = []
    for filler in ("", "-of-a-station-that-has-a-long-name-"):
        keys = [f"key{filler}{at:02}" for at in range(12)]
        rows = [f"{key},{at},0,1" for at, key in enumerate(keys)]
        path.write_text("\n".join([f"key,{column},time,diff", *rows, ""]))
        figure = sr.plots.changes(path, by="key")
        assert figure.layout.yaxis.title.text == "c" * 10 + "…" + "c" * 9
        assert len({trace.name for trace in figure.data}) == len(keys)
        assert max(len(trace.name) for trace in figure.data) <= 20
        assert [trace.legendgroup for trace in figure.data] == keys
        hover = [trace.hovertemplate for trace in figure.data]
        assert hover == [f"(%{{x}}, %{{y}})<extra>{column}, {key}</extra>" for key in keys]
        heights.append((figure.layout.height, figure.layout.margin.t))
    (low, few), (high, many) = heights
    assert high - low == many - few > 0
