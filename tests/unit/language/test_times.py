"""Times in the language: types, constants, messages, and Python functions that take and give them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import streamreg as sr
from streamreg import reducers, testing

TableOf = Callable[..., sr.Table]

HOUR = timedelta(hours=1)
THEN = datetime(2026, 11, 28, 16, 10, 34, tzinfo=UTC)
NAIVE = THEN.replace(tzinfo=None)
NUMBER: Any = 300


def test_types_of_results(table_of: TableOf) -> None:
    """The type of an expression with times is known when it is written."""
    t: Any = table_of(at=datetime, gap=timedelta, n=int)
    day: Any = np.datetime64("2026-11-28", "ns")
    hour: Any = np.timedelta64(1, "h")
    types: dict[str, list[Any]] = {
        "datetime": [
            t.at + t.gap,
            t.gap + t.at,
            t.at - HOUR,
            THEN + t.gap,
            sr.floor_time(t.at, HOUR),
            sr.floor_time(t.at, HOUR, origin=THEN),
            sr.if_else(t.n > 0, t.at, THEN),
            sr.minimum(t.at, THEN),
            sr.cast(datetime, t.n),
            day + t.gap,
            pd.Timestamp(THEN) + t.gap,
        ],
        "timedelta": [
            t.at - t.at,
            THEN - t.at,
            t.at - day,
            t.gap + HOUR,
            HOUR - t.gap,
            t.gap * 2,
            t.n * t.gap,
            hour * t.n,
            t.gap % HOUR,
            -t.gap,
            +t.gap,
            abs(t.gap),
            sr.cast(timedelta, t.n / 2),
            sr.cast(timedelta, sr.cast(str, t.gap)),
        ],
        "float": [t.gap / HOUR, HOUR / t.gap, sr.cast(float, t.at)],
        "int": [t.gap // HOUR, sr.cast(int, t.gap)],
        "decimal": [sr.cast(Decimal, t.at)],
        "str": [sr.cast(str, t.gap)],
        "bool": [t.at > THEN, t.gap == HOUR, t.at >= THEN, hour != t.gap],
    }
    for dtype, expressions in types.items():
        assert [e.dtype for e in expressions] == [dtype] * len(expressions)


MISTAKES: list[tuple[Callable[[Any], object], str]] = [
    (lambda t: t.at + t.at, r"\+ cannot take at \(datetime\) and at \(datetime\): times go"),
    (lambda t: t.at + 1, r"\+ cannot take at \(datetime\) and 1 \(int\).*sr.cast\(float"),
    (lambda t: t.gap - t.at, r"- cannot take gap \(timedelta\) and at \(datetime\)"),
    (lambda t: t.gap * 1.5, r"\* cannot take gap \(timedelta\) and 1.5 \(float\)"),
    (lambda t: t.gap * t.gap, r"\* cannot take"),
    (lambda t: -t.at, r"negative cannot take at \(datetime\)|- cannot take at"),
    (lambda t: sr.log(t.gap), r"log takes numbers, but gap is timedelta; sr.cast\(float, gap\)"),
    (lambda t: t.gap**2, r"\*\* takes numbers, but gap is timedelta; sr.cast"),
    (lambda t: t.at < t.gap, r"< cannot compare at \(datetime\) with gap \(timedelta\); a datet"),
    (lambda t: t.at == "2026-11-28", "== cannot compare at"),
    (lambda t: t.at > NAIVE, r"has no time zone: give it one, like datetime\(…, tzinfo=UTC\)"),
    (lambda t: t.at - np.datetime64("NaT", "s"), "is no datetime in 64 bits of whole microseconds"),
    (lambda t: t.gap + np.timedelta64(1, "ns"), "is no timedelta in 64 bits of whole microseconds"),
    (lambda t: t.gap + np.timedelta64(1, "Y"), "is no timedelta in 64 bits"),
    (lambda t: t.at - np.datetime64("12026-11-28"), "is no datetime in 64 bits"),
    (lambda t: t.gap + timedelta.max, "does not fit in 64 bits of microseconds"),
    (lambda t: sr.if_else(t.gap > HOUR, t.at, t.gap), "at is datetime and gap is timedelta"),
    (lambda t: sr.floor_time(t.gap, HOUR), "floor_time cannot take gap"),
    (lambda t: sr.floor_time(t.at, t.gap), "floor_time: the duration is a timedelta, not gap"),
    (lambda t: sr.floor_time(t.at, NUMBER), "floor_time: the duration is a timedelta, not 300"),
    (lambda t: sr.floor_time(t.at, timedelta(0)), "the duration is above zero"),
    (lambda t: sr.floor_time(t.at, HOUR, origin=NAIVE), "has no time zone"),
    (lambda t: sr.cast(bool, t.gap), "gap is timedelta, which cannot become bool"),
    (lambda t: sr.cast(int, sr.cast(str, t.at)), "which cannot become int"),
    (lambda t: t.reduce(s=reducers.sum(t.at)), r"sum\(at\): points in time have no sum"),
    (lambda t: t.reduce(s=reducers.avg(sr.this.at)), r"avg\(.*at\): points in time have no sum"),
    (lambda t: t.linear_discriminant(t.at, t.x), "the label at is datetime, but labels are str"),
    (lambda t: t.linear_discriminant(t.s, t.at), "takes numbers, but at is datetime; sr.cast"),
    (lambda t: t.linear_discriminant(t.gap, t.x), "the label gap is timedelta, but labels are"),
]


@pytest.mark.parametrize(("write", "message"), MISTAKES)
def test_mistakes_are_found_when_written(
    table_of: TableOf, write: Callable[[Any], object], message: str
) -> None:
    """The error comes from the line with the mistake, and says what goes together."""
    with pytest.raises(sr.ProgramError, match=message):
        write(table_of(at=datetime, gap=timedelta, x=float, s=str))


# NumPy 2.5 and later warns of a time without a unit where it is made.
@pytest.mark.filterwarnings("ignore:The 'generic' unit:DeprecationWarning")
def test_a_missing_time_without_a_unit(table_of: TableOf) -> None:
    """It is found like one with a unit, whatever NumPy says of it beforehand."""
    missing: Any = np.datetime64("NaT")
    with pytest.raises(sr.ProgramError, match="is no datetime in 64 bits of whole microseconds"):
        table_of(at=datetime).at - missing


class Event(sr.Schema):
    at: datetime
    gap: timedelta
    n: int


def results(
    select: Callable[[Any], dict[str, Any]], *messages: str
) -> tuple[list[Any], sr.Summary]:
    """The rows of a table that is computed from events."""
    t = testing.read(
        [[message.encode() for message in messages]], schema=Event, header=["at", "gap", "n"]
    )
    found = testing.collect(t.select(**select(t)))
    summary = sr.run(processes=0)
    return [row for row, _, _ in found], summary


def later(at: datetime, gap: timedelta) -> datetime:
    assert at.tzinfo is UTC
    return (at + gap).astimezone(timezone(timedelta(hours=-5)))


def doubled(gap: timedelta) -> timedelta:
    subclass: timedelta = pd.Timedelta(2 * gap)
    return subclass


def of_numpy(n: int) -> datetime:
    found: Any = np.datetime64(n, "ms")
    return found  # type: ignore[no-any-return]  # taken for one


def test_functions_take_and_give_times() -> None:
    """They get datetimes in UTC, and may give any that say their time zone, and those of pandas and NumPy."""

    def select(t: sr.Table) -> dict[str, Any]:
        return {
            "later": sr.apply(later, t.at, t.gap),
            "doubled": sr.apply(doubled, t.gap),
            "numpy": sr.apply(of_numpy, t.n),
            "untyped": sr.apply(lambda at: at, t.at),
        }

    rows, _ = results(select, "2026-11-28T16:10:34Z,PT1.5S,1500")
    moved = THEN + timedelta(seconds=1.5)
    number = datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)
    assert rows == [(moved, timedelta(seconds=3), number, "2026-11-28T16:10:34Z")]
    assert rows[0][0].tzinfo is UTC


def beyond(at: datetime) -> datetime:
    """Still a datetime of Python's, but not in UTC."""
    return at.replace(tzinfo=timezone(timedelta(hours=-14)))


LEAVING: list[tuple[Callable[[Any], Any], str]] = [
    (lambda t: t.at + t.gap, "datetime-range"),
    (lambda t: t.gap * t.n, "timedelta-range"),
    (lambda t: sr.cast(datetime, t.n), "datetime-range"),
    (lambda t: sr.cast(timedelta, sr.cast(float, t.n)), "timedelta-range"),
    (lambda t: sr.cast(timedelta, 1.0 / (t.n - 1)), "non-finite"),
    (lambda t: sr.cast(timedelta, sr.if_else(t.n == 1, "PT1S", "1 s")), "invalid-timedelta"),
    (
        lambda t: sr.cast(datetime, sr.if_else(t.n == 1, "2026-01-01T00:00Z", "2026-01-01")),
        "invalid-datetime",
    ),
    (lambda t: t.gap // (t.gap - timedelta(seconds=1)), "division-by-zero"),
    (lambda t: sr.apply(beyond, t.at), "datetime-range"),
]


@pytest.mark.parametrize(("compute", "reason"), LEAVING, ids=range(len(LEAVING)))
def test_what_leaves_the_range_is_a_reject(compute: Callable[[Any], Any], reason: str) -> None:
    """Sums, products, casts and functions that come to no such time reject their row alone."""
    last, plain = f"9999-12-31T23:59:59Z,PT1S,{2**63 - 1}", "2026-11-28T16:10:34Z,PT2S,1"
    rows, summary = results(lambda t: {"r": compute(t)}, last, plain)
    assert summary.rejects == {reason: 1}
    assert len(rows) == 1


@pytest.mark.parametrize("typed", [True, False])
def test_a_naive_datetime_of_a_function_ends_the_run(typed: bool) -> None:
    """It does not say which time it is: a mistake of the program."""

    def naive(at: datetime) -> datetime:
        return at.replace(tzinfo=None)

    def select(t: sr.Table) -> dict[str, Any]:
        return {"r": sr.apply(naive, t.at) if typed else sr.apply(lambda at: naive(at), t.at)}

    with pytest.raises(sr.WorkerError, match=r"TypeError: column r: .*, which has no tzinfo"):
        results(select, "2026-11-28T16:10:34Z,PT1S,1")
