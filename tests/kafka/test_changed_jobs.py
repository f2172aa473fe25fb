"""A job that is killed again and again, and changed between the kills, on a real broker: verify knows each part."""

import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._cli import main
from streamreg._state.snapshot import read
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.process import wait_until

STATE = Path("job.state")
MESSAGES = 2_000  # of each job in each of two partitions
JOB = """
[source]
topic = "TOPIC"
mode = "MODE"
autocommit_duration_ms = 20
header = ["k", "x", "y", "z"]
[source.kafka]
bootstrap.servers = "SERVERS"
[schema]
k = "str"
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
by = ["k"]
[output]
regression = "fit.csv"
[run]
processes = 2
"""
CHANGES = [
    [],
    [
        ('regression = "fit.csv"', 'regression = "fit.csv"\ninput = "rows.csv"'),
        ('by = ["k"]', 'by = ["k"]\nstatistics = ["n", "r2"]'),
    ],
    [
        ("processes = 2", 'processes = 2\nrejects = "rejects.jsonl"'),
        ('y = "float"\n[reg', 'y = "float"\nz = "float"\n[reg'),
    ],
    [('input = "rows.csv"\n', ""), ('"n", "r2"', '"n"')],
]
"""An output, statistics, rejects and an unused column come, then an output and a statistic go."""


def values(seed: int) -> list[bytes]:
    chance = random.Random(seed)
    return [
        b"%s,%d,%r,%s" % (chance.choice([b"a", b"b", b"c"]), at, chance.uniform(-1, 1), z)
        for at, z in ((at, chance.choice([b"", b"2"])) for at in range(MESSAGES))
    ]


def rows() -> int:
    try:
        return read(STATE).rows
    except sr.StateError:
        return 0


def test_a_job_is_changed_between_kills(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each change goes on with the state, and at the end all that can be compared is equal to the topic."""
    chance = random.Random(1)
    monkeypatch.chdir(tmp_path)
    broker.create_topic(topic, 2)
    servers = broker.plaintext["bootstrap.servers"]
    job = JOB.replace("SERVERS", servers).replace("TOPIC", topic)
    path = Path("job.toml")
    for number, changes in enumerate(CHANGES):
        for partition in range(2):
            produce(topic, values(2 * number + partition), partition)
        for old, new in changes:
            assert old in job
            job = job.replace(old, new, 1)
        path.write_text(job.replace("MODE", "streaming"))
        before = rows()
        with subprocess.Popen(
            [sys.executable, "-m", "streamreg", "run", path.name],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        ) as program:
            try:
                more = chance.randrange(1, MESSAGES // 2)
                wait_until(lambda: rows() >= before + more or program.poll() is not None, 60)  # noqa: B023
                assert program.poll() is None
            finally:
                os.killpg(program.pid, signal.SIGKILL)
    path.write_text(job.replace("MODE", "static"))
    assert main(["run", path.name]) == 0
    assert main(["verify", path.name]) == 0
    aside = [path.name for path in tmp_path.iterdir() if re.fullmatch(r"fit\.\d.*\.csv", path.name)]
    assert len(aside) == 2
    assert read(STATE).rows + sum(read(STATE).rejects.values()) == 2 * MESSAGES * len(CHANGES)
