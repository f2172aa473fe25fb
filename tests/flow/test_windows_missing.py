"""Windows over rows that lack values: which windows they are in, and what leaves them out, in rationals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.inspect import describe, lines
from streamreg._state.snapshot import read as read_state
from streamreg._types import SCORES
from streamreg.testing import collect, read
from tests.support.changelog import changes, current, rejects
from tests.support.gaps import weighted
from tests.support.missing_windows import CUTOFF, SCHEMAS, SHARE, SHOWN, Whole, defined, window_of
from tests.support.plans import csv_output
from tests.support.rationals import nearest, total
from tests.support.window_runs import (
    COLUMNS,
    LETTERS,
    as_int,
    check,
    run_in_pieces,
    standing,
    standing_by_instance,
)
from tests.support.windows import (
    Event,
    Partition,
    events,
    late_of,
    messages,
    table,
)

KINDS = ("tumbling", "sliding", "uneven", "gaps", "session", "last")


def left_out(topic: Sequence[Partition], kind: str) -> int:
    """The rows that are in no regression: they have no time, or are in a window and lack a value."""
    of = defined(topic, kind)
    in_a_window = {id(event) for rows in of.rows.values() for event in rows}
    if kind == "last":  # Those that are no longer among the last were counted when they came.
        in_a_window = {id(event) for part in topic for event in part if event and event.has("at")}
    all_events = [event for part in topic for event in part if event is not None]
    untimed = [event for event in all_events if not event.has("at")]
    lacking = [e for e in all_events if id(e) in in_a_window and not e.has("x", "y")]
    assert untimed
    assert len(lacking) > 5
    return len(untimed) + len(lacking)


def reduced(rows: Sequence[Event]) -> tuple[str, ...]:
    """Counts, sum and maximum of the values that there are, as a file has them."""
    xs = [Fraction(event.x) for event in rows if event.has("x")]
    ys = [event.y for event in rows if event.has("y")]
    pairs = sum(event.has("x", "y") for event in rows)
    summed = repr(nearest(total(xs))) if xs else ""
    return str(len(rows)), summed, repr(max(ys)) if ys else "", str(pairs)


@pytest.mark.parametrize(
    ("time", "batch", "processes"),
    [("int", 1, 0), ("int", 1000, 0), ("float", 9, 0), ("datetime", 9, 0), ("int", 20, 2)],
)
@pytest.mark.parametrize("kind", KINDS)
def test_oracle_rows_that_lack_values(
    folder: Path, kind: str, time: str, batch: int, processes: int
) -> None:
    """A row is in the windows of its time whatever else it lacks, and in what is computed of the values that it has."""
    topic = events(250, 3, seed=batch + processes, missing=SHARE)
    r = sr.reducers

    def make() -> list[sr.Output]:
        t = read(messages(topic), schema=SCHEMAS[time], batch=batch)
        cutoff = timedelta(seconds=CUTOFF) if time == "datetime" else CUTOFF
        behavior = None if kind == "last" else sr.temporal.common_behavior(cutoff=cutoff)
        w = t.windowby(t.at, window=window_of(kind, time), instance=t.k, behavior=behavior)
        sums = w.reduce(n=r.count(), s=r.sum(t.x), top=r.max(t.y), pairs=r.regr_count(t.y, t.x))
        fit = w.linear_regression(t.y, t.x, statistics=["n"])
        return [csv_output(fit, "fit.csv"), csv_output(sums, "sums.csv")]

    summary = run_in_pieces(make, processes, [3, 20])
    of = defined(topic, kind)
    wanted = table(of, SHOWN[time])
    sums = {
        (k, SHOWN[time](start), SHOWN[time](end)): reduced(rows)
        for (k, start, end), rows in of.rows.items()
    }
    columns = (*COLUMNS[:3], "n", "s", "top", "pairs")
    if kind == "last":
        assert standing_by_instance("fit.csv") == {row[0]: row for row in wanted.values()}
        found = {row[:3]: row[3:] for row in standing_by_instance("sums.csv", columns).values()}
        assert found == sums
    else:
        assert standing("fit.csv") == wanted
        assert {key: row[3:] for key, row in standing("sums.csv", columns).items()} == sums
        assert of.late
    assert late_of(rejects(LETTERS)) == of.late
    assert summary.excluded == left_out(topic, kind)
    check(make)


@pytest.mark.parametrize("kind", ["tumbling", "sliding", "session"])
def test_oracle_final_rows(folder: Path, kind: str) -> None:
    """Rows without a time bring no partition further: a window is final when those with one have passed it."""
    topic = events(250, 2, seed=7, missing=SHARE)
    topic = [[*part, *untimed(30)] for part in topic]
    behavior = sr.temporal.exactly_once_behavior(CUTOFF)

    def make() -> list[sr.Output]:
        t = read(messages(topic), schema=Whole, batch=11)
        w = t.windowby(t.at, window=window_of(kind), instance=t.k, behavior=behavior)
        return [csv_output(w.linear_regression(t.y, t.x, statistics=["n"]), "fit.csv")]

    run_in_pieces(make, 0, [3, 20])
    of = defined(topic, kind)
    time = of.time
    assert time is not None
    wait = CUTOFF + (3 if kind == "session" else 0)
    final = table(of, as_int, lambda _, end: end + wait <= time)
    written_rows = changes("fit.csv", *COLUMNS)
    assert {change.row[:3]: change.row for change in written_rows} == final
    assert len(written_rows) == len(final) > 20
    check(make)


def untimed(count: int) -> list[Event]:
    """Rows without a time."""
    return [Event(10**9, 1.0, 2.0, "a", frozenset({"at"})) for _ in range(count)]


def test_a_topic_without_any_time(folder: Path) -> None:
    """There is no window, and no reject: the rows are counted as excluded, and in what asks for no time."""

    def make() -> list[sr.Output]:
        t = read(messages([untimed(20), untimed(5)]), schema=Whole, batch=4)
        behavior = sr.temporal.exactly_once_behavior()
        w = t.windowby(t.at, window=sr.temporal.tumbling(10), instance=t.k, behavior=behavior)
        fit = w.linear_regression(t.y, t.x)
        return [
            csv_output(fit, "fit.csv"),
            csv_output(fit.predict_on(t), "scores.csv"),
            csv_output(t.reduce(n=sr.reducers.count()), "count.csv"),
        ]

    summary = run_in_pieces(make, 0, [2])
    assert changes("fit.csv", *COLUMNS[:5]) == []
    assert current("count.csv", 0, "n") == {(): ("25",)}
    assert len(changes("scores.csv", "at", "x", "y", "k", *SCORES)) == 25
    assert (summary.rows, summary.excluded, dict(summary.rejects)) == (25, 25, {})
    check(make)
    found = describe(read_state(Path("state")))
    assert [part["event_times"] for part in found["partitions"]] == [[None], [None]]
    assert list(lines("state", found))


class Two(sr.Schema):
    a: int | None
    b: int | None


def test_a_row_is_a_reject_of_the_windows_that_it_has_a_time_for() -> None:
    """One that is late for them is one, though it has no time for others; one that has none at all is not."""
    sent = [b"a,b", b"0,50", b"1,", b",60", b",10", b"5,10", b",", b"4,70"]
    t = read([sent], schema=Two, batch=2)
    behavior = sr.temporal.common_behavior(cutoff=0)
    window = sr.temporal.tumbling(10)
    n = sr.reducers.count()
    of_a = collect(t.windowby(t.a, window=window, behavior=behavior).reduce(n=n), name="a")
    of_b = collect(t.windowby(t.b, window=window, behavior=behavior).reduce(n=n), name="b")
    rows = collect(t.reduce(n=n), name="rows")
    summary = sr.run(processes=0)
    assert dict(summary.rejects) == {"late": 1}
    assert rows[-1][0] == (6,)
    assert of_a[-1][0] == (0, 10, 4)
    assert [row for row, _, diff in of_b if diff > 0] == [(50, 60, 1), (60, 70, 1), (70, 80, 1)]


@pytest.mark.parametrize("kind", ["tumbling", "sliding", "last"])
@pytest.mark.parametrize("weighed", ["weights", "half_life"])
def test_oracle_weights(folder: Path, weighed: str, kind: str) -> None:
    """A row whose weight, or time of fading, is missing is left out of the regression, and stays in its window."""
    topic = events(200, 2, seed=12, missing=SHARE, rejects=0)
    t = read(messages(topic), schema=Whole, batch=13)
    # Times of fading of their own: few, so that the weights are powers of two that no double rounds.
    t += t.select(w=sr.cast(int, t.at) % 8)
    w = t.windowby(t.at, window=window_of(kind), instance=t.k)
    options = {"weights": t.w} if weighed == "weights" else {"half_life": 1, "time": t.w}
    fit = w.linear_regression(t.y, t.x, statistics=["n"], **options)
    sr.io.csv.write(fit, "fit.csv")
    sr.run(processes=0)
    expected = {}
    for (k, start, end), rows in defined(topic, kind, None).rows.items():
        whole = [event for event in rows if event.has("x", "y")]
        weights = [int(event.at) % 8 for event in whole]
        if weighed == "half_life":
            exact = [Fraction(2) ** weight for weight in weights]
        else:
            exact = [Fraction(weight) for weight in weights]
        triples = [
            (Fraction(event.x), Fraction(event.y), weight)
            for event, weight in zip(whole, exact, strict=True)
        ]
        line = weighted(triples) or [Fraction(), Fraction()]
        cells = [repr(nearest(value)) for value in line] if whole else ["", ""]
        key = k, as_int(start), as_int(end)
        expected[key] = *key, *cells, str(len(whole))
    found = standing_by_instance("fit.csv") if kind == "last" else standing("fit.csv")
    assert set(found.values()) == set(expected.values())


def test_a_job_without_missing_values_is_another_one(folder: Path) -> None:
    """A state says whether values could be missing, times and keys among them."""

    class Timed(sr.Schema):
        at: int
        x: float | None
        y: float | None
        k: str | None

    topic = [[Event(1, 1.0, 2.0, "a"), Event(2, 3.0, 4.0, "b")]]
    for schema in (Timed, Whole):
        t = read(messages(topic), schema=schema)
        w = t.windowby(t.at, window=sr.temporal.tumbling(10), instance=t.k)
        outputs = [csv_output(w.linear_regression(t.y, t.x), "fit.csv")]
        if schema is Timed:
            sr.run(outputs=outputs, processes=0, state="state")
        else:
            assert compile_plan(outputs).rows.reductions[0].windows is not None
            with pytest.raises(sr.StateError, match="at"):
                sr.run(outputs=outputs, processes=0, state="state")
