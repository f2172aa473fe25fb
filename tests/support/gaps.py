"""Rows with missing values: drawn at random, as messages, and as files have them."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

import streamreg as sr
from tests.support.rationals import fit, nearest, solve

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Gap(NamedTuple):
    """A row; None is missing."""

    k: str | None
    n: int | None
    x: float | None
    w: float | None
    d: Decimal | None
    at: datetime | None
    gap: timedelta | None
    on: bool | None
    y: float | None


class GapSchema(sr.Schema):
    """The columns of a row."""

    k: str | None
    n: int | None
    x: float | None
    w: float | None
    d: Decimal | None
    at: datetime | None = sr.column(unit="ms")
    gap: timedelta | None
    on: bool | None
    y: float | None


COLUMNS = Gap._fields


def drawn(seed: int, count: int) -> list[Gap]:
    """Rows in which about one value in six is missing, and sometimes most."""
    chance = random.Random(seed)

    def row() -> Gap:
        share = chance.choice([0.0, 0.15, 0.15, 0.8])
        values = Gap(
            chance.choice(["a", "b", "", "c,d"]),
            chance.choice([-7, -3, -2, -1, 1, 2, 4, 5, 9]),
            chance.choice([1.5, -0.0, chance.gauss(0, 3), chance.randrange(-4, 5) / 4]),
            chance.randrange(9) / 8,
            Decimal(chance.randrange(-500, 500)) / 100,
            EPOCH + timedelta(milliseconds=chance.randrange(10**12)),
            timedelta(milliseconds=chance.randrange(-(10**6), 10**6)),
            chance.random() < 0.5,
            chance.gauss(1, 2),
        )
        return Gap._make(None if chance.random() < share else value for value in values)

    return [row() for _ in range(count)]


def written(value: object) -> str:
    """A value as files have it; a missing one is an empty cell."""
    match value:
        case None:
            return ""
        case bool() | int():
            return str(value)
        case float():
            return repr(value)
        case Decimal():
            return format(value.normalize(), "f") if value else "0"
        case datetime():
            text = value.isoformat()
            head, point, rest = text.removesuffix("+00:00").partition(".")
            return f"{head}{point}{rest}Z"
        case timedelta():
            return written_gap(value)
        case _:
            return str(value)


def written_gap(gap: timedelta) -> str:
    """A duration of ISO 8601, as files have it."""
    micros = gap // timedelta(microseconds=1)
    minutes, rest = divmod(abs(micros), 60 * 10**6)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    seconds = f"{rest // 10**6}.{rest % 10**6:06}".rstrip("0").rstrip(".")
    date = f"{days}D" if days else ""
    clock = f"{hours}H" * bool(hours) + f"{minutes}M" * bool(minutes)
    clock += f"{seconds}S" if rest or not micros else ""
    return f"{'-' if micros < 0 else ''}P{date}{'T' + clock if clock else ''}"


def fields(row: Gap) -> dict[str, str | None]:
    """The texts of a message."""
    texts = {name: written(value) for name, value in row._asdict().items()}
    if row.at is not None:
        texts["at"] = str((row.at - EPOCH) // timedelta(milliseconds=1))
    missing = {name for name, value in row._asdict().items() if value is None}
    return {name: None if name in missing else text for name, text in texts.items()}


def messages(rows: Sequence[Gap], format: Literal["csv", "json"]) -> list[bytes]:
    """A message for each row; in JSON a missing value is null, or its member is not there."""
    return [_csv(row) if format == "csv" else _json(row, at) for at, row in enumerate(rows)]


def _csv(row: Gap) -> bytes:
    cells = []
    for name, text in fields(row).items():
        quoted = name == "k" and text is not None and (text == "" or "," in text)
        cells.append(f'"{text}"' if quoted else text or "")
    return ",".join(cells).encode()


def _json(row: Gap, at: int) -> bytes:
    members = {}
    for place, (name, text) in enumerate(fields(row).items()):
        if text is not None:
            members[name] = json.dumps(text) if name in ("k", "gap") else text
            members[name] = text.lower() if name == "on" else members[name]
        elif (at + place) % 2:
            members[name] = "null"
    return ("{" + ", ".join(f'"{name}": {text}' for name, text in members.items()) + "}").encode()


def whole(rows: Sequence[Gap], *names: str) -> list[list[Fraction]]:
    """These columns of the rows that lack none of them, as rationals, a list for each column."""
    cells = [[getattr(row, name) for name in names] for row in rows]
    kept = [row for row in cells if None not in row]
    return [[rational(row[at]) for row in kept] for at in range(len(names))]


def rational(value: object) -> Fraction:
    """A number exactly, a time in seconds."""
    if isinstance(value, datetime):
        value = value - EPOCH
    if isinstance(value, timedelta):
        return Fraction(value // timedelta(microseconds=1), 10**6)
    assert isinstance(value, int | float | Decimal)
    return Fraction(value)


def coefficients(rows: Sequence[Gap], *names: str) -> tuple[str, ...]:
    """Intercept and slopes of the last column on those before it, as a changelog has them; then the number of rows."""
    columns = whole(rows, *names)
    count = len(columns[0])
    found = fit(columns)
    if not count:
        return (*[""] * len(names), "0")
    texts = ["0.0"] * len(names) if found is None else [repr(nearest(one)) for one in found]
    return (*texts, str(count))


def weighted(rows: Sequence[tuple[Fraction, Fraction, Fraction]]) -> list[Fraction] | None:
    """Intercept and slope of (x, y, weight), from the normal equations."""

    def sums(power: int, of_y: int) -> Fraction:
        return sum((w * x**power * y**of_y for x, y, w in rows), Fraction())

    return solve([[sums(0, 0), sums(1, 0), sums(0, 1)], [sums(1, 0), sums(2, 0), sums(1, 1)]])
