"""A run with a state goes on where the last one ended, however that ended."""

import functools
import random
import signal
import time
from pathlib import Path

import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support.changelog import changes, inserted, rejects, times
from tests.support.child import Child
from tests.support.numbered import Point, count_sound, row, stream, write_regression

ROWS = 3000


def run(
    partitions: list[list[bytes]], *, epochs: int | None = None, processes: int = 0
) -> sr.Summary:
    """The regression with a state, up to so many epochs, or to the end."""
    write_regression(read(partitions, schema=Point, batch=12))
    return sr.run(
        processes=processes,
        state="state",
        rejects="rejects.jsonl",
        stop=None if epochs is None else lambda progress: progress.epochs >= epochs,
    )


def test_a_stopped_run_goes_on(folder: Path, processes: int) -> None:
    """Stopped again and again, it ends with the files of one that was not: rows, result, rejects."""
    # More than fits in the mailbox, which a stop still reads.
    partitions = [*stream(6000, 3), [b"bad"] * 10]
    ends = [run(partitions, epochs=epochs, processes=processes) for epochs in (1, 2, 9)]
    last = run(partitions, processes=processes)
    assert (ends[0].ended_by, last.ended_by) == ("stop", "source")
    assert ends[0].rows < last.rows == 6000
    assert last.rejects == {"field-count": 10}
    assert count_sound(folder, 3) == 6000
    found = [(entry["partition"], entry["offset"]) for entry in rejects("rejects.jsonl")]
    assert sorted(found) == [(3, offset) for offset in range(10)]


def test_a_resumed_run_writes_the_same_bytes(folder: Path) -> None:
    """Where the batches are the same, the files are: no byte tells that the run was stopped."""
    partitions = stream(300, 3)
    run(partitions)
    whole = {name: (folder / name).read_bytes() for name in ("rows.csv", "line.csv")}
    (folder / "parts").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "parts")
        for epochs in (1, 5, 6, 20):
            run(partitions, epochs=epochs)
        run(partitions)
        assert {name: Path(name).read_bytes() for name in whole} == whole


def test_a_run_at_its_end_changes_nothing(folder: Path, processes: int) -> None:
    """Run once more when all is read, it reads nothing, writes nothing, and says what it has."""
    run(stream(60, 3), processes=processes)
    before = {name: (folder / name).read_bytes() for name in ("rows.csv", "line.csv")}
    summary = run(stream(60, 3), processes=processes)
    assert (summary.rows, summary.ended_by) == (60, "source")
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_rows_that_came_since_are_added(folder: Path) -> None:
    """The topic has grown, by messages and by a partition: what is new is read, and nothing else."""
    run([part[:11] for part in stream(90, 3)])
    assert count_sound(folder, 3) == 30
    run(stream(90, 3))
    assert count_sound(folder, 3) == 90
    run([*stream(90, 3), [b"x,y", b"1000,1"]])
    assert len(inserted("rows.csv", "x", "y")) == 91


def test_the_number_of_processes_may_change(folder: Path) -> None:
    """The state does not know how many read: 0, 3, 1 and 0 of them give the exact result."""
    for epochs, processes in ((3, 0), (6, 3), (9, 1)):
        run(stream(300, 3), epochs=epochs, processes=processes)
    run(stream(300, 3))
    assert count_sound(folder, 3) == 300


def test_the_header_is_remembered(folder: Path) -> None:
    """A state knows the columns' order: the header is not read again, nor taken for a row."""
    first = [b"y,x", *(f"{i * 2},{i}".encode() for i in range(20))]
    run([first], epochs=1)
    # As where retention has deleted it since.
    run([[b"gone", *first[1:], b"60,30"]])
    found = inserted("rows.csv", "x", "y")
    assert found == [(f"{i}.0", f"{i * 2}.0") for i in [*range(20), 30]]


def test_a_partition_that_was_empty_may_begin_with_the_header(folder: Path) -> None:
    """Whether a partition's first message is still to come is remembered too."""
    run([[b"x,y", row(0)], []])
    run([[b"x,y", row(0)], [b"x,y", row(1)]])
    assert count_sound(folder, 2) == 2


def test_what_stands_past_the_recorded_length_is_cut(folder: Path) -> None:
    """A torn line, or lines of an epoch that was not closed, are no part of the run."""
    run(stream(90, 3), epochs=3)
    for name in ("rows.csv", "line.csv", "rejects.jsonl"):
        with (folder / name).open("ab") as file:
            file.write(b"9.0,9.0,17,1\n8.0,8")
    run(stream(90, 3))
    assert count_sound(folder, 3) == 90
    assert rejects("rejects.jsonl") == []


def test_unix_ms_goes_on_after_the_last_run(folder: Path) -> None:
    """Also when the clock was set back meanwhile, times only grow."""
    partitions = stream(60, 3)

    def run_ms(epochs: int) -> None:
        t = read(partitions, schema=Point, batch=12)
        sr.io.csv.write(t, "rows.csv", time="unix_ms")
        sr.run(processes=0, state="state", stop=lambda progress: progress.epochs >= epochs)

    run_ms(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: 10**15)
        run_ms(4)
    assert len(times(changes("rows.csv", "x", "y"))) == 4


def test_a_parent_killed_at_any_moment(folder: Path, processes: int) -> None:
    """Killed at random and started again: every row once, in order, and the exact result."""
    chance = random.Random(processes)
    rows = folder / "rows.csv"
    environment = {
        "STREAMREG_PROCESSES": processes,
        "ROWS": ROWS,
        "STATE": "state",
        "DURABILITY": "power" if processes == 1 else "process",
    }
    for _ in range(3):
        before = rows.stat().st_size if rows.exists() else 0
        with Child("slow", folder, **environment) as program:
            # It must come further than the last one did, or nothing is tried.
            further = functools.partial(grown, rows, before)
            program.wait_until(further)
            time.sleep(chance.uniform(0, 0.03))
            program.signal(signal.SIGKILL)
            assert program.exit_code() == -signal.SIGKILL
    with Child("slow", folder, **environment) as program:
        program.finish()
    assert count_sound(folder, 4) == ROWS


def grown(path: Path, before: int) -> bool:
    return path.exists() and path.stat().st_size > before
