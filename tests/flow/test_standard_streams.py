"""Standard streams that are closed, broken, frozen or gone: a run goes on, and its exit code says how it ended."""

import itertools
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.child import JOBS
from tests.support.numbered import count_sound
from tests.support.process import ROOT, wait_until
from tests.support.produce import send

ROWS = [f"{i},{2 * i + 1}".encode() for i in range(40)]
STREAMS = [numbers for count in (1, 2, 3) for numbers in itertools.combinations((0, 1, 2), count)]
SECONDS = 60


def environment() -> dict[str, str]:
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    # Buffered, as it is by default: what a program has printed before the run waits to be written.
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONUNBUFFERED": ""}


@pytest.fixture
def job(folder: Path, broker: EmbeddedBroker, topic: str) -> Path:
    """A job over a topic with 40 rows, which ends with them."""
    send(broker, topic, {0: [b"x,y", *ROWS[:10]], 1: ROWS[10:20], 2: ROWS[20:30], 3: ROWS[30:]})
    path = folder / "job.toml"
    path.write_text(
        f"""
        [source]
        topic = "{topic}"
        mode = "static"
        [source.kafka]
        bootstrap.servers = "{broker.bootstrap_servers}"
        [schema]
        x = "float"
        y = "float"
        [regression]
        target = "y"
        features = ["x"]
        statistics = ["n"]
        [output]
        input = "in.csv"
        regression = "out.csv"
        """
    )
    return path


def command(job: Path) -> list[str]:
    return [sys.executable, "-m", "streamreg", "run", str(job), "--processes", "1"]


def check_files(folder: Path) -> None:
    """All rows are there, and nothing else: no other's words, no missing line."""
    rows = (folder / "in.csv").read_text().splitlines()
    assert rows[0] == "x,y,time,diff"
    assert len(rows) == 1 + len(ROWS)
    assert {tuple(map(float, row.split(",")[:2])) for row in rows[1:]} == {
        (i, 2 * i + 1) for i in range(len(ROWS))
    }
    out = (folder / "out.csv").read_text().splitlines()
    assert out[0] == "intercept,x,n,time,diff"
    assert [line.split(",")[:3] for line in out if line.endswith(",1")][-1] == ["1.0", "2.0", "40"]


@pytest.mark.parametrize("closed", STREAMS, ids=str)
def test_closed_streams_end_no_command(job: Path, folder: Path, closed: tuple[int, ...]) -> None:
    """`streamreg run` with any of its streams closed reads all, writes it to the right files, and ends with 0."""
    shut = " ".join(f"{number}>&-" for number in closed)
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {shut}', "sh", *command(job)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    check_files(folder)


@pytest.mark.parametrize("closed", STREAMS, ids=str)
@pytest.mark.parametrize("processes", [0, 1])
def test_closed_streams_end_no_program(
    folder: Path, closed: tuple[int, ...], processes: int
) -> None:
    """The same of `sr.run()` in a program."""
    shut = " ".join(f"{number}>&-" for number in closed)
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {shut}', "sh", sys.executable, str(JOBS / "streams.py")],
        env={**environment(), "PROCESSES": str(processes)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert count_sound(folder, 4) == 40


@contextmanager
def broken_pipe() -> Iterator[int]:
    """The writing end of a pipe whose reader is gone."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


@pytest.mark.parametrize("broken", [(1,), (2,), (1, 2)], ids=str)
@pytest.mark.parametrize("kind", ["command", "program"])
def test_a_reader_that_is_gone_ends_no_run(
    request: pytest.FixtureRequest, folder: Path, broken: tuple[int, ...], kind: str
) -> None:
    """Neither what is written to it, nor what still waits in a buffer, changes the exit code."""
    arguments = [sys.executable, str(JOBS / "streams.py")]
    if kind == "command":
        arguments = command(request.getfixturevalue("job"))
    with broken_pipe() as writing:
        done = subprocess.run(
            arguments,
            env={**environment(), "PROCESSES": "1"},
            stdout=writing if 1 in broken else subprocess.PIPE,
            stderr=writing if 2 in broken else subprocess.PIPE,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    if kind == "command":
        check_files(folder)
    else:
        assert count_sound(folder, 4) == 40


@contextmanager
def on_terminal(arguments: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """A process on a terminal of its own, with the end of who looks at it, and its own."""
    looking, terminal = pty.openpty()
    process = subprocess.Popen(
        arguments,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment(),
        start_new_session=True,
    )
    try:
        yield process, looking, terminal
    finally:
        process.kill()
        process.wait()
        for number in (looking, terminal):
            os.close(number)


def take_away(*numbers: int) -> None:
    """Closes what stands under these numbers; they stay taken: whoever closes them again closes nobody else's file."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in numbers:
        os.dup2(null, number)
    os.close(null)


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_a_terminal_that_goes_away_ends_no_run(
    job: Path, folder: Path, broker: EmbeddedBroker, topic: str
) -> None:
    """What comes afterwards is read as before, and a signal ends the run with 0."""
    job.write_text(job.read_text().replace('"static"', '"streaming"'))
    with on_terminal(command(job)) as (process, looking, terminal):
        wait_until(lambda: lines(folder / "in.csv") == 41, SECONDS)
        take_away(looking, terminal)
        send(broker, topic, {0: [b"40,81"] * 3})
        wait_until(lambda: lines(folder / "in.csv") == 44, SECONDS)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0


@pytest.mark.parametrize("ends", ["by itself", "by a signal"])
def test_a_frozen_terminal_stops_no_run(
    job: Path, folder: Path, broker: EmbeddedBroker, topic: str, ends: str
) -> None:
    """After Ctrl-S, which lets a write wait for ever, all rows are read, and the run ends in time."""
    if ends == "by a signal":
        job.write_text(job.read_text().replace('"static"', '"streaming"'))
    with on_terminal(["sh", "-c", 'read _; exec "$@"', "sh", *command(job)]) as running:
        process, looking, terminal = running
        termios.tcflow(terminal, termios.TCOOFF)
        os.write(looking, b"\n")
        if ends == "by a signal":
            wait_until(lambda: lines(folder / "in.csv") == 41, SECONDS)
            send(broker, topic, {0: [b"40,81"] * 3})
            wait_until(lambda: lines(folder / "in.csv") == 44, SECONDS)
            process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    if ends == "by itself":
        check_files(folder)
