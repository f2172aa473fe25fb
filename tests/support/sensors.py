"""A stream of points of several sensors, and the lines through those of each: what the tests of keys run over."""

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import streamreg as sr
from streamreg.testing import read
from tests.support.changelog import Row, current
from tests.support.kafka.oracle import line

NAMES = [
    "",
    "a",
    "a\0",
    'quo"ted',
    "comma,",
    "two\nlines",
    "cr\rlf\n",
    "ä\u2028ø",
    "\U0001f600",
    "l" * 5000,
]
"""Text that a file, a pipe or a database may stumble over."""

COLUMNS = ("name", "odd", "intercept", "x")
Point = tuple[str, bool, float, float]


class Reading(sr.Schema):
    name: str
    odd: bool
    x: float
    y: float


def points(count: int, seed: int, names: Sequence[str] = NAMES) -> list[Point]:
    """Points of sensors at random; some have one point alone, some one x alone."""
    chance = random.Random(seed)
    return [
        (
            chance.choice(names),
            chance.random() < 0.5,
            chance.randrange(50) / 8,
            chance.gauss(0, 1e3),
        )
        for _ in range(count)
    ]


def message(point: Point) -> bytes:
    return json.dumps(dict(zip(("name", "odd", "x", "y"), point, strict=True))).encode()


def topic(found: Iterable[Point], partitions: int, batch: int) -> sr.Table:
    messages = [message(point) for point in found]
    spread = [messages[partition::partitions] for partition in range(partitions)]
    return read(spread, schema=Reading, format="json", batch=batch)


def write_lines(t: sr.Table) -> None:
    """The outputs: a line for each sensor, and the number of points for each name."""
    sr.io.csv.write(t.linear_regression(t.y, t.x, by=(t.name, t.odd)), "lines.csv")
    counts = t.groupby(t.name).reduce(sr.this.name, n=sr.reducers.count())
    sr.io.csv.write(counts, "counts.csv")


def expected_lines(found: Iterable[Point]) -> dict[Row, Row]:
    """The table of lines, by name and oddness."""
    of: dict[Row, list[tuple[float, float]]] = {}
    for name, odd, x, y in found:
        of.setdefault((name, str(odd)), []).append((x, y))
    table = {}
    for key, rows in of.items():
        xs, ys = zip(*rows, strict=True)
        exact = line(xs, ys) if len(set(xs)) > 1 else (0.0, 0.0)
        table[key] = (*key, *map(repr, exact))
    return table


def expected_counts(found: Sequence[Point]) -> dict[Row, Row]:
    names = [name for name, *_ in found]
    return {(name,): (name, str(names.count(name))) for name in set(names)}


def check(folder: Path, found: Sequence[Point]) -> None:
    """Both files hold the exact results for just these points."""
    assert current(folder / "lines.csv", 2, *COLUMNS) == expected_lines(found)
    assert current(folder / "counts.csv", 1, "name", "n") == expected_counts(found)
