"""Readings, and a program of every kind over them: what must come to the same on an engine and on one machine."""

import csv
import json
import random
from collections import Counter
from decimal import Decimal
from pathlib import Path

import streamreg as sr
from streamreg._state.store import Store


class Reading(sr.Schema):
    k: str
    x: float
    z: int
    d: Decimal
    at: int
    y: float


FILES = (
    *("rows.csv", "line.csv", "several.csv", "keyed.csv", "windows.csv", "classes.csv"),
    *("totals.csv", "scores.csv"),
)
REJECTS = "rejects.jsonl"


def readings(count: int, seed: int) -> list[bytes]:
    """Messages of JSON; some are no readings, and some come late."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        x = chance.uniform(-1, 1) * 10.0 ** chance.randrange(-6, 7)
        cells = {
            "k": chance.choice("abcdefg"),
            "x": x,
            "z": chance.randrange(-50, 50),
            "d": f"{chance.randrange(10**6) / 1000:.3f}",
            "at": number - (500 if chance.random() < 0.01 else chance.randrange(5)),
            "y": 3 * x + chance.gauss(0, 1),
        }
        # A decimal is the number as it is written.
        text = json.dumps(cells).replace(f'"{cells["d"]}"', str(cells["d"]))
        found.append(b"{" if chance.random() < 0.01 else text.encode())
    return found


def spread(messages: list[bytes], partitions: int, seed: int) -> list[list[bytes]]:
    """The messages over partitions, at random: some get few."""
    chance = random.Random(seed)
    weights = [chance.random() ** 3 for _ in range(partitions)]
    found: list[list[bytes]] = [[] for _ in range(partitions)]
    for message in messages:
        [place] = chance.choices(range(partitions), weights)
        found[place].append(message)
    return found


def tables(t: sr.Table) -> dict[str, sr.Table]:
    """A table for each file but that of windows, whose rows may be late."""
    fit = t.linear_regression(t.y, t.x)
    return {
        "rows.csv": t,
        "line.csv": fit,
        "several.csv": t.linear_regression(t.y, t.x, t.z, statistics=("n", "r2", "std_error")),
        "keyed.csv": t.linear_regression(t.y, t.x, by=t.k),
        "classes.csv": t.linear_discriminant(t.k, t.x, t.z),
        "totals.csv": t.groupby(t.k).reduce(t.k, n=sr.reducers.count(), d=sr.reducers.sum(t.d)),
        "scores.csv": fit.predict_on(t),
    }


def write(t: sr.Table, folder: Path = Path()) -> list[sr.Output]:
    """All outputs but that of windows."""
    return [sr.io.csv.write(table, folder / name) for name, table in tables(t).items()]


def write_windows(t: sr.Table, folder: Path = Path()) -> list[sr.Output]:
    """That of windows."""
    behavior = sr.temporal.common_behavior(cutoff=100)
    windows = t.windowby(t.at, window=sr.temporal.tumbling(50), instance=t.k, behavior=behavior)
    return [sr.io.csv.write(windows.linear_regression(t.y, t.x), folder / "windows.csv")]


def standing(path: Path) -> Counter[tuple[str, ...]]:
    """What the changes of a file come to, whatever their times: how often each row stands."""
    lines = list(csv.reader(path.read_text().splitlines()))
    found: Counter[tuple[str, ...]] = Counter()
    for *row, _, diff in lines[1:]:
        found[tuple(row)] += int(diff)
    return +found


def state_of(directory: Path) -> tuple[list[bytes], dict[str, int], int, int]:
    """What a state holds that follows from the topic alone: sums without keys, offsets, rows, and rejects."""
    with Store(directory) as store:
        checkpoint = store.load()
    assert checkpoint is not None
    offsets = {str(p): offset for p, offset in checkpoint.offsets.items()}
    return (
        checkpoint.reductions,
        offsets,
        checkpoint.rows,
        sum(checkpoint.rejects.values()),
    )
