"""`windowby`: what is no window, or in another unit than the times, is refused where it is written."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg.testing import read
from tests.support.plans import csv_output

tumbling, sliding = sr.temporal.tumbling, sr.temporal.sliding
session, last = sr.temporal.session, sr.temporal.last
common, once = sr.temporal.common_behavior, sr.temporal.exactly_once_behavior

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TEXT: Any = "5"
NAIVE = datetime(2026, 1, 1)


class Timed(sr.Schema):
    at: datetime
    n: int
    f: float
    s: str
    b: bool
    x: float
    y: float


def table() -> sr.Table:
    return read([[]], schema=Timed)


def refused(time: str, window: object, behavior: object = None, instance: Any = None) -> str:  # noqa: ANN401
    t = table()
    arguments: dict[str, Any] = {"window": window, "behavior": behavior, "instance": instance}
    with pytest.raises(sr.ProgramError) as caught:
        t.windowby(t[time], **arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("time", "window", "behavior", "says"),
    [
        ("s", tumbling(1), None, "the time of a row is datetime, int or float, but .* is str"),
        ("b", tumbling(1), None, "the time of a row is datetime, int or float, but .* is bool"),
        ("n", 10, None, "window is what sr.temporal.tumbling, .* not 10"),
        ("n", None, None, "window is what sr.temporal.tumbling, .* not None"),
        ("n", tumbling, None, "window is what sr.temporal.tumbling"),
        ("n", tumbling(5), 3, "behavior is what sr.temporal.common_behavior .* not 3"),
        ("n", last(rows=5), common(), "the last rows are never closed"),
        ("n", last(rows=5), once(), "the last rows are never closed"),
        # In another unit.
        ("at", tumbling(60), None, "duration is a timedelta where .* is datetime, not 60"),
        ("at", sliding(MINUTE, 60), None, "duration is a timedelta"),
        ("at", sliding(60, HOUR), None, "hop is a timedelta"),
        ("at", session(max_gap=1.5), None, "max_gap is a timedelta"),
        ("at", tumbling(HOUR), common(delay=1), "delay is a timedelta"),
        ("at", tumbling(HOUR), common(cutoff=1), "cutoff is a timedelta"),
        ("at", tumbling(HOUR), once(1), "shift is a timedelta"),
        ("at", tumbling(HOUR, origin=0), None, "origin is a datetime with a time zone"),
        ("at", tumbling(HOUR, origin=NAIVE), None, "origin is a datetime with a time zone"),
        ("n", tumbling(HOUR), None, "duration is an int where .* is int"),
        ("n", tumbling(1.0), None, "duration is an int where .* is int, not 1.0"),
        ("n", tumbling(True), None, "duration is an int where .* is int, not True"),
        ("n", tumbling(5, origin=datetime(2026, 1, 1, tzinfo=UTC)), None, "origin is an int"),
        ("n", tumbling(5), common(cutoff=MINUTE), "cutoff is an int"),
        ("n", tumbling(2**63), None, "duration is an int of 64 bits"),
        ("n", tumbling(5, origin=-(2**63) - 1), None, "origin is an int of 64 bits"),
        ("f", tumbling(MINUTE), None, "duration is a number where .* is float"),
        ("f", tumbling(TEXT), None, "duration is a number where .* is float, not '5'"),
        ("f", tumbling(2**53 + 1), None, "duration is a finite number that a float holds"),
        ("f", tumbling(10**400), None, "duration is a finite number that a float holds"),
        # Of no length, or of none that is one.
        ("n", tumbling(0), None, "duration is above 0, not 0"),
        ("n", tumbling(-5), None, "duration is above 0, not -5"),
        ("n", sliding(0, 5), None, "hop is above 0, not 0"),
        ("n", sliding(5, 0), None, "duration is above 0, not 0"),
        ("n", session(max_gap=0), None, "max_gap is above 0, not 0"),
        ("at", tumbling(timedelta(0)), None, "duration is above 0"),
        ("at", session(max_gap=-MINUTE), None, "max_gap is above 0"),
        ("f", sliding(math.nan, 1.0), None, "hop is a finite number that a float holds .*nan"),
        ("f", sliding(math.inf, 1.0), None, "hop is a finite number that a float holds"),
        ("f", sliding(1.0, math.nan), None, "duration is a finite number that a float holds"),
        ("f", tumbling(1.0, origin=-math.inf), None, "origin is a finite number"),
        ("f", tumbling(-0.0), None, "duration is above 0"),
        ("n", tumbling(5), common(cutoff=-1), "cutoff is 0 or more, not -1"),
        ("n", tumbling(5), common(delay=-1), "delay is 0 or more, not -1"),
        ("n", tumbling(5), once(-1), "shift is 0 or more, not -1"),
        ("at", tumbling(HOUR), common(cutoff=-MINUTE), "cutoff is 0 or more"),
        ("f", tumbling(1.0), common(cutoff=math.nan), "cutoff is a finite number"),
        ("f", tumbling(1.0), common(cutoff=-1e-300), "cutoff is 0 or more"),
    ],
)
def test_what_is_no_window_is_refused(
    time: str, window: object, behavior: object, says: str
) -> None:
    """Each fault has a sentence that begins with the method, and says what was given."""
    found = refused(time, window, behavior)
    assert found.startswith("windowby: ")
    with pytest.raises(sr.ProgramError, match=says):
        raise sr.ProgramError(found)


@pytest.mark.parametrize("bad", [0, -1, 1.5, "3", None, True, 2**63, 10**400])
def test_last_takes_a_number_of_rows(bad: Any) -> None:  # noqa: ANN401
    """At least one, and not more than 64 bits."""
    with pytest.raises(sr.ProgramError, match="last: rows is an int of 1 or more"):
        last(rows=bad)


@pytest.mark.parametrize("make", [common, once])
@pytest.mark.parametrize(
    "bad",
    [0, -1, math.nan, math.inf, timedelta(0), -MINUTE, "1s", True, 10**400],
)
def test_an_idle_timeout_is_a_length_of_time(make: Any, bad: Any) -> None:  # noqa: ANN401
    """Above 0 and finite: seconds, or a timedelta."""
    with pytest.raises(sr.ProgramError, match="idle_timeout is"):
        make(idle_timeout=bad)
    assert make(idle_timeout=MINUTE).idle_timeout == make(idle_timeout=60).idle_timeout == 60.0


def test_an_integer_that_python_does_not_write_out() -> None:
    """The error says so, and is ours."""
    huge = 10**5000
    t = table()
    wrong: list[Callable[[], object]] = [
        lambda: common(idle_timeout=huge),
        lambda: last(rows=huge),
        lambda: t.windowby(t.n, window=tumbling(-huge)),
        lambda: t.windowby(t.f, window=tumbling(huge)),
        lambda: t.windowby(t.at, window=tumbling(huge)),
        lambda: t.linear_regression(t.y, t.x, half_life=huge, time=t.n),
        lambda: t.linear_regression(t.y, t.x, ridge=huge),
    ]
    for each in wrong:
        with pytest.raises(sr.ProgramError, match="a very large integer"):
            each()


def test_keep_results_is_true_or_false() -> None:
    """Nothing that only counts as such."""
    bad: Any = 1
    with pytest.raises(sr.ProgramError, match="keep_results is True or False, not 1"):
        common(keep_results=bad)


def test_an_instance_has_a_name_of_its_own() -> None:
    """Columns of the result are called window_start and window_end."""
    t = table().select(*sr.this, window_start=sr.this.s, window_end=sr.this.n)
    for name in ("window_start", "window_end"):
        with pytest.raises(sr.ProgramError, match=f"a column of the result is called {name}"):
            t.windowby(t.n, window=tumbling(5), instance=t[name])


@pytest.mark.parametrize(
    ("instance", "says"),
    [(5, "instance is a column or several"), ("f", "float"), (("s", "s"), "twice|two")],
)
def test_an_instance_is_a_column_to_group_by(instance: Any, says: str) -> None:  # noqa: ANN401
    """As `by` of a regression."""
    t = table()
    given = {"f": t.f, ("s", "s"): (t.s, t.s)}.get(instance, instance)
    with pytest.raises(sr.ProgramError, match=says):
        t.windowby(t.n, window=tumbling(5), instance=given)


def test_a_feature_called_as_a_bound_is_refused() -> None:
    """A result has each name once."""
    t = table().select(*sr.this, window_start=sr.this.x)
    w = t.windowby(t.n, window=tumbling(5))
    with pytest.raises(sr.ProgramError, match="window_start"):
        w.linear_regression(t.y, t.window_start)


@pytest.mark.parametrize(
    ("window", "behavior"),
    [(tumbling(5), None), (session(max_gap=5), common(delay=3))],
)
def test_windows_that_never_close_score_nothing(window: Any, behavior: Any) -> None:  # noqa: ANN401
    """It is said when `predict_on` is written, and what to give instead."""
    t = table()
    fit = t.windowby(t.n, window=window, behavior=behavior).linear_regression(t.y, t.x)
    with pytest.raises(
        sr.ProgramError, match="never close: give windowby a behavior with a cutoff"
    ):
        fit.predict_on(t)


def test_times_of_another_table_are_refused() -> None:
    """They are of the rows that are put in windows."""
    t, other = table(), table()
    with pytest.raises(sr.ProgramError):
        t.windowby(other.n, window=tumbling(5))
    few = t.filter(t.x > 0)
    with pytest.raises(sr.ProgramError):
        t.windowby(few.n, window=tumbling(5))


def test_results_are_put_in_no_windows() -> None:
    """What is reduced already, or scored, is no stream of rows."""
    t = table()
    counted = t.groupby(t.n).reduce(t.n, most=sr.reducers.max(t.x))
    with pytest.raises(sr.ProgramError):
        counted.windowby(counted.n, window=tumbling(5))
    scored = t.linear_regression(t.y, t.x).predict_on(t)
    with pytest.raises(sr.ProgramError):
        scored.windowby(scored.n, window=tumbling(5))


@pytest.mark.parametrize(
    ("time", "window", "behavior"),
    [
        ("at", tumbling(timedelta.max), common(cutoff=timedelta.max)),
        ("at", sliding(timedelta.resolution, HOUR), once(timedelta.max)),
        ("at", tumbling(HOUR, origin=datetime.max.replace(tzinfo=UTC)), None),
        ("n", tumbling(2**63 - 1, origin=-(2**63)), common(cutoff=2**63 - 1, delay=2**63 - 1)),
        ("n", session(max_gap=2**63 - 1), common(cutoff=2**63 - 1)),
        ("f", tumbling(5e-324), common(cutoff=1.7e308, delay=1.7e308)),
        ("f", sliding(1.7e308, 5e-324, origin=-1.7e308), once(0)),
        ("f", tumbling(3), once(2**53)),
        ("n", last(rows=2**63 - 1), None),
    ],
)
def test_the_ends_of_what_a_column_holds_are_taken(
    time: str,
    window: Any,  # noqa: ANN401
    behavior: Any,  # noqa: ANN401
) -> None:
    """The least and greatest lengths and points make a plan."""
    t = table()
    w = t.windowby(t[time], window=window, behavior=behavior)
    plan = compile_plan([csv_output(w.linear_regression(t.y, t.x), "fit.csv")])
    (reducing,) = plan.rows.reductions
    assert reducing.windows is not None
    assert plan.result_outputs[0].names == ("window_start", "window_end", "intercept", "x")
