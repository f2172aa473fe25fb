"""A job with several Delta Lake tables, and how they are read back."""

from typing import Any

import duckdb
from deltalake import DeltaTable

import streamreg as sr
from streamreg.testing import read
from tests.support.destinations import NAMES, Mode


def rows_of(path: str) -> list[tuple[Any, ...]]:
    """As DuckDB sees them; of a changelog in the order of its times."""
    dataset = DeltaTable(path).to_pyarrow_dataset()
    with duckdb.connect() as database:
        found = database.from_arrow(dataset).fetchall()
    if "time" in dataset.schema.names:
        at = dataset.schema.names.index("time")
        found.sort(key=lambda row: row[at])
    return found


def tables() -> dict[str, list[tuple[Any, ...]]]:
    return {f"{name}_{mode}": rows_of(f"{name}_{mode}") for name, mode in NAMES}


class Point(sr.Schema):
    k: str | None
    x: float
    y: float


def table(count: int = 40) -> sr.Table:
    keys = [b"a", b'"q"",""r"', b"", b'""']
    lines = [b"%b,%d,%d" % (keys[i % 4], i, i * i % 7) for i in range(count)]
    return read([lines], schema=Point, header=["k", "x", "y"], batch=7)


def write(count: int = 40, rows_per_file: int = 1) -> list[sr.Output]:
    t = table(count)
    fit = t.linear_regression(t.y, t.x, by=t.k, singular="null")
    steep = fit.filter(fit.x > 0.01)
    one = t.linear_regression(t.y, t.x, singular="null")

    def to(rows: sr.Table, path: str, mode: Mode = "changelog") -> sr.Output:
        return sr.io.delta.write(rows, path, mode=mode, rows_per_file=rows_per_file)

    return [
        to(t, "rows"),
        to(fit, "fit-log"),
        to(fit, "fit", "current"),
        to(steep, "steep-log"),
        to(steep, "steep", "current"),
        to(one, "one", "current"),
    ]


def run(count: int = 40, state: str | None = "state", rows_per_file: int = 1) -> sr.Summary:
    return sr.run(outputs=write(count, rows_per_file), processes=0, state=state)
