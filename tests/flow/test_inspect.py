"""Inspect shows what a state holds, and leaves it alone."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import streamreg as sr
from streamreg._cli import main
from streamreg._state.snapshot import read
from streamreg._state.store import Store
from streamreg.testing import read as topic
from tests.support.verified import Messages, Verified

Capture = pytest.CaptureFixture[str]

TOPIC: Messages = [[b"1,2,a", b"2,4,b", b"junk", None], [b"3,6.5,c", b"9,18,d"]]

# A run's last commit, and the death of its process before anything can be tidied up.
KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from streamreg._state.store import Store
store = Store(Path(sys.argv[1]))
store.save(replace(store.load(), rows=1000))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def job(tmp_path: Path) -> Verified:
    job = Verified(tmp_path)
    job.run(TOPIC)
    return job


def inspected(state: Path, capsys: Capture) -> dict[str, Any]:
    assert main(["inspect", str(state), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def listing(state: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in state.iterdir()}


def test_the_json_holds_everything(job: Verified, capsys: Capture) -> None:
    """A program finds the job, how far it is, its files, its results as numbers, and its states."""
    found = inspected(job.state, capsys)
    paths = {name: str(job.folder / name) for name in ("rows.csv", "fit.csv", "count.csv")}
    assert found.pop("unix_ms") > 1_700_000_000_000
    assert [state.pop("bytes") > 20 for state in found["states"]] == [True, True]
    (no_sum, five_sums), none = (state.pop("limbs") for state in found["states"])
    assert (no_sum, none) == (0, [0])
    assert 5 <= five_sums <= 15
    (intercept, slope) = found["results"][paths["fit.csv"]].values()
    assert (job.folder / "fit.csv").read_text().endswith(f"\n{intercept!r},{slope!r},0,1\n")
    assert found == {
        "format": 3,
        "job": {
            "topic": "list",
            "format": "csv",
            "header": ["x", "y", "s"],
            "schema": {"x": "float", "y": "float", "s": "str"},
            "outputs": {
                paths["rows.csv"]: {
                    "columns": {"x": "float", "y": "float", "s": "str"},
                    "time": "epoch",
                    "sink": "csv",
                },
                paths["fit.csv"]: {
                    "columns": {"a": "float", "b": "float"},
                    "time": "epoch",
                    "sink": "csv",
                },
                paths["count.csv"]: {"columns": {"n": "int"}, "time": "epoch", "sink": "csv"},
            },
            "rejects": str(job.rejects),
        },
        "epochs": 1,
        "rows": 4,
        "tombstones": 1,
        "rejects": {"field-count": 1},
        "partitions": [
            {"partition": 0, "began": 0, "offset": 4},
            {"partition": 1, "began": 0, "offset": 2},
        ],
        "files": {
            str(path): path.stat().st_size for path in (*map(Path, paths.values()), job.rejects)
        },
        "results": {
            paths["fit.csv"]: {"a": intercept, "b": slope},
            paths["count.csv"]: {"n": 1},
        },
        "states": [
            {"aggregates": ["count", "moments"]},
            {"aggregates": ["count"]},
        ],
    }


def test_people_see_it_in_lines(job: Verified, capsys: Capture) -> None:
    """The same is there to be read, one thing a line."""
    assert main(["inspect", str(job.state)]) == 0
    lines = capsys.readouterr().out.replace(f"{job.folder}/", "").splitlines()
    assert lines[:3] == [
        "state       state, format 3",
        "topic       list, csv, header x,y,s",
        "schema      s str, x float, y float",
    ]
    assert lines[3].startswith("epochs      1, the last at 2")
    assert lines[4:7] == [
        "messages    4 rows, 1 reject (field-count 1), 1 tombstone",
        "partition   0: offset 4, read from 0",
        "partition   1: offset 2, read from 0",
    ]
    assert "result      count.csv: n 1" in lines
    assert f"file        rejects.jsonl: {job.rejects.stat().st_size} bytes, rejects" in lines
    assert lines[-1].startswith("exact sums  2: count (0 limbs): ")


def test_a_state_before_the_first_row(tmp_path: Path, capsys: Capture) -> None:
    """Where nothing was read there are no results, and nothing is made up."""
    job = Verified(tmp_path)
    job.run([[], []])
    found = inspected(job.state, capsys)
    assert (found["epochs"], found["unix_ms"], found["results"], found["states"]) == (
        0,
        None,
        {},
        [],
    )
    assert main(["inspect", str(job.state)]) == 0


def test_a_state_in_use_is_read_and_left_alone(job: Verified, capsys: Capture) -> None:
    """A run that holds the lock goes on committing, and each look sees its last commit."""
    with Store(job.state) as store:
        checkpoint = store.load()
        assert checkpoint is not None
        for rows in (100, 200):
            checkpoint.rows = rows
            store.save(checkpoint)
            assert inspected(job.state, capsys)["rows"] == rows


def test_the_state_of_a_killed_run_is_read(job: Verified, capsys: Capture) -> None:
    """What a dead run had committed is seen though it stands in SQLite's log alone."""
    done = subprocess.run([sys.executable, "-c", KILLED, job.state], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (job.state / "checkpoint.sqlite-wal").stat().st_size
    assert inspected(job.state, capsys)["rows"] == 1000
    job.run(TOPIC)  # and the next run goes on


def test_nothing_is_made_in_a_state_at_rest(job: Verified) -> None:
    """A look leaves no file behind, and needs no right to write."""
    before = listing(job.state)
    os.chmod(job.state, 0o555)
    try:
        assert read(job.state).rows == 4
    finally:
        os.chmod(job.state, 0o755)
    assert listing(job.state) == before


def test_what_is_no_state_is_an_error(job: Verified, tmp_path: Path, capsys: Capture) -> None:
    """A path without a state, a damaged one and one without a checkpoint are distinguished, in a line."""
    database = job.state / "checkpoint.sqlite"
    whole = database.read_bytes()
    at = whole.index(b'"epochs":1')
    cases = {
        "is damaged (its checksum does not match): restore": whole[: at + 9]
        + b"2"
        + whole[at + 10 :],
        "is damaged (": whole[:5000],
        "is damaged (file is not a database): restore": b"no database" * 1000,
        "is damaged (its last checkpoint is not the one that was saved last)": b"",
    }
    for text, held in cases.items():
        database.write_bytes(held)
        with pytest.raises(sr.StateError):
            read(job.state)
        assert main(["inspect", str(job.state)]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert f"streamreg: error: state {job.state}" in err
        assert text in err
    (job.state / "checkpoint.seal").unlink()
    assert main(["inspect", str(job.state)]) == 1
    assert "it holds no checkpoint yet" in capsys.readouterr().err
    assert main(["inspect", str(tmp_path / "none")]) == 1
    assert "there is none" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_missing_text_is_not_an_empty_one(folder: Path, capsys: Capture) -> None:
    """A key that is the empty text is shown as one, a value that is missing as null."""

    class Row(sr.Schema):
        k: str
        x: float

    t = topic([[b",1", b'"a ""b"", \n",2', b",3"]], schema=Row, header=["k", "x"])
    fit = t.linear_regression(t.x, t.x, by=t.k, singular="null")
    sr.io.csv.write(fit.select(fit.k, slope=fit.x), "lines.csv")
    sr.run(processes=0, state="state")
    (found,) = inspected(folder / "state", capsys)["results"].values()
    assert found["rows"] == [{"k": "", "slope": 1.0}, {"k": 'a "b", \n', "slope": None}]
    assert main(["inspect", "state"]) == 0
    assert "k '', slope 1.0" in capsys.readouterr().out
