"""`streamreg verify` on a real broker: equal after a crash, different after each kind of tampering."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

import streamreg as sr
from streamreg._cli import main
from streamreg._state.snapshot import read
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.verified import resealed, rewritten

Capture = pytest.CaptureFixture[str]

PARTITIONS = 3
MESSAGES = 20_000  # in each partition
STATE = Path("job.state")
JOB = """
[source]
topic = "${TOPIC}"
mode = "${MODE}"
autocommit_duration_ms = 20
[source.kafka]
bootstrap.servers = "${SERVERS}"
[schema]
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
[output]
regression = "fit.csv"
input = "rows.csv"
[run]
processes = 2
rejects = "rejects.jsonl"
"""


def stream(partition: int) -> Iterator[bytes]:
    """A header, then points with some junk between them."""
    chance = random.Random(partition)
    yield b"x,y"
    for i in range(MESSAGES):
        yield b"junk,%d" % i if i % 1000 == 999 else f"{i},{chance.uniform(-1, 1)!r}".encode()


def rows_so_far() -> int:
    with contextlib.suppress(sr.StateError):
        return read(STATE).rows
    return 0


def run_until_killed() -> None:
    """Runs the job and kills all its processes once it has closed an epoch with rows."""
    process = subprocess.Popen(
        [sys.executable, "-m", "streamreg", "run", "job.toml"],
        env={**os.environ, "MODE": "streaming"},  # it does not end by itself
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a process group, so that the workers die too
    )
    try:
        deadline = time.monotonic() + 60
        while not rows_so_far():
            assert process.poll() is None
            assert time.monotonic() < deadline
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_verify_after_a_crash_and_after_tampering(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """What a killed and continued run leaves is equal; a changed row, state or topic is told."""
    broker.create_topic(topic, PARTITIONS)
    for partition in range(PARTITIONS):
        produce(topic, stream(partition), partition)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOPIC", topic)
    monkeypatch.setenv("MODE", "static")
    monkeypatch.setenv("SERVERS", broker.plaintext["bootstrap.servers"])
    Path("job.toml").write_text(JOB)

    def verified() -> tuple[int, list[str]]:
        """The exit code, and what differs."""
        capsys.readouterr()
        code = main(["verify", "job.toml"])
        out, err = capsys.readouterr()
        different = [line for line in out.splitlines() if not line.startswith("ok  ")]
        return code, different or [err]

    run_until_killed()
    assert verified() == (0, ["streamreg: equal\n"])
    assert main(["run", "job.toml"]) == 0
    assert read(STATE).rows == PARTITIONS * MESSAGES * 999 // 1000
    assert verified() == (0, ["streamreg: equal\n"])

    def told(path: Path, old: bytes, new: bytes) -> str:
        """What verify says of one change, which is undone again."""
        held = path.read_bytes()
        assert old in held
        path.write_bytes(held.replace(old, new, 1))
        code, (line,) = verified()
        path.write_bytes(held)
        assert code == 1
        return line

    last = Path("fit.csv").read_bytes().splitlines()[-1]
    other = last.replace(b"0.", b"1.", 1)
    assert "fit.csv, its changes folded: it ends with" in told(Path("fit.csv"), last, other)
    assert "rows.csv, its rows: 59,940 written" in told(Path("rows.csv"), b"\n7.0", b"\n8.0")
    assert "rejects.jsonl, its lines: 60 written" in told(Path("rejects.jsonl"), b"999", b"998")

    kept = read(STATE).reductions
    rewritten(STATE, reductions=[resealed(kept[0], -1)])
    code, (line,) = verified()
    assert code == 1
    assert "exact state 1: other sums in the state" in line
    rewritten(STATE, reductions=kept)
    assert verified() == (0, ["streamreg: equal\n"])

    admin = AdminClient({**broker.plaintext})
    for done in admin.delete_records([TopicPartition(topic, 1, 10)]).values():
        done.result(30)
    code, (line,) = verified()
    assert code == 2
    assert f"topic {topic!r}, partition 1: cannot be verified: the run read from offset 0" in line
