"""Windows across a change of the clocks: times are UTC, so that a local day has 23 or 25 hours."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support.changelog import current, rejects

BERLIN: Final = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
HOUR: Final = timedelta(hours=1)
COLUMNS = ("window_start", "window_end", "n")


class Timed(sr.Schema):
    at: datetime = sr.column(tz="Europe/Berlin")
    x: float


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)


def local_texts(day: date) -> list[str]:
    """The clock of that day each ten minutes, as it is read off the wall; what it shows twice is left away."""
    found, moment = [], midnight(day)
    while moment < midnight(day + timedelta(days=1)):
        found.append(moment.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M:%S"))
        moment += timedelta(minutes=10)
    shown = Counter(found)
    return [text for text in found if shown[text] == 1]


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 7, 1), 24)])
def test_a_day_has_the_hours_that_pass(folder: Path, day: date, hours: int) -> None:
    """With an offset, every row is in the hour in which it was: so many windows of six rows each."""
    begin, end = midnight(day), midnight(day + timedelta(days=1))
    assert end - begin == hours * HOUR
    moments = [begin + step * timedelta(minutes=10) for step in range(6 * hours)]
    lines = [f"{moment.astimezone(BERLIN).isoformat()},1".encode() for moment in moments]
    t = read([[b"at,x", *lines]], schema=Timed)
    w = t.windowby(t.at, window=sr.temporal.tumbling(HOUR))
    sr.io.csv.write(w.reduce(n=sr.reducers.count()), "hours.csv")
    sr.run(processes=0, rejects="rejects.jsonl")
    starts = [begin + step * HOUR for step in range(hours)]
    expected = {
        (iso(start), iso(start + HOUR)): (iso(start), iso(start + HOUR), "6") for start in starts
    }
    assert current("hours.csv", 2, *COLUMNS) == expected
    assert rejects("rejects.jsonl") == []


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_local_times_are_those_of_the_zone(folder: Path, day: date, hours: int) -> None:
    """Without an offset too; what the clock shows twice, or not at all, is a reject, and in no window."""
    begin = midnight(day)
    texts = local_texts(day)
    odd = [f"{day}T02:{minute:02}:00" for minute in range(0, 60, 10)]
    lines = [f"{text},1".encode() for text in (*texts, *odd)]
    t = read([[b"at,x", *lines]], schema=Timed)
    w = t.windowby(t.at, window=sr.temporal.tumbling(HOUR))
    sr.io.csv.write(w.reduce(n=sr.reducers.count()), "hours.csv")
    sr.run(processes=0, rejects="rejects.jsonl")
    found = current("hours.csv", 2, *COLUMNS)
    starts = [begin + step * HOUR for step in range(hours)]
    # In autumn the clock goes through the third hour twice.
    twice = starts[2:4] if day == AUTUMN else []
    assert set(found) == {(iso(s), iso(s + HOUR)) for s in starts if s not in twice}
    assert {row[2] for row in found.values()} == {"6"}
    assert len(rejects("rejects.jsonl")) == len(odd)


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_a_window_of_a_day_has_24_hours(folder: Path, day: date) -> None:
    """Windows have one length: a day that begins at local midnight ends an hour beside the next one."""
    begin = midnight(day)
    lines = [f"{iso(begin + hour * HOUR)},1".encode() for hour in range(48)]
    t = read([[b"at,x", *lines]], schema=Timed)
    days = sr.temporal.tumbling(timedelta(days=1), origin=begin)
    sr.io.csv.write(t.windowby(t.at, window=days).reduce(n=sr.reducers.count()), "days.csv")
    sr.run(processes=0)
    found = current("days.csv", 2, *COLUMNS)
    assert [row[2] for row in found.values()] == ["24", "24"]
    assert min(found)[0] == iso(begin)
    assert min(found)[1] == iso(begin + 24 * HOUR) != iso(midnight(day + timedelta(days=1)))
