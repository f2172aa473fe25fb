"""`sr.plots.changes`: a changelog as lines over time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import streamreg as sr
from streamreg import testing


class Reading(sr.Schema):
    sensor: str
    x: float
    y: float


LINES = [
    b"a,0,1",
    b"b,1,7",
    b"a,1,3.25",
    b"a,2,4.5",
    b"b,2,9",
    b"b,5,1",
    b"a,7,1",
    b"b,9,4",
]


def written(path: Path, by: bool = False, time: Any = "epoch", **options: Any) -> list[Any]:  # noqa: ANN401
    """Runs a regression, and gives the changes beside the file."""
    sr.clear()
    t = testing.read([LINES], schema=Reading, header=["sensor", "x", "y"], batch=1)
    fit = t.linear_regression(t.y, t.x, by=t.sensor if by else (), **options)
    sr.io.csv.write(fit, path, time=time)
    changes = testing.collect(fit)
    sr.run(processes=0)
    return list(changes)


def lines(figure: Any) -> dict[str, Any]:  # noqa: ANN401  # plotly has no types
    """The lines by the title of their axis and their name."""
    layout = figure.layout
    return {
        f"{layout[trace.yaxis.replace('y', 'yaxis')].title.text}/{trace.name}": trace
        for trace in figure.data
    }


def test_lines_are_the_changes(tmp_path: Path) -> None:
    """Each column is a line of the very doubles that were inserted, at their epochs, with the gaps of missing ones."""
    changes = written(tmp_path / "fit.csv", singular="null")
    found = lines(sr.plots.changes(tmp_path / "fit.csv"))
    assert list(found) == ["intercept/value", "x/value"]
    inserted = [(row, time) for row, time, diff in changes if diff == 1]
    for at, name in enumerate(("intercept/value", "x/value")):
        assert found[name].x == tuple(time for _, time in inserted)
        assert found[name].y == tuple(row[at] for row, _ in inserted)
        assert found[name].line.shape == "hv"
    assert inserted[0][0] == (None, None)


def test_intervals_stand_around_their_coefficients(tmp_path: Path) -> None:
    """The columns of a confidence interval are a band, and no lines of their own; others are."""
    changes = written(tmp_path / "fit.csv", statistics=["n", "confidence_interval"])
    found = lines(sr.plots.changes(tmp_path / "fit.csv"))
    assert sorted({name.partition("/")[0] for name in found}) == ["intercept", "n", "x"]
    rows = [row for row, _, diff in changes if diff == 1]
    at = dict(zip(("intercept", "x", "n", "i_low", "i_high", "low", "high"), range(7), strict=True))
    assert found["x/value, confidence, low"].y == tuple(row[at["low"]] for row in rows)
    assert found["x/value, confidence"].y == tuple(row[at["high"]] for row in rows)
    only = lines(sr.plots.changes(tmp_path / "fit.csv", columns=["n"]))
    assert list(only) == ["n/value"]


def test_keys_have_lines_of_their_own(tmp_path: Path) -> None:
    """With `by` each key is a line in each column, in the order of the file, or those that are asked for."""
    changes = written(tmp_path / "lines.csv", by=True)
    found = lines(sr.plots.changes(tmp_path / "lines.csv", by="sensor"))
    assert list(found) == ["intercept/a", "intercept/b", "x/a", "x/b"]
    for key in "ab":
        own = [(row, time) for row, time, diff in changes if diff == 1 and row[0] == key]
        own += [(own[-1][0], changes[-1][1])] * (own[-1][1] < changes[-1][1])
        assert found[f"x/{key}"].y == tuple(row[2] for row, _ in own)
        assert found[f"x/{key}"].x == tuple(time for _, time in own)
    one = lines(sr.plots.changes(tmp_path / "lines.csv", by=["sensor"], keys=["b"]))
    assert list(one) == ["intercept/b", "x/b"]


def test_a_text_is_one_name_and_one_key(tmp_path: Path) -> None:
    """Not its letters; bytes are one too."""
    path = tmp_path / "lines.csv"
    path.write_text("key,slope,time,diff\nk1,1,0,1\nk,2,0,1\n1,3,0,1\nazE=,4,0,1\n")
    found = lines(sr.plots.changes(path, by="key", keys="k1", columns="slope"))
    assert list(found) == ["slope/k1"]
    of_bytes: Any = b"k1"
    found = lines(sr.plots.changes(path, by="key", keys=of_bytes))
    assert list(found) == ["slope/azE="]


@pytest.mark.parametrize("text", ["a,time,diff\n", "a,time,diff\nb,0,1\n"])
def test_a_figure_of_nothing_says_so(tmp_path: Path, text: str) -> None:
    """Where no row was written yet, or none with a number."""
    (tmp_path / "fit.csv").write_text(text)
    figure = sr.plots.changes(tmp_path / "fit.csv")
    assert not figure.data
    assert figure.layout.annotations[0].text == "there are no numbers yet"


def test_wall_clock_times(tmp_path: Path) -> None:
    """Milliseconds since 1970 are moments of UTC."""
    path = tmp_path / "fit.csv"
    path.write_text("a,time,diff\n1,1764345600250,1\n")
    figure = sr.plots.changes(path, time="unix_ms")
    assert figure.data[0].x == (datetime(2025, 11, 28, 16, 0, 0, 250_000, tzinfo=UTC),)
    assert figure.layout.xaxis.title.text == "time (UTC)"
    path.write_text("a,time,diff\n1,9999999999999999999,1\n")
    with pytest.raises(sr.OutputError, match="is in no year of ours"):
        sr.plots.changes(path, time="unix_ms")
    path.write_text("a,time,diff\n1,0,1\n1,9999999999999999999,-1\n")
    with pytest.raises(sr.OutputError, match="is in no year of ours"):
        sr.plots.changes(path)


def test_a_file_that_is_being_written(tmp_path: Path) -> None:
    """A last line without its end is not there yet, wherever it was cut."""
    path = tmp_path / "fit.csv"
    whole = 'k,a,time,diff\n"x\ny",1.5,0,1\n"x\ny",1.5,1,-1\n"x\ny",25,1,1\n'
    path.write_text(whole + "b,2")
    assert sr.plots.changes(path, by="k").data[0].y == (1.5, 25.0)
    for length in range(len("k,a,time,diff\n"), len(whole)):
        path.write_text(whole[:length])
        if '"x\ny",1.5,0,1\n' in whole[:length]:
            assert sr.plots.changes(path, by="k").data[0].y[0] == 1.5


def test_a_missing_key_and_an_empty_text_are_two(tmp_path: Path) -> None:
    """Both are asked for by their values, and the legend tells them apart."""
    path = tmp_path / "by.csv"
    path.write_text('k,n,time,diff\n,1,0,1\n"",2,0,1\nnull,3,0,1\na,4,0,1\n')
    found = lines(sr.plots.changes(path, by="k"))
    assert {name: trace.y for name, trace in found.items()} == {
        "n/null": (1.0,),
        'n/""': (2.0,),
        'n/"null"': (3.0,),
        "n/a": (4.0,),
    }
    assert list(lines(sr.plots.changes(path, by="k", keys=[None]))) == ["n/null"]
    assert list(lines(sr.plots.changes(path, by="k", keys=[""]))) == ['n/""']


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        ("1970-01-01T00:00:05Z", datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)),
        (
            "1970-01-01T00:00:05Z",
            datetime(1970, 1, 1, 2, 0, 5, tzinfo=timezone(timedelta(hours=2))),
        ),
        ("1970-01-01T00:00:05Z", "1970-01-01T00:00:05Z"),
        ("PT5S", timedelta(seconds=5)),
        ("True", True),
        ("7", 7),
        ("8", "8"),
        ("7", np.int64(7)),
        ("1.50", Decimal("1.50")),
        ('"a, ""b"""', 'a, "b"'),
    ],
)
def test_keys_are_values_of_their_column(tmp_path: Path, cell: str, key: object) -> None:
    """However the file writes them."""
    path = tmp_path / "by.csv"
    path.write_text(f"k,j,n,time,diff\nother,x,1,0,1\n{cell},x,2,0,1\n")
    assert [trace.y for trace in sr.plots.changes(path, by="k", keys=[key]).data] == [(2.0,)]
    both = sr.plots.changes(path, by=["k", "j"], keys=[(key, "x")])
    assert [trace.y for trace in both.data] == [(2.0,)]


def test_the_first_twelve_columns_of_numbers(tmp_path: Path) -> None:
    """Those without any number, and those of text, are none of them; missing values at first do not hide one."""
    names = [f"c{at}" for at in range(20)]
    first = ["", "a", *("" for _ in range(18))]
    second = ["", "b", *(str(at) for at in range(2, 20))]
    path = tmp_path / "fit.csv"
    rows = [f"{','.join(first)},0,1", f"{','.join(first)},1,-1", f"{','.join(second)},1,1"]
    path.write_text("\n".join([f"{','.join(names)},time,diff", *rows, ""]))
    found = lines(sr.plots.changes(path))
    assert list(found) == [f"c{at}/value" for at in range(2, 14)]
    assert found["c5/value"].y == (None, 5.0)


def test_texts_that_begin_like_numbers_take_no_place(tmp_path: Path) -> None:
    """Twelve columns of numbers are shown though some before them are found to be none when all rows are read."""
    texts, numbers = ["v", "w"], [f"c{at}" for at in range(14)]
    path = tmp_path / "fit.csv"
    lines_of = ["7,1", "7,1a", "7a,2"]
    rows = []
    for epoch, begin in enumerate(lines_of):
        cells = ",".join([begin, *map(str, range(14))])
        rows += [f"{cells},{epoch},1", f"{cells},{epoch + 1},-1"]
    path.write_text("\n".join([",".join([*texts, *numbers, "time", "diff"]), *rows, ""]))
    assert list(lines(sr.plots.changes(path))) == [f"c{at}/value" for at in range(12)]


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        ("a,b\n1,2\n", {}, sr.OutputError, "no changelog: its header does not end with time,diff"),
        ("", {}, sr.OutputError, "no changelog"),
        ("a,time,diff\n1,0\n", {}, sr.OutputError, "record 2 is none of a changelog"),
        ("a,time,diff\n1,x,1\n", {}, sr.OutputError, "record 2 is none of a changelog"),
        ("a,time,diff\n1,0,2\n", {}, sr.OutputError, "record 2 is none of a changelog"),
        ('a,time,diff\n"1"x,0,1\n', {}, sr.OutputError, "record 2 is none of a changelog"),
        ("a,time,diff\n1,0,1\n2,1,1\n", {}, sr.OutputError, "record 3: a second row stands"),
        ("a,time,diff\n1,0,-1\n", {}, sr.OutputError, "record 2: a row is taken back that does"),
        ("a,time,diff\n", {"columns": ["b"]}, sr.ConfigurationError, "has no column 'b': it has a"),
        ("a,time,diff\n", {"by": "k"}, sr.ConfigurationError, "has no column 'k'"),
        ("a,time,diff\nb,0,1\n", {"columns": ["a"]}, sr.ConfigurationError, "'a' holds no numbers"),
        ("a,time,diff\n", {"time": "ms"}, sr.ConfigurationError, "time: expected"),
        ("a,time,diff\n", {"by": 3}, sr.ConfigurationError, "by: expected the name of a column"),
        ("a,time,diff\n", {"by": b"a"}, sr.ConfigurationError, "by: expected the name of a column"),
        ("a,time,diff\n", {"columns": 3}, sr.ConfigurationError, "columns: expected the name of a"),
        ("a,time,diff\n", {"columns": [3]}, sr.ConfigurationError, "columns: .* a list of names"),
        ("a,time,diff\n", {"columns": []}, sr.ConfigurationError, "columns: .* found none: leave"),
        ("a,time,diff\n", {"keys": []}, sr.ConfigurationError, "keys: .* found none: leave"),
        ("a,time,diff\n", {"keys": 3}, sr.ConfigurationError, "keys: expected a list of keys"),
        (
            "k,a,time,diff\nx,1,0,1\n",
            {"by": "k", "keys": ["y"]},
            sr.ConfigurationError,
            "no row of y",
        ),
        ("k,a,time,diff\n", {"keys": ["y"]}, sr.ConfigurationError, "name them with by="),
        (
            "k,a,time,diff\nx,1,0,1\n",
            {"by": "k", "keys": [datetime(2026, 1, 1)]},
            sr.ConfigurationError,
            "is no key",
        ),
        (
            "a,time,diff\n1,0,1\n",
            {"windows": True},
            sr.ConfigurationError,
            "has no columns window_",
        ),
        ("a,time,diff\n1,99999999999999999999,1\n", {}, sr.OutputError, "in no year of ours"),
        ("a,time,diff\n1,0,1\n", {"theme": "blue"}, ValueError, "theme: expected"),
    ],
)
def test_what_does_not_fit_is_said(
    tmp_path: Path, text: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """A file that is no changelog of a result, and arguments that are not of this one, are errors that say so."""
    path = tmp_path / "fit.csv"
    path.write_text(text)
    with pytest.raises(error, match=message):
        sr.plots.changes(path, **options)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is missing or no text is an OutputError with its name; what is no path is refused."""
    with pytest.raises(sr.OutputError, match=r"gone\.csv: it cannot be read: No such file"):
        sr.plots.changes(tmp_path / "gone.csv")
    (tmp_path / "odd.csv").write_bytes(b"a,time,diff\n\xff,0,1\n")
    with pytest.raises(sr.OutputError, match="it is not UTF-8"):
        sr.plots.changes(tmp_path / "odd.csv")
    with pytest.raises(sr.ConfigurationError, match="expected the path of a file"):
        sr.plots.changes(3)  # type: ignore[arg-type]
    with pytest.raises(sr.ConfigurationError, match=r"path: .*: nothing can be called that"):
        sr.plots.changes("a\0b")


def test_finished_parts_come_first(tmp_path: Path) -> None:
    """An output that is rotated is one changelog, in as many files as it has."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    written(whole / "fit.csv", by=True)
    sr.clear()
    t = testing.read([LINES], schema=Reading, header=["sensor", "x", "y"], batch=1)
    sr.io.csv.write(t.linear_regression(t.y, t.x, by=t.sensor), parts / "fit.csv", rotate="100 B")
    sr.run(processes=0, state=tmp_path / "state")
    assert len(list(parts.iterdir())) > 3
    one, other = (sr.plots.changes(each / "fit.csv", by="sensor") for each in (whole, parts))
    assert [(line.name, line.x, line.y) for line in one.data] == [
        (line.name, line.x, line.y) for line in other.data
    ]
    last = max(parts.glob("fit.0*.csv"))
    last.write_bytes(b"other" + last.read_bytes())
    with pytest.raises(sr.OutputError, match="no part of the changelog"):
        sr.plots.changes(parts / "fit.csv", by="sensor")


def test_a_pipe_is_no_changelog(tmp_path: Path) -> None:
    """It would be waited for."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(sr.OutputError, match="no regular file"):
        sr.plots.changes(tmp_path / "pipe")
