"""Frames as sources: what their rows come to is what the same rows come to as messages of a topic, bit for bit."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import streamreg as sr
from streamreg._frames import source
from streamreg.testing import collect, read
from tests.support.changelog import rejects
from tests.support.numbered import Point, count_sound, write_regression, y_of
from tests.support.resumed import after


class Kinds(sr.Schema):
    f: float
    o: float | None
    i: int
    d: Decimal
    b: bool
    s: str | None
    t: datetime
    v: timedelta


ROWS = 200


def values() -> dict[str, list[Any]]:
    """Columns of every type, with what is missing in two of them."""
    chance = random.Random(5)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "f": [chance.uniform(-1e6, 1e6) for _ in range(ROWS)],
        "o": [None if at % 7 == 0 else chance.random() for at in range(ROWS)],
        "i": [chance.randint(-(2**63), 2**63 - 1) for _ in range(ROWS)],
        "d": [Decimal(chance.randint(-999, 999)) / 100 for _ in range(ROWS)],
        "b": [chance.random() < 0.5 for _ in range(ROWS)],
        "s": [
            None if at % 5 == 0 else chance.choice(["", "é", 'a"b', "x,y"]) for at in range(ROWS)
        ],
        "t": [start + timedelta(microseconds=chance.randint(0, 10**12)) for _ in range(ROWS)],
        "v": [timedelta(microseconds=chance.randint(-(10**12), 10**12)) for _ in range(ROWS)],
        "unread": list(range(ROWS)),
    }


def messages() -> list[tuple[object, ...]]:
    """The rows, read as JSON."""
    columns = values()
    lines = []
    for at in range(ROWS):
        row = {name: columns[name][at] for name in columns}
        seconds = row["v"] // timedelta(microseconds=1)
        text = {
            "f": repr(row["f"]), "o": "null" if row["o"] is None else repr(row["o"]), "i": str(row["i"]),
            "d": str(row["d"]), "b": str(row["b"]).lower(),
            "s": "null" if row["s"] is None else '"' + row["s"].replace('"', '\\"') + '"',
            "t": f'"{row["t"].isoformat()}"',
            "v": f'"{"-" if seconds < 0 else ""}PT{abs(seconds) // 10**6}.{abs(seconds) % 10**6:06}S"',
        }  # fmt: skip
        lines.append(("{" + ",".join(f'"{k}":{v}' for k, v in text.items()) + "}").encode())
    found = collect(read([lines], schema=Kinds, format="json"))
    summary = sr.run(processes=0)
    assert summary.rows == ROWS
    return sorted((change[0] for change in found), key=repr)


def of_arrays() -> dict[str, Any]:
    columns = values()
    return {
        "f": np.array(columns["f"]),
        "o": np.ma.masked_array(
            [v or 0.0 for v in columns["o"]], [v is None for v in columns["o"]]
        ),
        "i": np.array(columns["i"]),
        "d": np.array(columns["d"], object),
        "b": np.array(columns["b"]),
        "s": np.array(columns["s"], object),
        "t": np.array([v.replace(tzinfo=None) for v in columns["t"]], "M8[us]"),
        "v": np.array(columns["v"], "m8[us]"),
    }


FRAMES: dict[str, Callable[[], Any]] = {
    "arrays": of_arrays,
    "lists": values,
    "pandas": lambda: pd.DataFrame(values()),
    "pandas, Arrow": lambda: pd.DataFrame(values()).convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda: pl.DataFrame(values()),
    "Arrow": lambda: pa.table(values()),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_differential_frames_and_messages(kind: str) -> None:
    """Every column of every kind of frame holds what JSON gives."""
    found = collect(sr.from_frame(FRAMES[kind](), schema=Kinds))
    summary = sr.run(processes=0)
    assert summary.rejects == {}
    assert sorted((change[0] for change in found), key=repr) == messages()


def test_a_frame_goes_to_a_worker(processes: int) -> None:
    """The result is the exact one, in whatever process the work is done."""
    frame = {"x": np.arange(1000.0), "y": [y_of(x) for x in range(1000)]}
    write_regression(sr.from_frame(frame, schema=Point))
    sr.run(processes=processes)
    assert count_sound(Path(), 1) == 1000


class Odd(sr.Schema):
    f: float
    i: int
    t: datetime
    s: str


def test_entries_that_do_not_fit_are_rejects() -> None:
    """By the reasons of text; the others count."""
    frame = {
        "f": np.array([1.0, np.nan, np.inf, 4, 5, 6, 7]),
        "i": np.array([1, 2, 3, 2**63, 5, 6, 7], np.uint64),
        "t": np.array([0, 1000, 1000, 1000, 1001, "NaT", 2000], "M8[ns]"),
        "s": np.array(["a", "b", "c", "d", "e", "f", None], object),
    }
    found = collect(sr.from_frame(frame, schema=Odd))
    summary = sr.run(processes=0, rejects="rejects.jsonl")
    assert [change[0] for change in found] == [(1.0, 1, datetime(1970, 1, 1, tzinfo=UTC), "a")]
    assert [(one["offset"], one["reason"], one["column"]) for one in rejects("rejects.jsonl")] == [
        (1, "non-finite", "f"),
        (2, "non-finite", "f"),
        (3, "integer-overflow", "i"),
        (4, "datetime-range", "t"),
        (5, "null", "t"),
        (6, "null", "s"),
    ]
    assert sum(summary.rejects.values()) == 6


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ({"x": [1.0]}, "has no column 'y'"),
        ({"x": [1.0], "y": [1.0, 2.0]}, "different lengths"),
        ({"x": [1.0], "y": ["1"]}, "y: the schema says float, but the column holds"),
        ({"x": [1.0], "y": [[1.0]]}, "y: expected single values"),
        (pl.DataFrame({"x": [1.0], "y": [[1.0]]}), r"y: it is nested \(List"),
        (7, "expected a table of pandas, polars or Arrow in memory"),
    ],
)
def test_frames_that_do_not_fit_the_schema(frame: object, text: str) -> None:
    """The error names the column."""
    with pytest.raises(sr.ConfigurationError, match=text):
        sr.from_frame(frame, schema=Point)


def test_times_without_a_zone() -> None:
    """It is not known when they are."""

    class Times(sr.Schema):
        t: datetime

    for frame in (
        pd.DataFrame({"t": pd.to_datetime(["2026-01-01"])}),
        pl.DataFrame({"t": [datetime(2026, 1, 1)]}),  # that it has none is the point
        {"t": [datetime(2026, 1, 1)]},  # likewise
    ):
        with pytest.raises(sr.ConfigurationError, match=r"^t: .*time zone"):
            sr.from_frame(frame, schema=Times)


def test_a_state_goes_on_with_the_same_frame_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows the frame by a digest; every row counts once."""
    monkeypatch.setattr(source, "_BATCH", 100)
    frame = {"x": np.arange(1000.0), "y": np.array([y_of(x) for x in range(1000)])}
    for epochs in (3, 99):
        write_regression(sr.from_frame(frame, schema=Point, autocommit_duration_ms=0))
        sr.run(processes=0, state="state", stop=after(epochs))
    assert count_sound(Path(), 1) == 1000
    frame["y"][7] += 1
    write_regression(sr.from_frame(frame, schema=Point))
    with pytest.raises(sr.SourceError, match="not the one that the state has read"):
        sr.run(processes=0, state="state")
