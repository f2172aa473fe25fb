"""Tables of SQLite that are there already, or that others use too."""

import logging
import os
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._operate import inspect
from streamreg._state.snapshot import read as read_state
from streamreg.testing import read
from tests.support.destinations import NAMES, Job, check
from tests.support.held_run import check_refused, held_run
from tests.support.sqlite_tables import Point, fit, opened, rows_of, run, table, write

ROWS = 360


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


@pytest.mark.parametrize("collation", ["NOCASE", "RTRIM", "BINARY"])
def test_a_key_is_compared_byte_by_byte(folder: Path, collation: str) -> None:
    """A column to which different texts are equal keeps their rows apart."""
    with opened() as database:
        database.execute(f"CREATE TABLE fit (k TEXT COLLATE {collation}, x REAL)")
    t = read(
        [[b"a,1,0", b"A,2,0", b"a ,4,0", b"a,8,0"]], schema=Point, header=["k", "x", "y"], batch=1
    )
    sums = t.groupby(t.k).reduce(t.k, x=sr.reducers.sum(t.x))
    sr.io.sqlite.write(sums, "out.db", table="fit", mode="current")
    sr.run(processes=0)
    assert sorted(rows_of("fit")) == [("A", 2.0), ("a", 9.0), ("a ", 4.0)]


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
    with held_run(table(), lambda t: sr.io.sqlite.write(t, "out.db", table="rows")):
        check_refused(
            lambda: sr.io.sqlite.write(table(), "./out.db", table="ROWS"), (None, "second")
        )
        other = sr.io.sqlite.write(table(), "out.db", table="others")
        assert sr.run(outputs=[other], processes=0).rows == 40
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
    [back] = said[1:]
    assert back.startswith("out.db:rows: it is back, and has everything up to now, after ")
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


@pytest.mark.parametrize("state", [None, "state"])
def test_stop_is_asked_while_a_table_is_away_at_the_start(folder: Path, state: str | None) -> None:
    """A run that could not begin ends as its `stop` says, and has read nothing."""
    with closing(sqlite3.connect("out.db")) as database:
        database.execute("BEGIN IMMEDIATE")
        sr.io.sqlite.write(table(), "out.db", table="rows")
        summary = sr.run(processes=0, state=state, stop=lambda progress: True)
        assert (summary.ended_by, summary.rows) == ("stop", 0)


def test_stop_is_asked_while_a_table_is_away_without_a_state(folder: Path) -> None:
    """The run tells again how far it is, ends when it is told to, and says what is missing."""
    told: list[int] = []
    with closing(sqlite3.connect("out.db", check_same_thread=False)) as database:

        def stop(progress: sr.Progress) -> bool:
            told.append(progress.rows)
            if progress.rows and not database.in_transaction:
                database.execute("BEGIN IMMEDIATE")
            return told.count(progress.rows) > 1 and progress.rows > 0

        sr.io.sqlite.write(table(), "out.db", table="rows")
        with pytest.raises(sr.OutputError, match=r"rows: it is away, and the run is to end"):
            sr.run(processes=0, stop=stop)


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
