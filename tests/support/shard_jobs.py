"""A program whose sums by key can be in shards: with several outputs, keys of several columns, and filters after."""

import json
import random
from pathlib import Path

import streamreg as sr
from streamreg._state.snapshot import read as read_state


class Point(sr.Schema):
    k: str
    m: int | None
    x: float
    y: float | None


FILES = ("rows.csv", "line.csv", "fits.csv", "steep.csv", "totals.csv", "scores.csv")
KEYED = ("fits.csv", "steep.csv", "totals.csv")


def points(count: int, seed: int, keys: int = 40) -> list[bytes]:
    """Messages; some are no points, some keys are missing, and some values are in no sum."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        x = chance.uniform(-1, 1) * 10.0 ** chance.randrange(-6, 7)
        cells = {
            "k": chance.choice(["", "é\0", "z" * 40, *map(str, range(keys))]),
            "m": chance.choice([None, 0, -1, 7]),
            "x": x,
            "y": chance.gauss(0, 1) * x if chance.random() < 0.99 else None,
        }
        found.append(b"{" if chance.random() < 0.01 else json.dumps(cells).encode())
    return found


def write(t: sr.Table, folder: Path = Path()) -> list[sr.Output]:
    """All outputs."""
    line = t.linear_regression(t.y, t.x)
    fits = t.linear_regression(t.y, t.x, by=(t.m, t.k), statistics=("n", "r2"))
    tables = {
        "rows.csv": t,
        "line.csv": line,
        "fits.csv": fits,
        "steep.csv": fits.filter(fits.x > 0).select(fits.k, fits.m, double=fits.x * 2),
        "totals.csv": t.groupby(t.k).reduce(t.k, n=sr.reducers.count(), y=sr.reducers.max(t.y)),
        "scores.csv": line.predict_on(t),
    }
    return [sr.io.csv.write(table, folder / name) for name, table in tables.items()]


def check_same_state(one: Path, other: Path) -> None:
    """Two states keep the same by keys, whatever holds it, and have read the same."""
    here, there = read_state(one), read_state(other)
    assert (here.offsets, here.rows, here.rejects) == (there.offsets, there.rows, there.rejects)
    assert here.reductions == there.reductions
    assert (here.times, here.moves) == (there.times, there.moves)
    assert here.keyed.keys() == there.keyed.keys()
    for part, kept in here.keyed.items():
        # Of windows that are all closed, and whose rows stay, nothing is kept.
        assert len(kept) or here.times, part
        assert kept.digest() == there.keyed[part].digest(), part
        assert kept.difference(there.keyed[part]) is None, part  # type: ignore[arg-type]
