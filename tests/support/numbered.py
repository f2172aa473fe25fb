"""A stream of which every row is known, and the regression that these tests run over it.

x is a sequence number, y follows from x, and row x stands in partition x modulo the number of partitions. What a run
has left behind, ended as it may be, can so be checked without knowing anything else of it.
"""

from pathlib import Path

import streamreg as sr
from tests.support.changelog import changes, inserted, result, times
from tests.support.kafka.oracle import line


class Point(sr.Schema):
    x: float
    y: float


def y_of(x: int) -> float:
    return x + (x * 7919 % 1000) / 8


def row(x: int) -> bytes:
    return f"{x},{y_of(x)!r}".encode()


def stream(rows: int, partitions: int) -> list[list[bytes]]:
    """Rows 0, 1, … behind a header in each partition."""
    return [[b"x,y", *map(row, range(p, rows, partitions))] for p in range(partitions)]


def write_regression(t: sr.Table) -> None:
    """The outputs: rows.csv, and the line through them in line.csv."""
    sr.io.csv.write(t, "rows.csv")
    fit = t.linear_regression(t.y, t.x)
    sr.io.csv.write(fit.select(a=fit.intercept, b=fit.x), "line.csv")


def count_sound(folder: Path, partitions: int) -> int:
    """How many rows a run has written.

    They must be the first ones of each partition, each once, in epochs without gaps; and the result beside them
    must be the exact one for just these rows.
    """
    found = [(float(x), float(y)) for x, y in inserted(folder / "rows.csv", "x", "y")]
    xs = sorted(int(x) for x, _ in found)
    for partition in range(partitions):
        own = [x for x in xs if x % partitions == partition]
        assert own == [partition + i * partitions for i in range(len(own))]
    assert sorted(found) == [(float(x), y_of(x)) for x in xs]
    seen = times(changes(folder / "rows.csv", "x", "y"))
    assert seen == list(range(len(seen)))
    if len(xs) > 1:
        exact = line([float(x) for x in xs], [y_of(x) for x in xs])
        assert result(folder / "line.csv", "a", "b") == tuple(map(repr, exact))
    return len(xs)
