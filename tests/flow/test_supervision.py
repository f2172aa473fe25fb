"""Workers that die, and a parent that does."""

import logging
import multiprocessing
import os
import resource
import signal
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._source.contract import Range, Reader, Report
from streamreg._source.messages import Batch
from streamreg._worker import pool
from streamreg.testing import ListSource, read
from tests.support.changelog import inserted
from tests.support.child import Child, lives
from tests.support.numbered import Point, count_sound, row, stream, write_regression
from tests.support.plans import table_of_source
from tests.support.process import wait_until

ROWS = 600
LONG = 100_000  # rows: more than are read while a test lasts
AT_GATE = 300.0


@pytest.mark.parametrize("processes", [1, 3])
def test_a_killed_worker_is_replaced_and_nothing_is_doubled(folder: Path, processes: int) -> None:
    """Killed twice in the middle of a batch, it is started again; the result is the exact one."""
    with Child("gated", folder, STREAMREG_PROCESSES=processes, GATE=AT_GATE) as program:
        killed: set[int] = set()
        for _ in range(2):
            program.wait_until(lambda: bool(program.named("gate") - killed))
            for pid in program.named("gate") - killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        program.wait_until(lambda: bool(program.named("gate") - killed))
        (folder / "open").touch()
        program.finish()
        said = program.said
    assert count_sound(folder, 3) == ROWS
    assert said.count("died (signal SIGKILL)") == len(killed) == 2
    assert "go on from the merged offsets" in said


def test_all_workers_may_die_at_once(folder: Path) -> None:
    """Three workers killed together come back, and the result is the exact one."""
    with Child("gated", folder, STREAMREG_PROCESSES=3, GATE=AT_GATE) as program:
        program.wait_until(
            lambda: len(program.named("worker")) == 3 and bool(program.named("gate"))
        )
        for pid in program.named("worker"):
            os.kill(pid, signal.SIGKILL)
        (folder / "open").touch()
        program.finish()
    assert count_sound(folder, 3) == ROWS


@pytest.mark.parametrize("processes", [1, 3])
def test_a_worker_that_dies_again_and_again_ends_the_run(
    processes: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without progress between crashes the run gives up: a clear error, and what was merged is written."""
    monkeypatch.setattr(pool, "_FIRST_PAUSE", 0.01)

    def deadly(x: float) -> float:
        if x == 60.0:
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    t = read(stream(90, 3), schema=Point, batch=15)
    write_regression(t.select(x=sr.apply(deadly, t.x), y=t.y))
    with (
        caplog.at_level(logging.WARNING, "streamreg"),
        pytest.raises(sr.WorkerError, match=r"died \(signal SIGKILL\) 6 times.*giving up"),
    ):
        sr.run(processes=processes)
    assert len(caplog.records) == 5
    assert multiprocessing.active_children() == []
    assert 0 < count_sound(Path(), 3) < 90


class InTurn(ListSource):
    """Hands over messages of one partition, then of the next."""

    def reader(self, ranges: Mapping[int, Range], report: Report) -> Reader:
        readers = [ListSource.reader(self, {p: r}, report) for p, r in ranges.items()]
        return _TurnReader(cycle(readers))


@dataclass
class _TurnReader:
    turns: Iterator[Reader]

    def read(self, timeout: float) -> Batch | None:
        return next(self.turns).read(timeout)

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        return {}

    def close(self) -> None:
        return


def test_a_poison_message_beside_a_partition_that_flows(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is read of other partitions between the crashes is no progress: the run gives up and says where."""
    monkeypatch.setattr(pool, "_FIRST_PAUSE", 0.01)

    def deadly(x: float) -> float:
        if x == 61.0:
            os._exit(7)
        return x

    source = InTurn(stream(LONG, 3), batch=10)
    t = table_of_source(source, {"x": "float", "y": "float"})
    write_regression(t.select(x=sr.apply(deadly, t.x), y=t.y))
    with (
        caplog.at_level(logging.WARNING, "streamreg"),
        pytest.raises(
            sr.WorkerError, match=r"\(exit code 7\) 6 times .* partition 1 offset 20 or soon after"
        ),
    ):
        sr.run(processes=1)
    assert len(caplog.records) == 6  # of the first death nobody knows where it was
    assert 60 < count_sound(Path(), 3) < LONG


def test_a_worker_that_ends_by_itself_is_told_by_its_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever a function does to its process, the run ends with an error and not with less rows."""
    monkeypatch.setattr(pool, "_FIRST_PAUSE", 0.01)

    def leaving(x: float) -> float:
        os._exit(7)

    t = read([[b"x,y", row(0)]], schema=Point)
    sr.io.csv.write(t.select(x=sr.apply(leaving, t.x)), "x.csv")
    with pytest.raises(sr.WorkerError, match=r"worker 0 died \(exit code 7\)"):
        sr.run(processes=1)


def test_a_poison_record_of_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run says in which file it is, and near which byte."""
    monkeypatch.setattr(pool, "_FIRST_PAUSE", 0.01)

    def deadly(x: float) -> float:
        os._exit(7)

    (folder / "a.csv").write_bytes(b"x,y\n" + row(0) + b"\n")
    t = sr.io.csv.read("*.csv", schema=Point, mode="static")
    sr.io.csv.write(t.select(x=sr.apply(deadly, t.x)), "out.txt")
    with pytest.raises(
        sr.WorkerError, match=r"progress at file a.csv byte 4 or soon after: giving"
    ):
        sr.run(processes=1)


@pytest.mark.parametrize("processes", [1, 3])
@pytest.mark.parametrize("job", ["gated", "slow"])
def test_no_worker_outlives_its_parent(folder: Path, job: str, processes: int) -> None:
    """Five seconds after the parent was killed no worker is there, be it stuck or at work."""
    with Child(job, folder, STREAMREG_PROCESSES=processes, GATE=AT_GATE, ROWS=LONG) as program:
        program.wait_until(lambda: len(program.named("worker")) == processes)
        workers = program.named("worker")
        program.signal(signal.SIGKILL)
        assert program.exit_code() == -signal.SIGKILL
        wait_until(lambda: not any(map(lives, workers)), 5, lambda: "an orphan lives")


@pytest.mark.parametrize(("asked", "expected"), [(None, 3), (5, 5)])
def test_a_large_machine_gets_no_more_workers_than_memory_allows(
    asked: int | None, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless more are asked for there are three, however many cores and partitions there are."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: range(64), raising=False)
    found: list[int] = []

    def stop(progress: sr.Progress) -> bool:
        found.append(len(multiprocessing.active_children()))
        return progress.rows > 0

    t = read(stream(LONG, 8), schema=Point, batch=8)
    sr.io.csv.write(t.reduce(n=sr.reducers.count()), "count.csv")
    sr.run(processes=asked, stop=stop)
    assert max(found) == expected


def test_progress_is_told_after_each_epoch(processes: int) -> None:
    """Epochs, rows and rejects only grow, and the current result is that of the file."""
    told: list[sr.Progress] = []
    t = read([*stream(60, 3), [b"bad"]], schema=Point, batch=12)
    write_regression(t)
    summary = sr.run(processes=processes, progress=told.append)
    assert [p.epochs for p in told if p.rows] == list(range(1, summary.epochs + 1))
    assert [p.rows for p in told] == sorted(p.rows for p in told)
    last = told[-1]
    assert (last.epochs, last.rows, last.rejects) == (summary.epochs, 60, 1)
    assert last.rows_per_second > 0
    result = last.results["line.csv"]
    assert list(result) == ["a", "b"]
    [*_, end] = Path("line.csv").read_text().splitlines()
    assert end.startswith(f"{result['a']!r},{result['b']!r},")


def test_stop_ends_the_run_between_epochs(processes: int) -> None:
    """When it says so the run ends cleanly, with what was read until then."""
    write_regression(read(stream(LONG, 3), schema=Point, batch=12))
    summary = sr.run(processes=processes, stop=lambda progress: progress.epochs >= 5)
    assert summary.ended_by == "stop"
    assert summary.epochs >= 5
    assert multiprocessing.active_children() == []
    assert count_sound(Path(), 3) == summary.rows


@pytest.mark.parametrize("hook", ["progress", "stop"])
def test_an_error_in_a_hook_is_raised(processes: int, hook: str) -> None:
    """It comes out of run as it is, no worker stays, and the epochs closed before are written."""

    def fail(progress: sr.Progress) -> bool:
        if progress.epochs == 2:
            raise LookupError("the hook's own")
        return False

    def told(progress: sr.Progress) -> None:
        fail(progress)

    write_regression(read(stream(90, 3), schema=Point, batch=12))
    with pytest.raises(LookupError, match="the hook's own"):
        sr.run(
            processes=processes,
            progress=told if hook == "progress" else None,
            stop=fail if hook == "stop" else None,
        )
    assert multiprocessing.active_children() == []
    assert count_sound(Path(), 3) == len(inserted("rows.csv", "x", "y")) > 0


def test_no_descriptor_is_left_for_a_successor(folder: Path) -> None:
    """A worker dies and the process may open nothing more: the error says which limit to raise."""

    def fatal(x: float) -> float:
        if x == 150:
            os.kill(os.getpid(), signal.SIGKILL)
        return x

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    def limit(progress: sr.Progress) -> bool:
        if progress.rows:
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        return False

    t = read(stream(300, 1), schema=Point, batch=30)
    write_regression(t.select(x=sr.apply(fatal, t.x), y=t.y))
    try:
        with pytest.raises(sr.WorkerError, match=r"worker 0 cannot be started: .*ulimit -n"):
            sr.run(processes=1, stop=limit)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert 0 < count_sound(folder, 1) <= 150
