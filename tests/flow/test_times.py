"""Datetimes and timedeltas through a whole run, with a state, and verified afterwards."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Literal

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.inspect import describe
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read
from tests.support.changelog import changes, current, inserted, rejects, result
from tests.support.plans import csv_output
from tests.support.rationals import nearest
from tests.support.time_readings import (
    BERLIN,
    COLUMNS,
    EPOCH,
    KEPT,
    ROWS,
    START,
    STEP,
    Reading,
    Row,
    fields,
    hour_of,
    iso,
    messages,
    seconds,
    tables,
)


@pytest.fixture(params=[0, 2], ids=lambda number: f"processes={number}")
def processes(request: pytest.FixtureRequest) -> int:
    """Inline, and with two worker processes."""
    number: int = request.param
    return number


def least_squares(rows: list[Row]) -> list[float]:
    """Intercept and slopes of y on time and gap, in seconds, exactly from the definition (Cramer's rule)."""
    design = [(Fraction(1), seconds(at), seconds(gap)) for at, gap, _ in rows]
    target = [Fraction(y) for *_, y in rows]
    gram = [[sum(row[i] * row[j] for row in design) for j in range(3)] for i in range(3)]
    right = [sum(row[i] * y for row, y in zip(design, target, strict=True)) for i in range(3)]

    def determinant(m: list[list[Fraction]]) -> Fraction:
        (a, b, c), (d, e, f), (g, h, i) = m
        return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)

    whole = determinant(gram)  # type: ignore[arg-type]  # sums of fractions are fractions
    found = []
    for at in range(3):
        replaced = [[*row[:at], y, *row[at + 1 :]] for row, y in zip(gram, right, strict=True)]
        found.append(nearest(determinant(replaced) / whole))  # type: ignore[arg-type]
    return found


def half_even(number: Fraction) -> timedelta:
    return timedelta(microseconds=1) * round(number * 10**6)


@pytest.mark.parametrize("format", ["csv", "json"])
def test_oracle_a_run_of_times(
    folder: Path, processes: int, format: Literal["csv", "json"]
) -> None:
    """Two runs of one state give the exact result of all rows, and verify finds nothing wrong."""
    for count in (13, 1000):
        for name, table in tables(format, count).items():
            sr.io.csv.write(table, folder / name)
        summary = sr.run(processes=processes, state=folder / "state", rejects=folder / "rejects")
    twice = len(ROWS) - len(KEPT)
    assert twice > 3
    assert summary.rows == len(KEPT)
    assert summary.rejects == {
        "clock-change": twice,
        "invalid-datetime": 2,
        "invalid-timedelta": 1,
        "timedelta-range": 1,
    }
    told = {reject["detail"] for reject in rejects("rejects") if reject["column"] == "shown"}
    assert all(text.endswith("show this local time twice") for text in told)
    assert len(told) == twice

    written = inserted("rows.csv", *COLUMNS)
    assert sorted(written) == sorted(expected_rows())
    assert sorted(inserted("computed.csv", "late", "then", "share", "clock", "text")) == sorted(
        expected_computed()
    )
    assert result("fit.csv", "intercept", "at", "gap") == tuple(map(repr, least_squares(KEPT)))
    check_sums()
    check_hours()

    scored = changes("scores.csv", *COLUMNS, *sr_scores(), "eta")
    assert sorted(change.row[:5] for change in scored) == sorted(written)
    assert any(change.row[5] for change in scored)
    plan = compile_plan([csv_output(t, str(folder / n)) for n, t in tables(format, 1000).items()])
    checks = list(
        verify(plan, read(folder / "state"), folder / "rejects", report=print, tell=lambda *_: None)
    )
    assert [str(check) for check in checks if check.difference] == []
    shown = describe(read(folder / "state"))
    assert shown["job"]["schema"]["shown"] == "datetime tz=Europe/Berlin"
    assert shown["results"][str(folder / "sums.csv")]["first"] == iso(KEPT[0][0])


def sr_scores() -> tuple[str, ...]:
    return "prediction", "residual", "standardized_residual"


def written_gap(gap: timedelta) -> str:
    """A duration by hand."""
    micros = gap // timedelta(microseconds=1)
    minutes, rest = divmod(abs(micros), 60 * 10**6)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest // 10**6}.{rest % 10**6:06}".rstrip("0").rstrip(".")
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes else ""]
    parts.append(f"{text}S" if rest or not micros else "")
    return f"{'-' if micros < 0 else ''}PT{''.join(parts)}"


def expected_rows() -> Iterator[tuple[str, ...]]:
    for row in KEPT:
        at, gap, y = row
        sent = (
            EPOCH + timedelta(milliseconds=1) * 0 + half_even(Fraction(fields(row)["sent"]) / 1000)
        )
        yield iso(at), iso(at), iso(sent), written_gap(gap), repr(y)


def expected_computed() -> Iterator[tuple[str, ...]]:
    for at, gap, _ in KEPT:
        then = at + gap if gap > timedelta(0) else START
        share = nearest(seconds(gap) / seconds(STEP))
        yield (
            written_gap(timedelta(0)),
            iso(then),
            repr(share),
            iso(hour_of(at, gap)),
            written_gap(-gap),
        )


def check_sums() -> None:
    at, gaps, ys = zip(*KEPT, strict=True)
    total = sum(gaps, timedelta(0))
    mean_at = sum(map(seconds, at), Fraction()) / len(at)
    mean_y = sum(map(Fraction, ys), Fraction()) / len(ys)
    sxx = sum(((seconds(each) - mean_at) ** 2 for each in at), Fraction())
    pairs = zip(at, ys, strict=True)
    sxy = sum(((seconds(each) - mean_at) * (Fraction(y) - mean_y) for each, y in pairs), Fraction())
    names = ("n", "first", "longest", "total", "mean", "span", "slope")
    assert result("sums.csv", *names) == (
        str(len(KEPT)),
        iso(min(at)),
        written_gap(max(gaps)),
        written_gap(total),
        written_gap(half_even(seconds(total) / len(gaps))),
        written_gap(max(at) - min(at)),
        repr(nearest(sxy / sxx)),
    )


def check_hours() -> None:
    of: dict[datetime, list[timedelta]] = defaultdict(list)
    for at, gap, _ in KEPT:
        of[at.replace(minute=0, second=0, microsecond=0)].append(gap)
    assert current("hours.csv", 1, "hour", "n", "gap") == {
        (iso(hour),): (iso(hour), str(len(gaps)), written_gap(sum(gaps, timedelta(0))))
        for hour, gaps in of.items()
    }


def test_collected_times_are_those_of_python(folder: Path) -> None:
    """`collect` gives datetimes in UTC and timedeltas, and so do the results of a run's progress."""
    parts = messages("json")
    t = testing.read(parts, schema=Reading, format="json")
    found = testing.collect(t.reduce(first=sr.reducers.min(t.at), longest=sr.reducers.max(t.gap)))
    seen: list[sr.Progress] = []
    sr.run(processes=0, progress=seen.append)
    last = (min(row[0] for row in KEPT), max(row[1] for row in KEPT))
    assert found[-1] == (last, len(found) // 2, 1)
    assert {getattr(row[0], "tzinfo", None) for row, _, _ in found} == {UTC}
    assert tuple(seen[-1].results["collected"].values()) == last


def test_a_regression_on_times_from_a_state(folder: Path) -> None:
    """Opened as an estimator its features count in seconds, and a datetime is a key like any other."""
    t = testing.read(messages("json"), schema=Reading, format="json")
    day = t.select(*sr.this, day=sr.floor_time(t.at, timedelta(days=1)))
    sr.io.csv.write(day.linear_regression(day.y, day.at, day.gap, by=day.day), "fit.csv")
    sr.run(processes=0, state="state")
    midnight = START.replace(hour=0, minute=0) + timedelta(days=1)
    opened = sr.LinearRegression.from_state("state", key=midnight.astimezone(BERLIN))
    rows = [row for row in KEPT if midnight <= row[0] < midnight + timedelta(days=1)]
    assert [opened.intercept_, *opened.coef_] == least_squares(rows)
    with pytest.raises(sr.ConfigurationError, match="there is none for"):
        sr.LinearRegression.from_state("state", key=START)


def test_scores_on_times_are_verified(folder: Path) -> None:
    """Verify reads times back from the file of scores, and scores each row again, bit for bit."""
    t = testing.read(messages("json"), schema=Reading, format="json", batch=9)
    scored = t.linear_regression(t.gap, t.at).predict_on(t)
    sr.io.csv.write(scored, "scores.csv")
    sr.run(processes=0, state="state")
    full = [change.row for change in changes("scores.csv", *COLUMNS, *sr_scores()) if change.row[6]]
    assert len(full) > 50
    plan = compile_plan([csv_output(scored, "scores.csv")])
    checks = verify(plan, read(Path("state")), None, report=print, tell=lambda *_: None)
    assert "ok         scores.csv, its scores: as the rows before each epoch give them" in map(
        str, checks
    )
