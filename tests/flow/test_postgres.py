"""Tables of a real PostgreSQL server: exactly once, as a changelog and as they stand; what does not fit is told."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

import streamreg as sr
from streamreg._operate.verify.check import Check
from streamreg._sinks.contract import AwayError, RunTerms
from streamreg._sinks.delivered import DeliveredSpec
from streamreg.testing import read
from tests.support.destinations import NAMES, Job, besieged, check, folded, kinds
from tests.support.held_run import check_refused, held_run
from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.verified import checks_of

ROWS = 360


class Point(sr.Schema):
    k: str | None
    b: bool
    x: float
    y: float


def table(count: int = 40) -> sr.Table:
    keys = ["a", '"q""r"', "", '""', '"{,}\\"']
    lines = [f"{keys[i % 5]},{i % 2 == 0},{i},{i * i % 7}".encode() for i in range(count)]
    return read([lines], schema=Point, header=["k", "b", "x", "y"], batch=7)


def write(server: PostgresServer, count: int = 40) -> list[sr.Output]:
    t = table(count)
    fit = t.linear_regression(t.y, t.x, by=[t.k, t.b], singular="null")
    steep = fit.filter(fit.x > 0.01)
    one = t.linear_regression(t.y, t.x, singular="null")
    to = server.connection
    return [
        sr.io.postgres.write(t, to, table="rows"),
        sr.io.postgres.write(fit, to, table='Fit "log"'),
        sr.io.postgres.write(fit, to, table="fit", mode="current"),
        sr.io.postgres.write(steep, to, table="steep log"),
        sr.io.postgres.write(steep, to, table="steep", mode="current"),
        sr.io.postgres.write(one, to, table="one", mode="current"),
    ]


def run(server: PostgresServer, count: int = 40, state: str | None = "state") -> sr.Summary:
    return sr.run(outputs=write(server, count), processes=0, state=state)


def found(server: PostgresServer) -> dict[str, list[tuple[Any, ...]]]:
    return {f"{name}_{mode}": server.rows(f"{name}_{mode}") for name, mode in NAMES}


def checked(server: PostgresServer, folder: Path) -> None:
    """As `check`; within an epoch a table has no order."""
    rows = found(server)
    lines = (folder / "rows.csv").read_text().splitlines()[1:]
    places = {line: at for at, line in enumerate(lines)}
    rows["rows_changelog"].sort(key=lambda row: places[",".join(map(repr, row))])
    check(rows, ROWS, folder)


def test_each_change_is_there_once_whatever_dies(server: PostgresServer, folder: Path) -> None:
    """After a death at every step folded changelogs are the current tables, and these the exact ones."""
    besieged("postgres", folder, ROWS, SINK_SETTINGS=server.connection)
    checked(server, folder)


def test_a_server_that_goes_away_is_waited_for(server: PostgresServer, folder: Path) -> None:
    """The run says so once, goes on when it is back, and nothing is lost or doubled."""
    with Job("postgres", folder, ROWS, SINK_SETTINGS=server.connection, PAUSE="0.02") as job:
        rows = folder / "rows.csv"
        job.wait_until(lambda: rows.exists() and rows.read_bytes().count(b"\n") > 60)
        server.kill()
        try:
            job.wait_until(lambda: "waits until it is back" in job.said)
        finally:
            server.start()
        job.finish(60)
    assert "it is back, and has everything up to now" in job.said
    checked(server, folder)


@pytest.mark.parametrize("state", [None, "state"])
def test_differential_changelog_and_current(
    server: PostgresServer, folder: Path, state: str | None
) -> None:
    """A changelog folds to the table as it stands, of keys that are missing and of rows that go; parts make a whole."""
    if state:
        run(server, 20)
    run(server, 40, state)
    log = server.rows('Fit "log"')
    assert Counter(server.rows("fit")) == folded(log)
    assert len(server.rows("fit")) == 10
    assert Counter(server.rows("steep")) == folded(server.rows("steep log"))
    assert -1 in [row[-1] for row in server.rows("steep log")]
    assert (len(server.rows("one")), len(server.rows("rows"))) == (1, 40)


def test_types_are_kept(server: PostgresServer, folder: Path) -> None:
    """Every type comes back as it was written, and what is missing is NULL."""
    rows = [
        b'-9223372036854775808,0.1,True,"a,""b""\n\\N\t",AAH/,2026-01-01T00:00:00.000001Z,PT1.5S,1e300',
        b'7,-12345678901234567890.123,False,"",,9999-12-31T23:59:59Z,-P1DT1S,',
    ]
    t = kinds([rows])
    nan = sr.apply_with_type(lambda i: float("nan") if i < 0 else -0.0, float, t.i)
    sr.io.postgres.write(t.select(*sr.this, nan=nan), server.connection, table="kinds")
    assert sr.run(processes=0, state="state").rows == 2
    first, second = sorted(server.rows("kinds"), key=lambda row: row[0])
    assert first[:4] == (-(2**63), Decimal("0.1"), True, 'a,"b"\n\\N\t')
    assert first[5:8] == (
        datetime(2026, 1, 1, 0, 0, 0, 1, UTC),
        timedelta(seconds=1.5),
        1e300,
    )
    assert second[:4] == (7, Decimal("-12345678901234567890.123"), False, "")
    assert second[6:8] == (timedelta(days=-1, seconds=-1), None)
    assert [repr(row[8]) for row in (first, second)] == ["nan", "-0.0"]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("CREATE TABLE one (intercept float8)", "has no column 'x' (double precision)"),
        ("CREATE TABLE one (intercept float8, x real)", "column 'x' is real, which does not hold"),
        ("CREATE TABLE one (intercept float8, x float8, z int NOT NULL)", "column 'z' must have"),
        (
            "CREATE TABLE one (intercept float8, x float8 GENERATED ALWAYS AS (1) STORED)",
            "column 'x' is computed",
        ),
        ("CREATE VIEW one AS SELECT 1 AS x", "table one is no table, but a view"),
        (
            "CREATE TABLE one (x float8, z int NOT NULL DEFAULT 1, intercept float8); "
            "INSERT INTO one VALUES (1, 2, 3)",
            "holds rows that no run has written",
        ),
        ("CREATE TABLE one (x float8, z int NOT NULL DEFAULT 1, intercept float8)", ""),
    ],
)
def test_a_table_that_is_there_is_checked(
    server: PostgresServer, folder: Path, made: str, words: str
) -> None:
    """One that fits is used, of another the column that does not fit is named, before anything is read."""
    server.do(made)
    t = table()
    output = sr.io.postgres.write(
        t.linear_regression(t.y, t.x), server.connection, table="one", mode="current"
    )
    if words:
        with pytest.raises(sr.OutputError) as caught:
            sr.run(outputs=[output], processes=0, state="state")
        assert words in str(caught.value)
    else:
        sr.run(outputs=[output], processes=0, state="state")
        assert len(server.rows("one")) == 1


def test_a_key_to_which_different_texts_are_equal_is_refused(
    server: PostgresServer, folder: Path
) -> None:
    """Rows of different keys would replace each other; in a changelog, or with another collation, nothing does."""
    server.do(
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
    for name in ("fit", "log"):
        server.do(f"CREATE TABLE {name} (k text COLLATE loose, x float8, time bigint, diff bigint)")
    t = table()
    key = t.select(t.k, t.x)
    log = sr.io.postgres.write(key, server.connection, table="log")
    sr.run(outputs=[log], processes=0)
    count = t.groupby(t.k).reduce(t.k, x=sr.reducers.sum(t.x))
    fit = sr.io.postgres.write(count, server.connection, table="fit", mode="current")
    with pytest.raises(sr.OutputError, match="column 'k' is a key, and different texts are equal"):
        sr.run(outputs=[fit], processes=0)
    server.do('ALTER TABLE fit ALTER k TYPE text COLLATE "C"')
    sr.run(outputs=[fit], processes=0)


def test_what_is_refused_is_told_without_the_password(server: PostgresServer, folder: Path) -> None:
    """A wrong password, no such database or schema, rows of another run: one line each."""
    run(server)
    wrong = server.connection.replace(PASSWORD, "guessed-wrong")
    elsewhere = server.connection.replace("dbname=postgres", "dbname=nowhere")
    cases: list[tuple[str, dict[str, str], str]] = [
        (wrong, {"table": "t"}, "password authentication failed"),
        (elsewhere, {"table": "t"}, 'database "nowhere" does not exist'),
        (server.connection, {"table": "t", "schema": "none"}, "there is no schema 'none'"),
        (server.connection, {"table": "rows"}, "holds the changes of a run, and there is no state"),
    ]
    for connection, place, words in cases:
        output = sr.io.postgres.write(table(), connection, **place)  # type: ignore[arg-type]  # table and schema
        with pytest.raises(sr.OutputError) as caught:
            sr.run(outputs=[output], processes=0)
        assert words in str(caught.value)
        assert "guessed-wrong" not in str(caught.value)
        assert "guessed-wrong" not in repr(output.sink)
    for connection, words in (("guessed-wrong", "or a URL"), ("user=a passwrod=b", "passwrod")):
        with pytest.raises(sr.ConfigurationError, match=r"^connection: expected") as refused:
            sr.io.postgres.write(table(), connection, table="t")
        assert words in str(refused.value)
        assert "guessed-wrong" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("password=", "no password supplied: give it in the connection string, PGPASSFILE"),
        ("sslmode=bogus", 'invalid sslmode value: "bogus"'),
        ("port=notaport", 'invalid integer value "notaport"'),
        ("port=99999", "invalid port number"),
        ("sslmode=require", "server does not support SSL, but SSL was required"),
        ("user=nobody", 'password authentication failed for user "nobody"'),
        ("dbname=nowhere", 'database "nowhere" does not exist'),
        ("options='-c nosuch=1'", 'unrecognized configuration parameter "nosuch"'),
        ("target_session_attrs=x", "invalid target_session_attrs value"),
        ("connect_timeout=soon", "bad value for connect_timeout"),
        ("service=nowhere", "nowhere"),
        # One address is away, the server at the other one refuses.
        ("host=127.0.0.1,127.0.0.1 port=1,{port} password=x", "password authentication failed"),
    ],
)
def test_what_no_retry_mends_is_not_waited_for(
    server: PostgresServer, folder: Path, change: str, words: str
) -> None:
    """An option, a password, what the server does not have: one line at once."""
    changed = f"{server.connection} {change.format(port=server.port)}"
    output = sr.io.postgres.write(table(), changed, table="rows")
    with pytest.raises(sr.OutputError) as caught:
        sr.run(outputs=[output], processes=0)
    assert str(caught.value).startswith("table rows: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("port=1", "Connection refused"),
        ("host=/nowhere", "No such file or directory"),
        ("host=nowhere.invalid", "nowhere.invalid"),
        ("user=crowded password=x", "too many connections for role"),
        ("target_session_attrs=standby", "server is not in hot standby mode"),
    ],
)
def test_what_may_pass_is_waited_for(
    server: PostgresServer, folder: Path, change: str, words: str
) -> None:
    """A server that is not there, or lets nobody in for now, counts as away."""
    server.do(
        "DROP ROLE IF EXISTS crowded", "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 PASSWORD 'x'"
    )
    output = sr.io.postgres.write(table(), f"{server.connection} {change}", table="rows")
    assert isinstance(output.sink, DeliveredSpec)
    with pytest.raises(AwayError, match=words):
        output.sink.connect([], RunTerms())


def test_what_does_not_fit_is_named(server: PostgresServer, folder: Path) -> None:
    """An integer beyond 64 bits and a NUL in text end the run, and say which column it was."""

    class One(sr.Schema):
        i: int
        s: str

    t = read(
        [[b'{"i": 9223372036854775807, "s": "a"}', b'{"i": 1, "s": "\\u0000"}']],
        schema=One,
        format="json",
    )
    total = t.reduce(total=sr.reducers.sum(t.i))
    output = sr.io.postgres.write(total, server.connection, table="sum")
    with pytest.raises(sr.OutputError, match=r"out of range for type bigint.*column total"):
        sr.run(outputs=[output], processes=0, state="state")
    output = sr.io.postgres.write(t, server.connection, table="text")
    with pytest.raises(sr.OutputError, match="column 's': text with a NUL character"):
        sr.run(outputs=[output], processes=0, state="other")
    assert server.rows("sum") == server.rows("text") == []


def test_a_second_run_is_refused(server: PostgresServer, folder: Path) -> None:
    """A table has one run at a time."""

    def to_rows(t: sr.Table) -> sr.Output:
        return sr.io.postgres.write(t, server.connection, table="rows")

    with held_run(table(), to_rows):
        check_refused(lambda: to_rows(table()), ("second",))
    assert len(server.rows("rows")) == 40


def test_a_lock_is_waited_for(
    server: PostgresServer, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """While somebody holds the table the run waits, says so once, and says when it is done."""
    run(server, 20)
    with psycopg.connect(server.connection) as connection:
        connection.execute("LOCK TABLE rows IN EXCLUSIVE MODE")
        threading.Timer(2.5, connection.rollback).start()
        run(server, 40)
    said = [record.message for record in caplog.records if "table rows: " in record.message]
    assert ["waits until it is back" in said[0], len(said)] == [True, 2]
    assert len(server.rows("rows")) == 40


def checks(server: PostgresServer) -> dict[str, Check]:
    return checks_of(write(server), Path("state"))


def test_tables_are_verified(server: PostgresServer, folder: Path) -> None:
    """What stands in them is compared with the topic; whoever changes a row is found out."""
    run(server)
    compared = checks(server)
    assert [str(c) for c in compared.values() if c.difference or not c.compared] == []
    assert {"table rows, its rows", "table fit, its changes folded"} <= compared.keys()
    server.do("UPDATE fit SET x = x + 1 WHERE k = 'a'", "DELETE FROM rows WHERE x = 3")
    different = {subject for subject, c in checks(server).items() if c.difference}
    assert different == {"table rows, its rows", "table fit, its changes folded"}
