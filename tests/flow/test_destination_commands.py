"""`run`, `doctor` and `verify` of jobs whose results go to PostgreSQL or to Delta Lake; fresh starts beside tables."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from deltalake import DeltaTable

from streamreg._cli import main
from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.doctor import failure, job_file, of_outputs
from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.produce import send

Capture = pytest.CaptureFixture[str]


def job(broker: EmbeddedBroker, topic: str, *outputs: str) -> Path:
    """A job over three messages whose outputs are these tables of TOML."""
    send(broker, topic, {0: [b"y,x", b"1,2", b"3,3"]})
    text = job_file(broker.settings, topic).read_text().partition("[output]")[0]
    Path("job.toml").write_text(text + "".join(f"[[output]]\n{each}\n" for each in outputs))
    return Path("job.toml")


def test_postgres(
    broker: EmbeddedBroker,
    topic: str,
    server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """A job is examined, run and verified; whoever changes a row is found out."""
    monkeypatch.setenv("PG", server.connection)
    to = 'sink = "postgres"\nconnection = "${PG}"\n'
    path = job(
        broker,
        topic,
        to + 'table = "line"\nmode = "current"',
        to + 'schema = "public"\ntable = "rows"\nof = "input"',
    )
    assert of_outputs(path) == [
        "ok table public.rows: can be written",
        "ok table line: can be written",
    ]
    assert main(["run", str(path)]) == 0
    assert main(["doctor", str(path)]) == 0
    capsys.readouterr()
    assert main(["verify", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "ok         table line, its changes folded: the same row after" in out
    assert "ok         table public.rows, its rows: the same 2; up to the time 0" in out
    assert err.endswith("streamreg: equal\n")
    assert main(["inspect", "job.state"]) == 0
    told = capsys.readouterr().out
    assert "\ntable       line: intercept float, x float\n" in told
    assert "\ntable       public.rows: " in told
    server.do("UPDATE line SET x = 7", "DELETE FROM rows WHERE y = 3")
    assert main(["verify", str(path)]) == 1
    out, err = capsys.readouterr()
    assert err.startswith("streamreg: different: table ")
    different = [line.split(":")[0] for line in out.splitlines() if line.startswith("DIFFERENT")]
    assert different == [
        "DIFFERENT  table line, its changes folded",
        "DIFFERENT  table public.rows, its rows",
    ]
    assert PASSWORD not in out + err


@pytest.mark.parametrize(
    ("old", "new", "made", "words"),
    [
        (PASSWORD, "guessed-wrong", "", "password authentication failed"),
        ("dbname=postgres", "dbname=nowhere", "", 'database "nowhere" does not exist'),
        ("user=alice", "user=nobody", "", 'authentication failed for user "nobody"'),
        ("port=", "port=1 options=", "", "refused"),
        ("", "", "CREATE TABLE line (intercept float8, x text)", "column 'x' is text, which does"),
        ("", "", "CREATE TABLE line (intercept float8)", "has no column 'x' (double precision)"),
        ("", "", "CREATE VIEW line AS SELECT 1 AS x", "is no table, but a view"),
        (
            "",
            "",
            "CREATE TABLE line (intercept float8, x float8); INSERT INTO line VALUES (1, 2)",
            "holds rows that no run has written",
        ),
    ],
)
def test_doctor_says_what_is_wrong_with_postgres(
    broker: EmbeddedBroker,
    topic: str,
    server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    old: str,
    new: str,
    made: str,
    words: str,
) -> None:
    """One line, without the password, for what cannot be reached, is not there or does not fit."""
    monkeypatch.setenv("PG", server.connection.replace(old, new, 1) if old else server.connection)
    if made:
        server.do(made)
    path = job(
        broker, topic, 'sink = "postgres"\nconnection = "${PG}"\ntable = "line"\nmode = "current"'
    )
    line = failure(path)
    assert line.check == "outputs"
    assert words in line.text
    assert "guessed-wrong" not in line.text
    assert PASSWORD not in line.text


def test_delta(broker: EmbeddedBroker, topic: str, capsys: Capture) -> None:
    """A job is examined, run and verified; what does not fit is told before, and a changed row after."""
    to = 'sink = "delta"\nrows_per_file = 10\ninterval = "5 minutes"\n'
    path = job(
        broker,
        topic,
        to + 'path = "line"\nmode = "current"\n[output.storage_options]\ntimeout = "30s"',
        to + 'path = "rows"\nof = "input"',
    )
    Path("line").touch()
    line = failure(path)
    assert (line.check, "is a file: a Delta Lake table is" in line.text) == ("outputs", True)
    Path("line").unlink()
    assert all(": can be written; " in line for line in of_outputs(path))
    assert os.listdir() == ["job.toml"]
    assert main(["run", str(path)]) == 0
    assert main(["doctor", str(path)]) == 0
    capsys.readouterr()
    assert main(["verify", str(path)]) == 0
    assert "rows, its rows: the same 2; up to the time 0" in capsys.readouterr().out
    assert DeltaTable("line").to_pyarrow_table().to_pylist() == [{"intercept": -3.0, "x": 2.0}]
    DeltaTable("line").update({"x": "9.0"})
    assert main(["verify", str(path)]) == 1
    assert "line, its changes folded" in capsys.readouterr().err


def test_a_fresh_start_beside_tables(broker: EmbeddedBroker, topic: str, capsys: Capture) -> None:
    """Nothing is moved while a table holds the changes of the last run; when it is dropped, all begins anew."""
    path = job(
        broker,
        topic,
        'sink = "csv"\npath = "line.csv"',
        'sink = "sqlite"\npath = "out.db"\ntable = "line"\nmode = "current"',
        'sink = "delta"\npath = "lake"\nof = "input"',
    )
    assert main(["run", str(path)]) == 0
    before = set(os.listdir())
    capsys.readouterr()
    assert main(["run", str(path), "--fresh"]) == 1
    err = capsys.readouterr().err
    assert "lake holds the changes of a run" in err
    assert "drop this one, or name another in the job. Nothing was moved" in err
    shutil.rmtree("lake")
    assert main(["run", str(path), "--fresh"]) == 1
    assert "out.db:line holds the changes of a run" in capsys.readouterr().err
    assert before - {"lake"} <= set(os.listdir()) <= {*before, "out.db-wal", "out.db-shm"}
    with closing(sqlite3.connect("out.db")) as database, database:
        database.execute("DROP TABLE line")
    assert main(["run", str(path), "--fresh"]) == 0
    assert len(list(Path().glob("line.*Z.csv"))) == 1
    with closing(sqlite3.connect("out.db")) as database:
        assert database.execute("SELECT intercept, x FROM line").fetchall() == [(-3.0, 2.0)]
    assert main(["verify", str(path)]) == 0
