"""A program whose windows can be in shards: of every kind, closed early, late and never, with rows that come late."""

import json
import random
from pathlib import Path

import streamreg as sr
from streamreg._language.windowed_table import WindowedTable


class Event(sr.Schema):
    k: str
    m: int | None
    at: float | None
    x: float
    y: float | None


CLOSING = (
    *("final.csv", "early.csv", "kept.csv", "extremes.csv", "sessions.csv", "whole_sessions.csv"),
    *("all.csv", "fits.csv", "rows.csv", "classes.csv", "session_classes.csv"),
)
"""A row that comes late for all of their windows is a reject."""

ENDLESS = ("last.csv", "open.csv", "shown.csv", "last_classes.csv")


def events(count: int, seed: int, keys: int = 12, late: float = 0.02) -> list[bytes]:
    """Messages in about the order of their times; some come late, lack a time, or have values that are in no sum."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        at = number / 4 - (
            chance.choice([80, 400]) if chance.random() < late else chance.uniform(0, 6)
        )
        cells = {
            "k": chance.choice(["", "a", "a\0", "z" * 40, *map(str, range(keys))]),
            "m": chance.choice([None, 7, 8]),
            "at": None if chance.random() < 0.01 else at,
            "x": chance.uniform(-1, 1) * 10.0 ** chance.randrange(-6, 7),
            "y": chance.gauss(0, 1) if chance.random() < 0.99 else None,
        }
        found.append(b"{" if chance.random() < 0.01 else json.dumps(cells).encode())
    return found


def tables(t: sr.Table, idle: float | None = None) -> dict[str, sr.Table]:
    """A table for each file; `idle` is the time in seconds after which an idle partition is passed."""
    temporal = sr.temporal
    grid = temporal.sliding(20.0, 50.0, origin=3.3)
    gap = temporal.session(max_gap=6.0)
    once = temporal.exactly_once_behavior(7.5, idle_timeout=idle)

    def early(
        delay: float | None, cutoff: float | None, *, keep: bool = True
    ) -> sr.temporal.Behavior:
        return temporal.common_behavior(delay, cutoff, keep, idle_timeout=idle)

    def windows(
        window: sr.temporal.Window, behavior: sr.temporal.Behavior | None, *instance: sr.Expression
    ) -> WindowedTable:
        return t.windowby(t.at, window=window, instance=instance, behavior=behavior)

    kept = windows(grid, early(None, 0.0), t.k).linear_regression(t.y, t.x, statistics=("n", "r2"))
    extremes = windows(grid, early(30.0, 40.0), t.k)
    whole = windows(gap, once, t.m, t.k)
    return {
        "final.csv": windows(temporal.tumbling(25.0), once, t.k).linear_regression(t.y, t.x),
        "early.csv": windows(grid, early(10.0, 30.0, keep=False), t.m, t.k).linear_regression(
            t.y, t.x
        ),
        "kept.csv": kept.filter(kept.x > 0).select(kept.k, kept.window_end, double=kept.x * 2),
        "extremes.csv": extremes.reduce(y=sr.reducers.max(t.y)),
        "sessions.csv": windows(gap, early(4.0, 20.0, keep=False), t.k).linear_regression(t.y, t.x),
        "whole_sessions.csv": whole.reduce(n=sr.reducers.count()),
        "all.csv": windows(temporal.tumbling(25.0), early(None, 5.0)).linear_regression(t.y, t.x),
        "fits.csv": t.linear_regression(t.y, t.x, by=t.k),
        "rows.csv": t,
        "classes.csv": windows(grid, early(None, 20.0), t.k).linear_discriminant(t.m, t.x),
        "session_classes.csv": windows(
            gap, early(None, 20.0, keep=False), t.k
        ).gaussian_naive_bayes(t.m, t.x),
        "last_classes.csv": windows(temporal.last(rows=9), None, t.k).linear_discriminant(t.m, t.x),
        "last.csv": windows(temporal.last(rows=5), None, t.k).linear_regression(t.y, t.x),
        "open.csv": windows(temporal.tumbling(100.0), None, t.k).linear_regression(t.y, t.x),
        "shown.csv": windows(grid, early(60.0, None), t.k).linear_regression(t.y, t.x),
    }


def write(
    t: sr.Table, files: tuple[str, ...], folder: Path = Path(), idle: float | None = None
) -> list[sr.Output]:
    """Some of the outputs."""
    made = tables(t, idle)
    return [sr.io.csv.write(made[name], folder / name) for name in files]
