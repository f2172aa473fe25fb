"""Changed jobs of windows, of rows that are replaced, of classes, of several processes, and of earlier builds."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.program_data import IN_ORDER, STEPS
from streamreg._state.snapshot import read
from tests.support.changed_jobs import check_as_from_scratch, checked, fit, fit_and_more, folded
from tests.support.changed_jobs import run as run_rows
from tests.support.plans import csv_output
from tests.support.verified import rewritten

Tables = Mapping[str, sr.Table]


class Event(sr.Schema):
    k: str
    at: int
    late: float
    y: float


EVENTS = [f"{'ab'[i % 2]},{i},{i / 2},{i % 7}".encode() for i in range(120)]


def run_events(tables: Callable[[sr.Table], Tables], count: int) -> None:
    t = testing.read([EVENTS[:count]], schema=Event, header=["k", "at", "late", "y"], batch=7)
    outputs = [sr.io.csv.write(table, name) for name, table in tables(t).items()]
    sr.run(processes=0, state="state", outputs=outputs)


def verify_events(tables: Callable[[sr.Table], Tables], count: int) -> list[str]:
    t = testing.read([EVENTS[:count]], schema=Event, header=["k", "at", "late", "y"], batch=7)
    plan = compile_plan([csv_output(table, name) for name, table in tables(t).items()])
    checks = list(verify(plan, read(Path("state")), None, report=print, tell=lambda *_: None))
    assert not [str(check) for check in checks if check.difference]
    return [check.subject for check in checks if not check.compared]


def windows(t: sr.Table, time: str) -> sr.Table:
    behavior = sr.temporal.common_behavior(cutoff=5)
    by = t.windowby(
        t[time], window=sr.temporal.tumbling(duration=10), instance=t.k, behavior=behavior
    )
    return by.reduce(n=sr.reducers.count(), s=sr.reducers.sum(t.y))


def two_clocks(t: sr.Table) -> Tables:
    return {"by_late.csv": windows(t, "late"), "by_at.csv": windows(t, "at")}


def one_clock(t: sr.Table) -> Tables:
    return {"by_at.csv": windows(t, "at")}


def test_windows_and_their_clock_go(folder: Path) -> None:
    """The clock that is left keeps its times, whatever its number was; what was late for the others is not compared."""
    run_events(two_clocks, 50)
    times = read(Path("state")).times
    run_events(one_clock, 120)
    assert read(Path("state")).times[0][0] > max(max(of.values()) for of in times)
    found = folded("by_at.csv")
    assert verify_events(one_clock, 120) == ["messages before the job was changed"]
    for name in ("state", "by_at.csv"):
        Path(name).rename(f"{name}.kept")
    run_events(one_clock, 120)
    assert folded("by_at.csv") == found


def test_rows_beside_windows_come_and_go(folder: Path) -> None:
    """Windows go on as they are."""

    def more(t: sr.Table) -> Tables:
        return {"rows.csv": t, **one_clock(t)}

    run_events(one_clock, 50)
    run_events(more, 90)
    assert verify_events(more, 90) == []
    run_events(one_clock, 120)
    assert verify_events(one_clock, 120) == []
    assert folded("rows.csv").total() == 41


def test_outputs_of_windows_need_a_new_start(folder: Path) -> None:
    """Windows that are closed have left the state: none of their rows could be in it."""

    def more(t: sr.Table) -> Tables:
        return {**one_clock(t), "more.csv": windows(t, "at").filter(sr.this.n > 2)}

    run_events(one_clock, 50)
    with pytest.raises(sr.StateError, match=r"more\.csv: the results of windows"):
        run_events(more, 90)
    run_events(one_clock, 90)


class Row(sr.Schema):
    k: str
    x: float
    y: float


class Wider(Row):
    z: float


def changes(count: int) -> list[testing.Message]:
    """Rows that are replaced and removed, by five keys."""
    return [
        testing.Message(
            None if i % 11 == 7 else f"{'ab'[i % 2]},{i % 13},{i % 7},1".encode(),
            key=b"%d" % (i % 5),
        )
        for i in range(count)
    ]


def run_upserts(
    tables: Callable[[sr.Table], Tables], count: int, schema: type[sr.Schema] = Row
) -> None:
    t = testing.read(
        [changes(count)], schema=schema, header=["k", "x", "y", "z"], batch=7, upsert=True
    )
    outputs = [sr.io.csv.write(table, name) for name, table in tables(t).items()]
    sr.run(processes=0, state="state", outputs=outputs)


def test_outputs_of_rows_that_are_replaced(folder: Path) -> None:
    """A result begins with the rows that stand; rows cannot, nor can what may reject a row that stands."""

    def one(t: sr.Table) -> Tables:
        return {"fit.csv": fit(t)}

    def two(t: sr.Table) -> Tables:
        return {**one(t), "n.csv": t.groupby(t.k).reduce(t.k, n=sr.reducers.count())}

    run_upserts(one, 40)
    for tables, schema, why in [
        (lambda t: {**one(t), "rows.csv": t}, Row, r"rows\.csv: rows are replaced"),
        (one, Wider, "rows that stand are read again"),
        (
            lambda t: {
                **one(t),
                "s.csv": fit(t).predict_on(t.select(*sr.this, c=sr.cast(int, t.x))),
            },
            Row,
            "may reject a row that stands",
        ),
    ]:
        with pytest.raises(sr.StateError, match=why):
            run_upserts(tables, 60, schema)
    run_upserts(two, 40)
    run_upserts(two, 90)
    found = {name: folded(name) for name in ("fit.csv", "n.csv")}
    for name in ("state", *found):
        Path(name).rename(f"{name}.kept")
    run_upserts(two, 90)
    assert {name: folded(name) for name in found} == found


def test_classes_come_beside_others(folder: Path) -> None:
    """A classification of the same classes shows more of them in a second output."""

    def one(t: sr.Table) -> Tables:
        return {"lda.csv": t.linear_discriminant(t.k, t.x, t.y)}

    def two(t: sr.Table) -> Tables:
        return {**one(t), "qda.csv": t.quadratic_discriminant(t.k, t.x, t.y)}

    run_rows(one, 40)
    run_rows(two, 40)
    check_as_from_scratch(two, 40, ["lda.csv", "qda.csv"])
    run_rows(two, 90)
    check_as_from_scratch(two, 90, ["lda.csv", "qda.csv"])
    assert checked(two, 90)


def test_a_state_of_an_earlier_build(folder: Path) -> None:
    """It does not say how the steps of results are divided, nor the order of columns: texts tell the outputs."""

    def filtered(t: sr.Table) -> Tables:
        return {"fit.csv": fit(t).select(sr.this.k, d=sr.this.x * 2.0)}

    def more(t: sr.Table) -> Tables:
        return {**fit_and_more(t), **filtered(t)}

    run_rows(filtered, 40)
    job = dict(read(Path("state")).job)
    rewritten(Path("state"), job={k: v for k, v in job.items() if k not in (STEPS, IN_ORDER)})
    run_rows(more, 40)
    check_as_from_scratch(more, 40, ["fit.csv", "count.csv", "high.csv"])
    run_rows(more, 90)
    check_as_from_scratch(more, 90, ["fit.csv", "count.csv", "high.csv"])
    assert checked(more, 90)


def test_a_change_before_the_first_epoch(folder: Path) -> None:
    """A state that holds no row yet goes on with other outputs too."""
    run_rows(lambda t: {"fit.csv": fit(t)}, 0)
    run_rows(fit_and_more, 40)
    check_as_from_scratch(fit_and_more, 40, ["fit.csv", "count.csv", "high.csv"])


def test_workers_compute_what_is_summed_further(folder: Path, processes: int) -> None:
    """A function of an output that is gone travels to them as any other."""

    def both(t: sr.Table) -> Tables:
        half = sr.apply_with_type(lambda x: x / 2, float, t.x)
        by = t.groupby(t.k)
        return {
            "h.csv": by.reduce(t.k, h=sr.reducers.sum(half)),
            "s.csv": by.reduce(t.k, s=sr.reducers.sum(t.y), h=sr.reducers.max(half)),
            "m.csv": by.reduce(t.k, s=sr.reducers.min(t.y * 3.0)),
        }

    def run(names: list[str], count: int, state: str | None) -> None:
        t = testing.read([EVENTS[:count]], schema=Event, header=["k", "at", "late", "y"])
        t = t.select(t.k, x=t.late, y=t.y)
        for name in names:
            sr.io.csv.write(both(t)[name], name)
        sr.run(processes=processes, state=state)

    run(["h.csv", "s.csv", "m.csv"], 40, "state")
    run(["s.csv"], 80, "state")
    Path("m.csv").rename("m.csv.before")
    run(["m.csv", "s.csv"], 120, "state")
    found = {name: folded(name) for name in ("m.csv", "s.csv")}
    for name in found:
        Path(name).unlink()
    run(["m.csv", "s.csv"], 120, None)
    assert {name: folded(name) for name in found} == found
