"""A job with several tables of an SQLite database, and how they are read back."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import streamreg as sr
from streamreg.testing import read


@contextmanager
def opened(path: str | Path = "out.db") -> Iterator[sqlite3.Connection]:
    """The database, for whatever a user does with it; committed at the end."""
    with closing(sqlite3.connect(path)) as database, database:
        yield database


def rows_of(table: str, path: str | Path = "out.db") -> list[tuple[Any, ...]]:
    with opened(path) as database:
        return database.execute(f'SELECT * FROM "{table}"').fetchall()


class Point(sr.Schema):
    k: str | None
    x: float
    y: float


def messages(count: int) -> list[bytes]:
    keys = [b"a", b'"q"",""r"', b"", b'""']
    return [b"%b,%d,%d" % (keys[i % 4], i, i * i % 7) for i in range(count)]


def table(count: int = 40, batch: int = 7) -> sr.Table:
    return read([messages(count)], schema=Point, header=["k", "x", "y"], batch=batch)


def fit(t: sr.Table) -> sr.Table:
    return t.linear_regression(t.y, t.x, by=t.k, singular="null")


def write(t: sr.Table) -> list[sr.Output]:
    """Changelogs, and tables as they stand."""
    result = fit(t)
    one = t.linear_regression(t.y, t.x, singular="null")
    return [
        sr.io.sqlite.write(t, "out.db", table="rows"),
        sr.io.sqlite.write(result, "out.db", table="fit log"),
        sr.io.sqlite.write(result, "out.db", table="fit", mode="current"),
        sr.io.sqlite.write(one, "out.db", table="one", mode="current"),
        sr.io.sqlite.write(result.filter(result.x > 0.01), "out.db", table="steep", mode="current"),
    ]


def run(count: int = 40, state: str | None = "state") -> sr.Summary:
    write(table(count))
    return sr.run(processes=0, state=state)
