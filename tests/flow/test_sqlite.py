"""Tables of an SQLite database: exactly once, as a changelog and as they stand; what does not fit is told early."""

import logging
import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate import inspect
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as read_state
from streamreg.testing import read
from tests.support.destinations import NAMES, Job, besieged, check, exact, folded, kinds
from tests.support.verified import checks_of

ROWS = 360


@contextmanager
def opened(path: str | Path = "out.db") -> Iterator[sqlite3.Connection]:
    """The database, for whatever a user does with it; committed at the end."""
    with closing(sqlite3.connect(path)) as database, database:
        yield database


def rows_of(table: str, path: str | Path = "out.db") -> list[tuple[Any, ...]]:
    with opened(path) as database:
        return database.execute(f'SELECT * FROM "{table}"').fetchall()


class Point(sr.Schema):
    k: str | None
    x: float
    y: float


def messages(count: int) -> list[bytes]:
    keys = [b"a", b'"q"",""r"', b"", b'""']
    return [b"%b,%d,%d" % (keys[i % 4], i, i * i % 7) for i in range(count)]


def table(count: int = 40, batch: int = 7) -> sr.Table:
    return read([messages(count)], schema=Point, header=["k", "x", "y"], batch=batch)


def fit(t: sr.Table) -> sr.Table:
    return t.linear_regression(t.y, t.x, by=t.k, singular="null")


def write(t: sr.Table) -> list[sr.Output]:
    """Changelogs, and tables as they stand."""
    result = fit(t)
    one = t.linear_regression(t.y, t.x, singular="null")
    return [
        sr.io.sqlite.write(t, "out.db", table="rows"),
        sr.io.sqlite.write(result, "out.db", table="fit log"),
        sr.io.sqlite.write(result, "out.db", table="fit", mode="current"),
        sr.io.sqlite.write(one, "out.db", table="one", mode="current"),
        sr.io.sqlite.write(result.filter(result.x > 0.01), "out.db", table="steep", mode="current"),
    ]


def run(count: int = 40, state: str | None = "state") -> sr.Summary:
    write(table(count))
    return sr.run(processes=0, state=state)


def test_each_change_is_there_once_whatever_dies(folder: Path) -> None:
    """After a death at every step folded changelogs are the current tables, and these the exact ones."""
    besieged("sqlite", folder, ROWS)
    check({f"{name}_{mode}": rows_of(f"{name}_{mode}") for name, mode in NAMES}, ROWS, folder)


@pytest.mark.parametrize("state", [None, "state"])
def test_differential_changelog_and_current(folder: Path, state: str | None) -> None:
    """A changelog folds to the table as it stands, of keys that are missing too, and of rows that go and come."""
    sr.io.csv.write(fit(t := table()), "fit.csv")
    result = fit(t)
    steep = result.filter(result.x > 0.01)
    sr.io.sqlite.write(result, "out.db", table="log")
    sr.io.sqlite.write(result, "out.db", table="current", mode="current")
    sr.io.sqlite.write(steep, "out.db", table="steep log")
    sr.io.sqlite.write(steep, "out.db", table="steep", mode="current")
    sr.run(processes=0, state=state)
    assert Counter(rows_of("current")) == folded(rows_of("log"))
    assert len(rows_of("current")) == 4
    assert Counter(rows_of("steep")) == folded(rows_of("steep log"))
    assert [diff for *_, diff in rows_of("steep log")].count(-1) > 4
    changes = (folder / "fit.csv").read_text().splitlines()[1:]
    assert len(changes) == len(rows_of("log"))


def test_a_run_goes_on_with_its_tables(folder: Path) -> None:
    """In parts the tables are those of one run; each epoch is known by its time."""
    for count in (10, 10, 40):
        run(count)
    parts = {name: rows_of(name) for name in ("rows", "fit", "one", "steep")}
    os.rename("out.db", "parts.db")
    run(40, state="whole")
    assert {name: Counter(found) for name, found in parts.items()} == {
        name: Counter(rows_of(name)) for name in parts
    } | {"rows": Counter(rows_of("rows", "parts.db"))}
    assert [row[:3] for row in parts["rows"]] == [row[:3] for row in rows_of("rows")]


def test_types_are_kept(folder: Path) -> None:
    """Every type comes back as it was written, and what is missing is NULL."""
    rows = [
        b'-9223372036854775808,0.10,True,"a,""b""\nc",AAH/,2026-01-01T00:00:00.000001Z,PT1.5S,1e300',
        b'9223372036854775807,-12345678901234567890.123,False,"",,9999-12-31T23:59:59Z,-P1D,',
    ]
    t = kinds([rows])
    nan = sr.apply_with_type(lambda i: float("nan") if i < 0 else float("-inf"), float, t.i)
    sr.io.sqlite.write(t.select(*sr.this, nan=nan), "out.db", table="kinds")
    sr.io.csv.write(t.select(*sr.this, nan=nan), "kinds.csv")
    summary = sr.run(processes=0, state="state")
    assert summary.rows == 2, summary.rejects
    first, second = rows_of("kinds")
    assert first[:4] == (-(2**63), "0.1", 1, 'a,"b"\nc')
    assert first[5:] == ("2026-01-01T00:00:00.000001Z", "PT1.5S", 1e300, "NaN", 0, 1)
    assert second[:4] == (2**63 - 1, "-12345678901234567890.123", 0, "")
    assert second[5:] == ("9999-12-31T23:59:59Z", "-PT24H", None, float("-inf"), 0, 1)
    assert isinstance(first[4], bytes)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("CREATE TABLE fit (k TEXT, intercept REAL)", "has no column 'x' (REAL)"),
        ("CREATE TABLE fit (k TEXT, intercept REAL, x TEXT)", "column 'x' is TEXT, which does not"),
        (
            "CREATE TABLE fit (k INT, intercept REAL, x REAL)",
            "column 'k' is INT, which does not hold",
        ),
        ("CREATE TABLE fit (k TEXT, intercept REAL, x REAL AS (1.5))", "column 'x' is computed"),
        ("CREATE TABLE fit (k, intercept, x, z NOT NULL)", "column 'z' must have a value"),
        ("CREATE VIEW fit AS SELECT 1 AS k", "fit is a view"),
        ("CREATE TABLE fit (k, intercept, x)", ""),
        ("CREATE TABLE FIT (x DOUBLE, intercept FLOAT, K VARCHAR(9), z TEXT DEFAULT 'z')", ""),
        ("CREATE TABLE fit (k TEXT, intercept REAL, x REAL) STRICT", ""),
    ],
)
def test_a_table_that_is_there_is_checked(folder: Path, made: str, words: str) -> None:
    """One that fits is used, of another the column that does not fit is named, before anything is read."""
    with opened() as database:
        database.execute(made)
    sr.io.sqlite.write(fit(table()), "out.db", table="fit", mode="current")
    if words:
        with pytest.raises(sr.OutputError) as caught:
            sr.run(processes=0, state="state")
        assert words in str(caught.value)
    else:
        sr.run(processes=0, state="state")
        assert len(rows_of("fit")) == 4


def test_rows_of_somebody_else_are_left_alone(folder: Path) -> None:
    """A table with rows, or of another run, is refused; so is a file that is no database."""
    with opened() as database:
        database.execute("CREATE TABLE rows (k, x, y, time, diff)")
        database.execute("INSERT INTO rows VALUES ('mine', 1, 2, 3, 4)")
    with pytest.raises(sr.OutputError, match=r"^out\.db:rows holds rows that no run has written"):
        run()
    sr.clear()
    assert rows_of("rows") == [("mine", 1, 2, 3, 4)]
    os.unlink("out.db")
    run()
    before = rows_of("rows")
    for state in (None, "other"):
        with pytest.raises(
            sr.OutputError, match="holds the changes of a run, and there is no state"
        ):
            run(state=state)
        sr.clear()
    assert rows_of("rows") == before
    Path("out.db").write_text("k,x,y\n" * 1000)
    with pytest.raises(sr.OutputError, match="the file is no SQLite database"):
        run()


def test_a_database_of_another_time_is_refused(folder: Path) -> None:
    """One that is behind the state, ahead of it, of another run or gone: nothing is written to it."""
    run(20)
    copy = Path("out.db").read_bytes()
    run(40)
    whole = Path("out.db").read_bytes()
    Path("out.db").write_bytes(copy)
    with pytest.raises(sr.OutputError, match="it is older than the state"):
        run(40)
    sr.clear()
    assert Path("out.db").read_bytes() == copy
    Path("out.db").unlink()
    with pytest.raises(sr.OutputError, match="is gone or empty, but the state says"):
        run(40)
    sr.clear()
    assert not Path("out.db").exists()
    Path("out.db").write_bytes(whole)
    with opened() as database:
        database.execute("UPDATE streamreg_epochs SET time = time + 1 WHERE output = 'fit'")
    with pytest.raises(
        sr.OutputError, match=r"out\.db:fit ends with .* the state is older than it"
    ):
        run(40)
    sr.clear()
    with opened() as database:
        database.execute("UPDATE streamreg_epochs SET time = time - 1 WHERE output = 'fit'")
        database.execute("UPDATE streamreg_epochs SET run = 'another' WHERE output = 'rows'")
    with pytest.raises(sr.OutputError, match=r"rows holds the changes of another run than this"):
        run(40)
    sr.clear()
    with opened() as database:
        database.execute("DROP TABLE one")
        own = read_state(Path("state")).positions["out.db:rows"]["run"]
        database.execute("UPDATE streamreg_epochs SET run = ? WHERE output = 'rows'", (own,))
    with pytest.raises(sr.OutputError, match=r"one is gone or empty"):
        run(40)


def test_a_second_run_is_refused(folder: Path) -> None:
    """As of files: a table has one run at a time; another table of the database is free."""
    opening, waits = threading.Event(), threading.Event()

    def held(x: float) -> float:
        waits.set()
        assert opening.wait(60)
        return x

    t = table()
    slow = t.select(t.k, x=sr.apply(held, t.x), y=t.y)
    output = sr.io.sqlite.write(slow, "out.db", table="rows")
    options: dict[str, Any] = {"outputs": [output], "processes": 0, "state": "first"}
    thread = threading.Thread(target=sr.run, kwargs=options)
    thread.start()
    try:
        assert waits.wait(60)
        for state in (None, "second"):
            again = sr.io.sqlite.write(table(), "./out.db", table="ROWS")
            with pytest.raises(sr.OutputError, match="another run uses it: stop that one first"):
                sr.run(outputs=[again], processes=0, state=state)
        other = sr.io.sqlite.write(table(), "out.db", table="others")
        assert sr.run(outputs=[other], processes=0).rows == 40
    finally:
        opening.set()
        thread.join(60)
    assert len(rows_of("rows")) == 40


def test_readers_neither_wait_nor_make_the_run_wait(folder: Path) -> None:
    """A reader in the middle of a transaction sees the epochs that were there, whole, while the run goes on."""
    run(20)
    with opened() as database:
        database.execute("BEGIN")
        before = database.execute("SELECT count(*) FROM rows").fetchone()
        run(40)
        assert database.execute("SELECT count(*) FROM rows").fetchone() == before == (20,)
    assert len(rows_of("rows")) == 40


def test_a_writer_is_waited_for(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """While somebody else writes the run waits, says so once, and says when it is done."""
    run(20)
    with closing(sqlite3.connect("out.db", check_same_thread=False)) as database:
        database.execute("BEGIN IMMEDIATE")
        threading.Timer(2.5, database.rollback).start()
        with caplog.at_level(logging.WARNING, "streamreg"):
            run(40)
    said = [record.message for record in caplog.records if "out.db:rows" in record.message]
    assert [text.partition("(")[0] for text in said][:1] == [
        "out.db:rows: another program writes to the database "
    ]
    assert said[1:] == ["out.db:rows: it is back, and has everything up to now"]
    assert len(rows_of("rows")) == 40


def test_a_signal_ends_the_wait(folder: Path) -> None:
    """The run ends cleanly while its destination is away; what it holds is delivered by the next one."""
    with Job("sqlite", folder, 90) as job:
        job.finish()
    with closing(sqlite3.connect("out.db")) as database:
        database.execute("BEGIN IMMEDIATE")
        with Job("sqlite", folder, ROWS) as job:
            job.wait_until(lambda: "waits until it is back" in job.said)
            job.signal(signal.SIGINT)
            assert job.exit_code(10) == 0, job.said
        assert "the next run of this state delivers them" in job.said
        database.rollback()
    assert inspect.describe(read_state(Path("state")))["outbox"]["out.db:rows_changelog"] >= 1
    with Job("sqlite", folder, ROWS) as job:
        job.finish()
    assert "outbox" not in inspect.describe(read_state(Path("state")))
    check({f"{name}_{mode}": rows_of(f"{name}_{mode}") for name, mode in NAMES}, ROWS, folder)


def test_a_database_that_is_replaced_ends_the_run(folder: Path) -> None:
    """Nothing is written to a file that is not the one any more; put back, the run goes on."""
    run(10)

    def replace(progress: sr.Progress) -> None:
        if progress.rows == 24 and not Path("kept.db").exists():
            os.rename("out.db", "kept.db")

    write(table(40))
    with pytest.raises(
        sr.OutputError, match="was moved, deleted or replaced while this run had it"
    ):
        sr.run(processes=0, state="state", progress=replace)
    sr.clear()
    assert not Path("out.db").exists()
    os.rename("kept.db", "out.db")
    run(40)
    assert len(rows_of("rows")) == 40


def test_an_integer_that_does_not_fit_is_named(folder: Path) -> None:
    """Sums of integers have no bounds, and SQLite's integers have: the run ends, and says which column it was."""
    t = read([[b"9223372036854775807", b"1"]], schema=One, header=["i"])
    sr.io.sqlite.write(t.reduce(total=sr.reducers.sum(t.i)), "out.db", table="sum")
    with pytest.raises(sr.OutputError, match=r"column 'total': 9223372036854775808 does not fit"):
        sr.run(processes=0, state="state")
    assert rows_of("sum") == []


class One(sr.Schema):
    i: int


def test_what_cannot_be_upserted_is_told_at_its_line() -> None:
    """Rows without keys, and results without a column of theirs."""
    t = table()
    with pytest.raises(
        sr.ProgramError, match=r'io\.sqlite\.write: mode="current" is for tables with'
    ):
        sr.io.sqlite.write(t, "out.db", table="t", mode="current")
    result = fit(t)
    with pytest.raises(sr.ProgramError, match="k is not among the columns: select it too"):
        sr.io.sqlite.write(result.select(result.x), "out.db", table="t", mode="current")
    windows = t.windowby(t.x, window=sr.temporal.tumbling(4.0)).reduce(n=sr.reducers.count())
    windows = windows.without(windows.window_end)
    with pytest.raises(sr.ProgramError, match="window_end is not among the columns"):
        sr.io.sqlite.write(windows, "out.db", table="t", mode="current")
    with pytest.raises(sr.ConfigurationError, match='mode: expected "changelog" or "current"'):
        sr.io.sqlite.write(t, "out.db", table="t", mode="upsert")  # type: ignore[arg-type]  # what people try
    for name in ("", "streamreg_epochs", "sqlite_x", "a\0b"):
        with pytest.raises(sr.ConfigurationError, match=r"^table: "):
            sr.io.sqlite.write(t, "out.db", table=name)


def test_windows_stand_by_their_bounds(folder: Path) -> None:
    """Closed windows keep their rows, or lose them, in the table as in its changelog."""
    for keep in (True, False):
        t = table()
        behavior = sr.temporal.common_behavior(cutoff=4.0, keep_results=keep)
        w = t.windowby(t.x, window=sr.temporal.sliding(2.0, 8.0), instance=t.k, behavior=behavior)
        counted = w.reduce(n=sr.reducers.count())
        sr.io.sqlite.write(counted, "out.db", table=f"log {keep}")
        sr.io.sqlite.write(counted, "out.db", table=f"now {keep}", mode="current")
        sr.run(processes=0, state=f"state {keep}")
        now = rows_of(f"now {keep}")
        assert Counter(now) == folded(rows_of(f"log {keep}"))
        assert len(now) == len({row[:3] for row in now}) > 3
    assert len(rows_of("now True")) > len(rows_of("now False"))


def checks(count: int = 40) -> dict[str, Check]:
    return checks_of(write(table(count)), Path("state"))


def test_tables_are_verified(folder: Path) -> None:
    """What stands in them is compared with the topic; whoever changes a row is found out."""
    run()
    found = checks()
    assert [str(check) for check in found.values() if check.difference or not check.compared] == []
    assert {
        "out.db:rows, its rows",
        "out.db:fit log, its changes folded",
        "out.db:fit, its changes folded",
        "out.db:one, its changes folded",
    } <= found.keys()
    with opened() as database:
        database.execute("UPDATE fit SET x = x + 1 WHERE k = 'a'")
        database.execute("DELETE FROM rows WHERE rowid = 3")
        database.execute("UPDATE one SET x = 0.25")
    different = {subject for subject, check in checks().items() if check.difference}
    assert different == {
        "out.db:rows, its rows",
        "out.db:fit, its changes folded",
        "out.db:one, its changes folded",
    }


def test_what_goes_on_is_not_compared(folder: Path) -> None:
    """A table as it stands is compared with no earlier checkpoint; changelogs are, up to it."""
    run(20)
    checkpoint = read_state(Path("state"))
    run(40)
    plan = compile_plan(write(table(40)))
    sr.clear()
    found = list(verify(plan, checkpoint, None, report=print, tell=lambda *_: None))
    assert [str(check) for check in found if check.difference] == []
    unknown = {check.subject.partition(",")[0] for check in found if not check.compared}
    assert unknown == {"out.db:fit", "out.db:one", "out.db:steep"}


def test_the_truth_of_these_tests() -> None:
    """The exact tables have a row for each row, one in all, and one for each key."""
    assert {name: rows.total() for name, rows in exact(30).items()} == {
        "rows": 30,
        "line": 1,
        "by_key": 5,
    }
