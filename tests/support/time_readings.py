"""Readings with times of every kind, across the end of summer time, and what is written of them."""

import json
import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

import streamreg as sr
from streamreg import testing

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


START = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)


STEP = timedelta(minutes=15)


BERLIN = ZoneInfo("Europe/Berlin")


Row = tuple[datetime, timedelta, float]


class Reading(sr.Schema):
    at: datetime
    shown: datetime = sr.column(tz="Europe/Berlin")
    sent: datetime = sr.column(unit="ms")
    gap: timedelta
    y: float


COLUMNS = ("at", "shown", "sent", "gap", "y")


def readings() -> list[Row]:
    """Readings every quarter of an hour or so, across the end of summer time."""
    chance = random.Random(7)
    return [
        (
            START + at * STEP + timedelta(microseconds=chance.randrange(10**6)),
            timedelta(microseconds=chance.randrange(-(10**9), 10**9)),
            chance.gauss(0, 1) + at / 10,
        )
        for at in range(80)
    ]


def is_twice(at: datetime) -> bool:
    """Whether Berlin's clocks show this time twice."""
    local = at.astimezone(BERLIN).replace(tzinfo=None)
    return len({local.replace(tzinfo=BERLIN, fold=fold).utcoffset() for fold in (0, 1)}) > 1


ROWS = readings()


KEPT = [row for row in ROWS if not is_twice(row[0])]


WRONG = [
    ("2026-11-28T16:10:34", "clock"),
    ("2026-11-28T16:10:34Z", "PT0.0000001S"),
    ("2026-02-30T16:10:34Z", "PT1S"),
    ("2026-11-28T16:10:34Z", "P1M"),
]


REASONS = ["invalid-datetime", "timedelta-range", "invalid-datetime", "invalid-timedelta"]


def seconds(value: datetime | timedelta) -> Fraction:
    gap = value - EPOCH if isinstance(value, datetime) else value
    return Fraction(gap // timedelta(microseconds=1), 10**6)


def iso(at: datetime) -> str:
    """As files have it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def fields(row: Row) -> dict[str, str]:
    """A reading as its message has it: with an offset, as Berlin's clocks show it, and since 1970."""
    at, gap, y = row
    local = at.astimezone(BERLIN).replace(tzinfo=None)
    return {
        "at": at.astimezone(BERLIN).isoformat(),
        "shown": local.isoformat(" "),
        "sent": str(float(seconds(at) * 1000)),
        "gap": f"{'-' if gap < timedelta(0) else ''}P0DT{abs(gap).total_seconds():.6f}S",
        "y": repr(y),
    }


def messages(format: str) -> list[list[bytes | None]]:
    found = [fields(row) for row in ROWS]
    found += [fields(ROWS[0]) | {"at": at, "gap": gap} for at, gap in WRONG]
    texts = []
    for each in found:
        if format == "csv":
            texts.append(",".join(each.values()))
        else:
            quoted = {k: v if k in ("sent", "y") else json.dumps(v) for k, v in each.items()}
            texts.append("{" + ", ".join(f'"{k}": {v}' for k, v in quoted.items()) + "}")
    encoded: list[bytes | None] = [text.encode() for text in texts]
    return [encoded[::2], encoded[1::2]]


def hour_of(at: datetime, gap: timedelta) -> datetime:
    return (at + gap).astimezone(BERLIN).replace(minute=0, second=0, microsecond=0)


def tables(format: Literal["csv", "json"], count: int) -> dict[str, sr.Table]:
    """What is written, from the first messages of each partition."""
    parts = [part[:count] for part in messages(format)]
    header = list(COLUMNS) if format == "csv" else None
    t = testing.read(parts, schema=Reading, format=format, header=header, batch=9)
    hour = t.select(*sr.this, hour=sr.floor_time(t.at, timedelta(hours=1)))
    fit = t.linear_regression(t.y, t.at, t.gap)
    return {
        "rows.csv": t,
        "computed.csv": t.select(
            late=t.at - t.sent,
            then=sr.if_else(t.gap > timedelta(0), t.at + t.gap, START),
            share=t.gap / STEP,
            clock=sr.apply(hour_of, t.at, t.gap),
            text=sr.cast(str, -t.gap),
        ),
        "scores.csv": fit.predict_on(t).select(*sr.this, eta=t.at + abs(t.gap)),
        "fit.csv": fit,
        "weighted.csv": t.linear_regression(t.gap, sr.poly(t.at, 2), weights=abs(t.gap)),
        "sums.csv": t.reduce(
            n=sr.reducers.count(),
            first=sr.reducers.min(t.at),
            longest=sr.reducers.max(t.gap),
            total=sr.reducers.sum(t.gap),
            mean=sr.reducers.avg(t.gap),
            span=sr.reducers.max(t.at) - sr.reducers.min(t.at),
            slope=sr.reducers.regr_slope(t.y, t.at),
        ),
        "hours.csv": hour.groupby(hour.hour).reduce(
            hour.hour, n=sr.reducers.count(), gap=sr.reducers.sum(hour.gap)
        ),
    }
