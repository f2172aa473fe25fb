"""A pipe that nobody reads, as that of a paused `less`: what a run logs is not waited for, and neither is its end."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.child import JOBS
from tests.support.process import ROOT, wait_until
from tests.support.produce import send

SECONDS = 60


@pytest.fixture
def full() -> Iterator[int]:
    """The writing end of a pipe that takes nothing more."""
    reading, writing = os.pipe()
    flags = fcntl.fcntl(writing, fcntl.F_GETFL)
    fcntl.fcntl(writing, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"-")
    # To whoever is given it, a pipe like any other.
    fcntl.fcntl(writing, fcntl.F_SETFL, flags)
    yield writing
    os.close(reading)
    os.close(writing)


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.parametrize("client", ["", 'debug = "broker,fetch"', 'log_level = "7"'])
def test_a_command_whose_words_nobody_reads_goes_on(
    folder: Path, broker: EmbeddedBroker, topic: str, full: int, client: str
) -> None:
    """`streamreg run … 2>&1 | less`: it says what it waits for, and that it ends, to nobody; and does both in time."""
    job = folder / "job.toml"
    job.write_text(
        f"""
        [source]
        topic = "{topic}"
        autocommit_duration_ms = 0
        [source.kafka]
        bootstrap.servers = "{broker.bootstrap_servers}"
        {client}
        [schema]
        x = "float"
        y = "float"
        [regression]
        target = "y"
        features = ["x"]
        [output]
        input = "in.csv"
        regression = "out.csv"
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "streamreg", "run", str(job), "--processes", "1"],
        stdout=full,
        stderr=full,
        start_new_session=True,
    )
    try:
        # A topic without its header: it says that it waits.
        wait_until(lambda: process.poll() is not None or (folder / "in.csv").exists(), SECONDS)
        send(broker, topic, {1: [b"1,2"]})
        send(broker, topic, {0: [b"x,y", b"3,4"]})
        wait_until(lambda: lines(folder / "in.csv") == 3, SECONDS)
        send(broker, topic, {2: [b"no row"], 3: [b"5,7"]})
        wait_until(lambda: lines(folder / "in.csv") == 4, SECONDS)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_program_whose_log_nobody_reads_goes_on(folder: Path, full: int, stream: str) -> None:
    """Whatever handler of the program takes the log, to a pipe: all is read, and the handler is as it was."""
    process = subprocess.Popen(
        [sys.executable, str(JOBS / "unread.py")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), "LOG": stream},
        stdout=full if stream == "stdout" else subprocess.DEVNULL,
        stderr=full if stream == "stderr" else subprocess.DEVNULL,
    )
    try:
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    assert lines(folder / "rows.csv") == 41
