"""The state of a job with tables of classes: resumed, killed, verified and looked at."""

import json
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._cli import main
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as read_state
from tests.support.child import killed_twice
from tests.support.kinds import COLUMNS, KINDS, Thing, check, tables, things, topic, write_tables
from tests.support.plans import csv_output
from tests.support.resumed import after, check_same_bytes

ROWS = 1000


def test_a_stopped_run_goes_on(folder: Path, processes: int) -> None:
    """Stopped again and again, it ends with the tables of one that was not."""
    found = things(400, 3)
    for epochs in (1, 2, 5):
        write_tables(topic(found, 3, 40))
        sr.run(processes=processes, state="state", stop=after(epochs))
    write_tables(topic(found, 3, 40))
    assert sr.run(processes=processes, state="state").rows == 400
    check(folder, found)


def test_a_resumed_run_writes_the_same_bytes(folder: Path) -> None:
    """Where the batches are the same, the files are: no byte tells that the run was stopped."""
    found = things(200, 4)
    check_same_bytes(lambda: write_tables(topic(found, 3, 12)), list(COLUMNS))


def test_a_parent_killed_at_any_moment(folder: Path) -> None:
    """Killed at random and started again: the exact parameters, of each row once."""
    killed_twice("kinds", folder / "linear.csv", 5, STREAMREG_PROCESSES=2, ROWS=ROWS)
    check(folder, things(ROWS, 1))


def test_another_model_is_another_job(folder: Path) -> None:
    """A state is not continued with other options, though its sums would be the same."""
    found = things(30, 6)

    def run(var_smoothing: float = 0.0) -> None:
        t = topic(found, 1, 10)
        table = t.gaussian_naive_bayes(t.kind, t.x, var_smoothing=var_smoothing)
        sr.io.csv.write(table, "bayes.csv")
        sr.run(processes=0, state="state")

    run()
    with pytest.raises(sr.StateError, match=r"of another job: smoothing: it was 0\.0, now"):
        run(var_smoothing=1e-9)
    run()


def test_verify_and_inspect(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tables follow from the topic again, and people see the classes."""
    found = things(100, 8)
    write_tables(topic(found, 2, 30))
    sr.run(processes=0, state="state")

    def checks(rows: list[Thing]) -> dict[str, str]:
        outputs = [csv_output(table, name) for name, table in tables(topic(rows, 2, 30)).items()]
        told: list[str] = []
        plan = compile_plan(outputs)
        state = read_state(Path("state"))
        found = verify(plan, state, None, report=told.append, tell=lambda *_: None)
        return {check.subject: check.difference for check in found}

    assert set(checks(found).values()) == {""}
    kind, x, z = found[5]
    other = checks([*found[:5], (kind, x + 1.0, z), *found[6:]])
    assert other["exact state 1"].startswith(f"other sums for the key {kind!r} in the state")
    for name in COLUMNS:
        assert "the state says" in other[f"{name}, last rows in the state"]
    assert main(["inspect", "state", "--keys", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = lines.index(f"result      linear.csv: {len(KINDS)} keys")
    assert lines[at + 2].startswith(r"            kind 'a\x00', prior 0.")
    assert lines[at + 3] == f"            … and {len(KINDS) - 2} keys more"
    assert lines[-1].startswith("exact sums  1: count (0 limbs), class (")
    assert main(["inspect", "state", "--json", "--keys", "all"]) == 0
    rows = json.loads(capsys.readouterr().out)["results"]["bayes.csv"]["rows"]
    assert [row["kind"] or "" for row in rows] == sorted(KINDS)
