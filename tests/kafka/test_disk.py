"""A disk that is full, or that takes nothing: the clear error, nothing lost, and on from there when it is mended."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.numbered import PARTITIONS, Stream, verify
from tests.support.kafka.program import job_environment
from tests.support.kafka.siege import Siege

FULL = {
    "outputs": r"OutputError: \w+\.(csv|jsonl): No space left on device",
    # Which of the two depends on the file of SQLite's that did not fit.
    "state": r"StateError: state state: (database or disk is full|disk I/O error \(is the disk full\?\))",
}
READ_ONLY = {
    "outputs": r"OutputError: \w+\.csv: Read-only file system",
    "state": "StateError: state state: .*(Read-only|readonly|unable to open)",
}


class Disk:
    """A file system of its own: a megabyte of memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=True)

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return

    def empty(self) -> None:
        self._ballast.unlink()

    def writable(self, yes: bool) -> None:
        subprocess.run(
            ["mount", "-o", "remount,rw" if yes else "remount,ro", self.folder], check=True
        )

    def remove(self) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)


@pytest.fixture(params=["outputs", "state"])
def held(request: pytest.FixtureRequest) -> str:
    """What is on the small disk; the other is elsewhere."""
    return str(request.param)


@pytest.fixture
def disk(tmp_path: Path, held: str) -> Iterator[Disk]:
    outputs, state = tmp_path / "job", tmp_path / "job" / "state"
    outputs.mkdir()
    if held == "state":
        state.mkdir()
    try:
        disk = Disk(state if held == "state" else outputs)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk needs the right to mount one: {error}")
    if held == "outputs":
        (tmp_path / "state").mkdir()
        state.symlink_to(tmp_path / "state")
    try:
        yield disk
    finally:
        disk.remove()


@pytest.fixture
def siege(broker: KafkaBroker, topic: str, tmp_path: Path) -> Siege:
    broker.create_topic(topic, PARTITIONS)
    environment = job_environment(settings=broker.plaintext, topic=topic, autocommit_ms=50)
    return Siege(tmp_path / "job", environment, broker, seed=0, log=tmp_path / "job.log")


def must_fail(siege: Siege, pattern: str) -> None:
    """A run ends with this error, and with its own exit code."""
    with siege.job() as process:
        siege.until(lambda: process.poll() is not None, "it runs")
        assert process.returncode == 1, siege.said
    assert re.search(pattern, siege.said.splitlines()[-1]), siege.said


def test_a_full_disk(
    broker: KafkaBroker, topic: str, tmp_path: Path, siege: Siege, disk: Disk, held: str
) -> None:
    """The run ends with the error, and so does the next, until there is room; then all is there once."""
    with Stream(broker.plaintext, topic, seed=1, per_second=500) as stream:
        with siege.job() as process:
            siege.until_rows(process)
            disk.fill()
            siege.until(lambda: process.poll() is not None, "it runs")
            assert process.returncode == 1, siege.said
        assert re.search(FULL[held], siege.said.splitlines()[-1]), siege.said
        disk.fill()
        must_fail(siege, FULL[held])
        stream.finish()
    disk.empty()
    with siege.job() as process:
        siege.finish(stream.rows, process)
    verify(tmp_path / "job", stream.rows, stream.junk)


def test_a_disk_that_takes_nothing(
    broker: KafkaBroker, topic: str, tmp_path: Path, siege: Siege, disk: Disk, held: str
) -> None:
    """At the beginning or later, the error says which file or state it is, and nothing is lost."""
    with Stream(broker.plaintext, topic, seed=2, per_second=500) as stream:
        disk.writable(False)
        must_fail(siege, READ_ONLY[held])
        disk.writable(True)
        with siege.job() as process:
            siege.until_rows(process)
        disk.writable(False)
        must_fail(siege, READ_ONLY[held])
        disk.writable(True)
        stream.finish()
    with siege.job() as process:
        siege.finish(stream.rows, process)
    verify(tmp_path / "job", stream.rows, stream.junk)
