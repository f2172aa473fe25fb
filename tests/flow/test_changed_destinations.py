"""A job whose tables of a database come and go goes on with its state, and drops nothing that waits in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._state.snapshot import read


class Numbers(sr.Schema):
    n: int


class Rows(sr.Schema):
    k: str
    x: float
    y: float


def table(count: int) -> sr.Table:
    values = [f"{'ab'[n % 2]},{n % 5},{n % 7}".encode() for n in range(count)]
    return testing.read([values], schema=Rows, header=["k", "x", "y"], batch=5)


def run(count: int, *names: str, waits: bool = False) -> sr.Summary:
    """Writes the fit to a file, and to these tables; `waits`: until more is read and a destination is waited for."""
    t = table(count)
    fit = t.linear_regression(t.y, t.x, by=t.k)
    outputs = [sr.io.csv.write(fit, "fit.csv")]
    outputs += [sr.io.sqlite.write(fit, "out.db", table=n, mode="current") for n in names]
    return sr.run(
        outputs=outputs, processes=0, state="state", stop=lambda now: waits and now.rows > 20
    )


def rows_of(name: str) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect("out.db")) as database:
        return set(database.execute(f"SELECT * FROM {name}"))


def test_an_added_table_begins_as_it_stands(folder: Path) -> None:
    """It holds the rows that are there, also of keys of which no more messages come; others go on."""
    run(20, "first")
    run(20, "first", "second")
    assert rows_of("second") == rows_of("first")
    assert len(rows_of("first")) == 2
    run(40, "first", "second")
    assert rows_of("second") == rows_of("first")
    assert read(Path("state")).rows == 40


def test_a_removed_table_stays_as_it_is(folder: Path) -> None:
    """Nothing more is written to it."""
    run(20, "first", "second")
    before = rows_of("second")
    run(40, "first")
    assert rows_of("second") == before != rows_of("first")


def test_what_waits_for_a_removed_table_is_not_dropped(folder: Path) -> None:
    """A job that no longer writes a table for which changes wait is refused until they are delivered."""
    run(20, "first")
    with closing(sqlite3.connect("out.db")) as database:
        database.execute("BEGIN IMMEDIATE")
        run(40, "first", waits=True)
    assert read(Path("state")).outbox["out.db:first"]
    refused = (
        r"the changes of 1 epoch that wait for out\.db:first are in the state, and the job does"
    )
    with pytest.raises(sr.StateError, match=refused):
        run(40)
    run(40, "first")
    delivered = rows_of("first")
    run(40)
    run(40, "second")
    assert rows_of("second") == delivered


def test_what_a_table_will_never_take_is_given_up_on_request(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One value that does not fit ends each run; others go on once the program leaves that table, and says so."""

    def sums(*names: str, drop_undelivered: bool = False) -> None:
        t = testing.read([[b"1", b"%d" % (2**62)] * 4], schema=Numbers, header=["n"], batch=3)
        total = t.reduce(total=sr.reducers.sum(t.n), rows=sr.reducers.count())
        outputs = [sr.io.csv.write(total, "total.csv"), sr.io.csv.write(t, "rows.csv")]
        outputs += [sr.io.sqlite.write(total, "out.db", table=name) for name in names]
        sr.run(outputs=outputs, processes=0, state="state", drop_undelivered=drop_undelivered)

    for _ in range(2):
        with pytest.raises(sr.OutputError, match="does not fit in the 64 bits"):
            sums("first")
    for names in ((), ("second",)):
        with pytest.raises(sr.StateError, match=r"^the changes of 1 epoch .*--drop-undelivered"):
            sums(*names)
    caplog.clear()
    sums(drop_undelivered=True)
    assert "the changes of 1 epoch that wait for out.db:first are given up" in caplog.text
    assert Path("rows.csv").read_text().count("\n") == 9
    assert f"{4 + 4 * 2**62},8," in Path("total.csv").read_text()
    assert not read(Path("state")).outbox
    sums()
