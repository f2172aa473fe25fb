"""Stage 4 of a job file, windows: rows by their times, and when results are closed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from streamreg._core import micros_of_texts
from streamreg._dataclass import dataclass
from streamreg._jobs.check import Section, describe, listed, near
from streamreg._language.windows import Behavior, Grid, Last, Point, Session, Span, Window
from streamreg._types import EVENT_TIMES, INT_MAX, INT_MIN, SourceType, held_type

KINDS: Final = ("tumbling", "sliding", "session", "last")
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "tumbling": ("duration", "origin"),
    "sliding": ("hop", "duration", "origin"),
    "session": ("max_gap",),
    "last": ("rows",),
}
_OF_BEHAVIOR: Final = ("delay", "cutoff", "keep_results", "exactly_once", "shift", "idle_timeout")
_NOT_FINAL: Final = ("delay", "cutoff", "keep_results")
_MOST: Final = sys.float_info.max
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class JobWindow:
    """Windows over a column."""

    time: str
    window: Window
    behavior: Behavior | None

    @property
    def scores_rows(self) -> bool:
        """Whether there ever is a window that rows can be scored by: a closed one, or that of the last rows."""
        if self.behavior is None:
            return isinstance(self.window, Last)
        return self.behavior.final or self.behavior.cutoff is not None


def read_window(table: Section, schema: Mapping[str, SourceType]) -> JobWindow | None:
    """The windows that a job has, if it has such; where a problem was noted they are of no use."""
    kind = table.choice("kind", KINDS)
    time = table.string("time", required=False)
    values = _Values(table, held_type(schema.get(time, "") or "datetime"))
    spans = {key: values.span(key) for key in ("duration", "hop", "max_gap")}
    origin = values.point("origin")
    rows = table.integer("rows", 1, INT_MAX)
    behavior = _behavior(table, values)
    table.close()
    if table.empty:
        return None
    for key, missing in (("kind", kind is None), ("time", not time)):
        if missing and not table.has(key):
            table.problem(key, "missing")
    if time and schema and time not in schema:
        table.problem("time", f"{describe(time)} is no column of the schema{near(time, schema)}")
    elif schema.get(time) and held_type(schema[time]) not in EVENT_TIMES:
        held = held_type(schema[time])
        table.problem("time", f"{describe(time)} is {held}: times are {listed(EVENT_TIMES)}")
    if kind is None:
        return None
    for key in {key for keys in _OF_KIND.values() for key in keys}:
        if key in _OF_KIND[kind]:
            if key != "origin" and not table.has(key):
                table.problem(key, "missing")
        elif table.has(key):
            table.problem(key, f"not of {describe(kind)}: it has {listed(_OF_KIND[kind])}")
    if kind == "last" and behavior is not None:
        table.problem(
            "kind", 'the last rows are never closed: leave what belongs to "behavior" away'
        )
    return JobWindow(time=time, window=_window(kind, spans, origin, rows), behavior=behavior)


def _window(
    kind: str, spans: Mapping[str, Span | None], origin: Point | None, rows: int | None
) -> Window:
    duration, hop, gap = (spans[key] or 1 for key in ("duration", "hop", "max_gap"))
    if kind == "session":
        return Session(gap)
    if kind == "last":
        return Last(rows or 1)
    return Grid(kind, hop if kind == "sliding" else duration, duration, origin)


def _behavior(table: Section, values: _Values) -> Behavior | None:
    delay, cutoff, shift = (values.span(key, least=0) for key in ("delay", "cutoff", "shift"))
    final = table.boolean("exactly_once", False)
    keep = table.boolean("keep_results", True)
    idle = _Values(table, "datetime").span("idle_timeout")
    if not any(table.has(key) for key in _OF_BEHAVIOR):
        return None
    for key in _NOT_FINAL if final else ("shift",):
        if table.has(key):
            has = "without exactly_once" if final else "with exactly_once = true"
            table.problem(key, f"only {has}")
    seconds = idle.total_seconds() if isinstance(idle, timedelta) else None
    if final:
        return Behavior(cutoff=shift, final=True, idle_timeout=seconds)
    return Behavior(delay, cutoff, keep, idle_timeout=seconds)


class _Values:
    """Times and lengths, as they are written for a column."""

    def __init__(self, table: Section, dtype: str) -> None:
        self._table = table
        self._dtype = dtype

    def span(self, key: str, least: int = 1) -> Span | None:
        """A length; `least` is 1 where it must not be 0."""
        above = "above 0" if least else "of 0 or more"
        if self._dtype == "datetime":
            micros = self._micros(key, "timedelta", f'a duration {above}, such as "PT5M"')
            if micros is None:
                return None
            found: Span = timedelta(microseconds=micros)
            valid = micros >= least
        else:
            number = self._number(key, f"a number {above}")
            if number is None:
                return None
            found, valid = number, number > 0 or (number == 0 and not least)
        if not valid:
            self._table.problem(key, f"expected a length {above}, found {self._table.shown(key)}")
            return None
        return found

    def point(self, key: str) -> Point | None:
        """A point in time."""
        if self._dtype != "datetime":
            return self._number(key, "a number")
        micros = self._micros(key, "datetime", 'a time such as "2026-01-01T00:00Z"')
        return None if micros is None else _EPOCH + timedelta(microseconds=micros)

    def _micros(self, key: str, kind: str, expected: str) -> int | None:
        text = self._table.string(key, required=False)
        if not text:
            return None
        micros, bad = micros_of_texts("timedelta" if kind == "timedelta" else "datetime", [text])
        if bad[0]:
            self._table.problem(key, f"expected {expected}, found {self._table.shown(key)}")
            return None
        return int(micros[0])

    def _number(self, key: str, expected: str) -> int | float | None:
        if self._dtype == "int":
            return self._table.integer(key, INT_MIN, INT_MAX)
        if not self._table.has(key):
            return None
        return self._table.number(key, 1.0, lambda value: abs(value) <= _MOST, expected)
