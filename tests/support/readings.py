"""A stream of readings with a column of each kind: what the tests of scores run over."""

import csv
import io
import random
from collections.abc import Sequence
from decimal import Decimal

import streamreg as sr
from streamreg.testing import read

COLUMNS = ("k", "n", "x", "d", "w", "y")
Row = tuple[str, ...]


class Reading(sr.Schema):
    k: str
    n: int
    x: float
    d: Decimal
    w: float
    y: float


def readings(count: int, seed: int) -> list[Row]:
    """Readings at random as their cells are written, of few keys; some weights are 0 or negative."""
    chance = random.Random(seed)
    found: list[Row] = []
    for _ in range(count):
        k, n = chance.choice(["a", "b", 'quo"ted', ""]), chance.randrange(-3, 4)
        x, d = chance.randrange(-40, 40) / 8, Decimal(chance.randrange(-500, 500)) / 100
        w = chance.choice([0.0, 0.25, 0.5, 1.0, 3.0, -1.0])
        y = 2 + n - x / 3 + float(d) + chance.gauss(0, 1)
        found.append((k, str(n), repr(x), f"{d.normalize():f}", repr(w), repr(y)))
    return found


def topic(rows: Sequence[Row], partitions: int = 3, batch: int = 12) -> sr.Table:
    messages = [message(row) for row in rows]
    spread = [messages[partition::partitions] for partition in range(partitions)]
    return read(spread, schema=Reading, header=list(COLUMNS), batch=batch)


def message(row: Row) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row)
    return line.getvalue().encode()
