"""Rows that lack values, and the windows that tests put them in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

import streamreg as sr
from tests.support.gaps import EPOCH, written
from tests.support.window_runs import (
    FIRST,
    GRIDS,
    as_float,
    as_int,
)
from tests.support.windows import (
    Partition,
    Windowed,
    in_grid,
    in_last,
    in_sessions,
)

SHARE = 0.15


CUTOFF = 15


class Whole(sr.Schema):
    at: int | None
    x: float | None
    y: float | None
    k: str | None


class Precise(sr.Schema):
    at: float | None
    x: float | None
    y: float | None
    k: str | None


class Dated(sr.Schema):
    at: datetime | None = sr.column(unit="s")
    x: float | None
    y: float | None
    k: str | None


SCHEMAS: dict[str, type[sr.Schema]] = {"int": Whole, "float": Precise, "datetime": Dated}


SHOWN: dict[str, Callable[[Fraction], str]] = {
    "int": as_int,
    "float": as_float,
    "datetime": lambda time: written(EPOCH + timedelta(seconds=int(time))),
}


def window_of(kind: str, time: str = "int") -> sr.temporal.Window:
    """Windows of the lengths that `defined` has."""

    def span(length: int) -> timedelta | int:
        return timedelta(seconds=length) if time == "datetime" else length

    if kind == "last":
        return sr.temporal.last(rows=20)
    if kind == "session":
        return sr.temporal.session(max_gap=span(3))
    grid = {name: grid for name, _, grid in GRIDS}[kind]
    return sr.temporal.sliding(span(grid["hop"]), span(grid["duration"]))


def defined(topic: Sequence[Partition], kind: str, cutoff: float | None = CUTOFF) -> Windowed:
    """What is in the windows."""
    if kind == "last":
        return in_last(topic, 20, FIRST)
    if kind == "session":
        return in_sessions(topic, 3, cutoff, FIRST)
    grid = {name: grid for name, _, grid in GRIDS}[kind]
    return in_grid(topic, **grid, cutoff=cutoff, first_offset=FIRST)
