"""Delta Lake tables that are there already, or that others use too."""

import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

import streamreg as sr
from streamreg._sinks import delta_table
from streamreg._sinks.contract import EpochChanges
from streamreg._sinks.delta_table import DeltaDestination
from tests.support.delta_tables import rows_of, run, table
from tests.support.destinations import folded
from tests.support.held_run import check_refused, held_run

MADE = {
    "fits": (pa.schema({"x": pa.float64(), "z": pa.string(), "intercept": pa.float64()}), ""),
    "lacks": (pa.schema({"intercept": pa.float64()}), "has no column 'x' (double)"),
    "narrow": (
        pa.schema({"intercept": pa.float64(), "x": pa.float32()}),
        "column 'x' is float, which does not hold float: make it double",
    ),
    "needs": (
        pa.schema(
            [
                pa.field("intercept", pa.float64()),
                pa.field("x", pa.float64()),
                pa.field("z", pa.int64(), nullable=False),
            ]
        ),
        "column 'z' must have a value",
    ),
}


@pytest.mark.parametrize("made", MADE)
def test_a_table_that_is_there_is_checked(folder: Path, made: str) -> None:
    """One that fits is used, of another the column that does not fit is named, before anything is read."""
    schema, words = MADE[made]
    DeltaTable.create("one", schema)
    t = table()
    output = sr.io.delta.write(t.linear_regression(t.y, t.x), "one", mode="current")
    if words:
        with pytest.raises(sr.OutputError) as caught:
            sr.run(outputs=[output], processes=0, state="state")
        assert words in str(caught.value)
    else:
        sr.run(outputs=[output], processes=0, state="state")
        assert len(rows_of("one")) == 1


def test_other_columns_of_a_table_are_null(folder: Path) -> None:
    """In a changelog, and in the table as it stands, with keys and without."""
    key, own = {"k": pa.string()}, {"intercept": pa.float64(), "x": pa.float64()}
    for name, columns in (
        ("one", own),
        ("fit", {**key, **own}),
        ("fit-log", {**key, **own, "time": pa.int64(), "diff": pa.int64()}),
    ):
        DeltaTable.create(name, pa.schema({"z": pa.list_(pa.int64()), **columns, "w": pa.int64()}))
    run(20)
    run(40)
    for name in ("one", "fit", "fit-log"):
        found = DeltaTable(name).to_pyarrow_table()
        assert len(found) > 0
        assert found["z"].null_count == found["w"].null_count == len(found)
    rows = [row[1:-1] for row in rows_of("fit-log")]
    assert folded(rows) == Counter(row[1:-1] for row in rows_of("fit"))


def test_rows_of_somebody_else_are_left_alone(folder: Path) -> None:
    """A table with rows, or of another run, is refused; so is a file."""
    mine = pa.table({"k": ["a"], "x": [1.0], "y": [2.0], "time": [0], "diff": [1]})
    write_deltalake("rows", mine)
    for state in (None, "state"):
        with pytest.raises(sr.OutputError, match=r"^rows holds rows that no run has written"):
            run(state=state)
    assert DeltaTable("rows").version() == 0
    shutil.rmtree("rows")
    run()
    before = rows_of("rows")
    for state in (None, "other"):
        with pytest.raises(
            sr.OutputError, match="holds the changes of a run, and there is no state"
        ):
            run(state=state)
    assert rows_of("rows") == before
    shutil.rmtree("rows")
    Path("rows").touch()
    with pytest.raises(sr.OutputError, match=r"^rows is a file: a Delta Lake table is a directory"):
        run()


def test_a_table_of_another_time_is_refused(folder: Path) -> None:
    """One that is behind the state, of another run or gone: nothing is written to it."""
    run(20)
    shutil.copytree("rows", "older")
    run(40)
    os.rename("rows", "whole")
    with pytest.raises(sr.OutputError, match=r"^rows is gone or empty, but the state says"):
        run(40)
    os.rename("older", "rows")
    version = DeltaTable("rows").version()
    with pytest.raises(sr.OutputError, match="it is older than the state"):
        run(40)
    assert DeltaTable("rows").version() == version
    shutil.rmtree("rows")
    other = sr.io.delta.write(table(), "rows")
    sr.run(outputs=[other], processes=0, state="another")
    with pytest.raises(sr.OutputError, match="rows holds the changes of another run than this"):
        run(40)
    shutil.rmtree("rows")
    os.rename("whole", "rows")
    run(40)


def test_a_table_that_has_forgotten_its_epoch_is_refused(folder: Path) -> None:
    """One that says whose it is, and holds rows, must say up to where."""
    schema = {"k": pa.string(), "x": pa.float64(), "y": pa.float64()}
    schema |= {"time": pa.int64(), "diff": pa.int64()}
    DeltaTable.create(
        "rows",
        pa.schema(schema),
        configuration={"streamreg.run": "0" * 32},
        raise_if_key_not_exists=False,
    )
    row = {"k": ["a"], "x": [1.0], "y": [2.0], "time": [0], "diff": [1]}
    write_deltalake("rows", pa.table(row), mode="append")
    with pytest.raises(sr.OutputError, match="no longer says up to which epoch: its property"):
        run()
    assert DeltaTable("rows").version() == 1


def rows_to(path: str) -> Callable[[sr.Table], sr.Output]:
    return lambda t: sr.io.delta.write(t, path)


def test_a_second_run_is_refused(folder: Path) -> None:
    """As of files: a table has one run at a time."""
    with held_run(table(), rows_to("rows")):
        check_refused(lambda: rows_to("./rows")(table()), (None, "second"))
    assert len(rows_of("rows")) == 40


def test_two_runs_without_a_lock(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be locked, as in an object store, the one that comes second writes nothing."""
    monkeypatch.setattr(delta_table, "lock", lambda *_given, **_named: None)
    failed: list[BaseException] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_value))
    with held_run(table(), rows_to("rows")):
        again = sr.io.delta.write(table(), "rows")
        sr.run(outputs=[again], processes=0, state="second")
    assert "another run has written to it meanwhile" in str(failed[0])
    assert len(rows_of("rows")) == 40


def test_others_may_commit(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever compacts the table is not in the way; whoever commits in the same moment makes the run look again."""
    made = DeltaDestination._write
    commits = iter(range(3))

    def meanwhile(self: DeltaDestination, epochs: Sequence[EpochChanges]) -> pa.Table:
        rows = made(self, epochs)
        if next(commits, None) is not None:
            DeltaTable("rows").alter.set_table_description("of somebody else")
        return rows

    monkeypatch.setattr(DeltaDestination, "_write", meanwhile)

    def compact(progress: sr.Progress) -> None:
        if progress.rows == 28:
            found = DeltaTable("rows")
            found.optimize.compact()
            found.vacuum(0, dry_run=False, enforce_retention_duration=False)

    output = sr.io.delta.write(table(), "rows", rows_per_file=1)
    sr.run(outputs=[output], processes=0, state="state", progress=compact)
    assert "somebody else has committed to the table" in caplog.text
    assert sorted(row[1] for row in rows_of("rows")) == list(range(40))
