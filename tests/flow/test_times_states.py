"""Times and a state: what it knows of time zones and constants, and timedeltas as keys."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._core import time_zone
from streamreg._state import job_identity
from streamreg._state.snapshot import read
from tests.support.changelog import current, inserted

START = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)
STEP = timedelta(minutes=15)
BERLIN = ZoneInfo("Europe/Berlin")


def test_a_state_knows_the_rules_of_its_time_zones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of the database is no matter where its clocks show the same; other rules are refused."""

    class Local(sr.Schema):
        at: datetime = sr.column(tz="Europe/Berlin")
        x: float

    def write(messages: list[bytes]) -> sr.Summary:
        t = testing.read([messages], schema=Local, header=["at", "x"])
        sr.io.csv.write(t.reduce(n=sr.reducers.count()), "n.csv")
        return sr.run(processes=0, state="state")

    lines = [b"2026-07-01T12:00:00,1", b"2026-07-01T12:00:01,2", b"2026-07-01T12:00:02,3"]
    write(lines[:1])
    rules, database = time_zone("Europe/Berlin")
    zones = read(Path("state")).job["time zones"]
    assert zones == {"Europe/Berlin": {"rules": rules, "database": database}}
    monkeypatch.setattr(job_identity, "time_zone", lambda _: (rules, "2031a"))
    assert write(lines[:2]).rows == 2
    assert read(Path("state")).job["time zones"]["Europe/Berlin"]["database"] == "2031a"
    monkeypatch.setattr(job_identity, "time_zone", lambda _: (rules + 1, "2032a"))
    with pytest.raises(sr.StateError, match=r"Europe/Berlin by version 2031a .* has version 2032a"):
        write(lines)
    sr.clear()
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert write(lines).rows == 3


def test_timedeltas_are_keys(folder: Path) -> None:
    """In the order of their lengths, the missing one first; a run goes on with them, and a state opens one."""

    class Gap(sr.Schema):
        gap: timedelta | None
        x: float
        y: float

    cells = ["PT1S", "", "-PT1S", "PT1M", "PT60S", "P1D", "PT0.000001S"]
    lines = [f"{cell},{x},{x * at}".encode() for at, cell in enumerate(cells) for x in range(3)]

    def write(count: int) -> None:
        t = testing.read([lines[:count]], schema=Gap, header=["gap", "x", "y"], batch=4)
        counted = t.groupby(t.gap).reduce(t.gap, n=sr.reducers.count())
        sr.io.csv.write(counted, "counts.csv")
        sr.io.csv.write(t.linear_regression(t.y, t.x, by=t.gap), "fit.csv")
        sr.run(processes=0, state="state")

    write(8)
    write(len(lines))
    texts = ["", "-PT1S", "PT0.000001S", "PT1S", "PT1M", "PT24H"]
    found = current("counts.csv", 1, "gap", "n")
    assert {key: row[1] for (key,), row in found.items()} == {
        text: "6" if text == "PT1M" else "3" for text in texts
    }
    opened = sr.LinearRegression.from_state("state", key=timedelta(days=1))
    assert (opened.intercept_, *opened.coef_) == (0.0, 5.0)
    with pytest.raises(
        sr.ConfigurationError, match=r"by gap \(timedelta \| None\), and there is none"
    ):
        sr.LinearRegression.from_state("state", key=timedelta(days=2))


def test_a_state_knows_constants_and_options(folder: Path) -> None:
    """Another origin, or another time zone of a column, is another job."""

    def write(origin: datetime, zone: str) -> None:
        schema = type(
            "Local",
            (sr.Schema,),
            {"__annotations__": {"at": datetime}, "at": sr.column(tz=zone)},
        )
        t = testing.read([[b"2026-07-01T12:00:00"]], schema=schema, header=["at"])
        floor = sr.floor_time(t.at, timedelta(hours=5), origin=origin)
        sr.io.csv.write(t.select(floor=floor, moved=t.at - timedelta(hours=1)), "out.csv")
        sr.run(processes=0, state="state")

    write(START, "Europe/Berlin")
    assert inserted("out.csv", "floor", "moved") == [
        ("2026-07-01T06:30:00Z", "2026-07-01T09:00:00Z")
    ]
    write(START.astimezone(BERLIN), "Europe/Berlin")
    with pytest.raises(sr.StateError, match="another job: program"):
        write(START + STEP, "Europe/Berlin")
    sr.clear()
    with pytest.raises(sr.StateError, match="another job: schema: at: it was 'datetime tz=Eur"):
        write(START, "Asia/Tokyo")
