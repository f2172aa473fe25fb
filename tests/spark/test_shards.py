"""Sums by key, and windows, in shards of tasks of Spark: whatever is killed, they come to what one machine comes to."""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import streamreg as sr
from streamreg._state.snapshot import read as read_state
from tests.support import spark_runs
from tests.support.engine_jobs import REJECTS, spread, standing
from tests.support.kafka import faults
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import producer_for
from tests.support.process import Process
from tests.support.shard_jobs import check_same_state
from tests.support.shard_programs import PROGRAMS
from tests.support.shard_windows import Event
from tests.support.spark import LOCAL_CLUSTER, executors, python_workers

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HERE = Path(__file__).parent
PATIENCE = 300.0
"""Seconds for what takes ten on a machine that does nothing else: Java starts each time."""
COUNT = 12_000

pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module", params=[*PROGRAMS])
def filled(request: pytest.FixtureRequest, broker: KafkaBroker) -> str:
    """A topic of messages of a program, called as it."""
    name: str = request.param
    broker.create_topic(name, 4)
    for partition, messages in enumerate(spread(PROGRAMS[name].messages(COUNT), 4, 11)):
        producer_for(broker.plaintext)(name, messages, partition)
    return name


def table(broker: KafkaBroker, topic: str) -> sr.Table:
    return spark_runs.table(broker, topic, PROGRAMS[topic].schema)


def write(broker: KafkaBroker, topic: str, folder: Path) -> list[sr.Output]:
    return PROGRAMS[topic].write(table(broker, topic), folder)


def one_machine(broker: KafkaBroker, topic: str, folder: Path) -> Path:
    """What the topic comes to there."""
    own = folder / "one"
    own.mkdir()
    sr.run(
        outputs=write(broker, topic, own), state=own / "state", rejects=own / REJECTS, processes=0
    )
    return own


def check(broker: KafkaBroker, topic: str, folder: Path, one: Path) -> None:
    """The folder has what one machine has; `verify` finds it to be what the topic comes to."""
    for file in PROGRAMS[topic].files:
        assert standing(folder / file) == standing(one / file), file
    check_same_state(one / "state", folder / "state")
    spark_runs.check(write(broker, topic, folder), folder)
    sr.clear()
    state = read_state(folder / "state")
    if state.shards is not None:
        there = {path.name for path in (folder / "state" / "shards").iterdir()}
        assert there == state.shards.files


def test_law_the_same_in_shards(
    broker: KafkaBroker, filled: str, session: "SparkSession", folder: Path
) -> None:
    """In batches, in another number of shards, on one machine, in shards again: the same sums."""
    own = folder / "spark"
    own.mkdir()
    for rows, shards, durable in (
        (3000, 5, "process"),
        (6000, 2, "power"),
        (9000, None, "process"),
        (COUNT, 3, "process"),
    ):
        engine = None
        if shards is not None:
            engine = sr.engines.spark(session, trigger="0 seconds", max_rows=2000, shards=shards)
        sr.run(
            outputs=write(broker, filled, own),
            processes=None if engine else 0,
            state=own / "state",
            rejects=own / REJECTS,
            durability=durable,  # type: ignore[arg-type]  # one of two words
            engine=engine,
            stop=lambda now, rows=rows: now.rows >= rows,  # type: ignore[misc]
        )
    check(broker, filled, own, one_machine(broker, filled, folder))


def test_a_quiet_stream_closes_its_windows(
    broker: KafkaBroker, session: "SparkSession", folder: Path
) -> None:
    """Where nothing is read event time passes idle partitions all the same, and shards close what is due by it."""
    broker.create_topic("quiet", 2)
    messages = [b'{"k": "%d", "m": 1, "at": %d, "x": 1, "y": 2}' % (at % 7, at) for at in range(40)]
    producer_for(broker.plaintext)("quiet", messages, 0)
    t = sr.io.kafka.read(broker.plaintext, topic="quiet", schema=Event, format="json")
    behavior = sr.temporal.exactly_once_behavior(idle_timeout=0.5)
    windows = t.windowby(t.at, window=sr.temporal.tumbling(10), instance=t.k, behavior=behavior)
    sr.io.csv.write(windows.reduce(n=sr.reducers.count()), "windows.csv")
    deadline = time.monotonic() + PATIENCE

    def stop(_: sr.Progress) -> bool:
        assert time.monotonic() < deadline
        written = Path("windows.csv")
        return written.exists() and written.read_bytes().count(b"\n") > 28

    engine = sr.engines.spark(session, trigger="100 milliseconds", shards=3)
    sr.run(state="state", engine=engine, stop=stop)
    found = standing(Path("windows.csv"))
    assert sum(int(row[-1]) for row in found) == len(messages)
    assert len(found) == 28
    state = read_state(Path("state"))
    assert {move[:2] for move in state.moves} == {(0, 0), (0, 1)}
    sr.clear()


def test_a_folder_that_is_not_shared(
    broker: KafkaBroker,
    filled: str,
    session: "SparkSession",
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Executors that do not find what the driver has written there end the run at its start."""
    from streamreg._spark import probe

    answer = probe.answer

    def elsewhere(_folder: str, word: str, tasks: Iterable[int]) -> Iterable[object]:
        return answer("/nowhere", word, tasks)

    monkeypatch.setattr(probe, "answer", elsewhere)
    t = table(broker, filled)
    sr.io.csv.write(t.linear_regression(t.y, t.x, by=t.k), "fits.csv")
    with pytest.raises(
        sr.ConfigurationError, match=r"engine: shards: the executor on .* does not share the folder"
    ):
        sr.run(state="state", engine=sr.engines.spark(session, shards=2))
    sr.clear()


def environment_of(broker: KafkaBroker, topic: str, master: str) -> dict[str, str]:
    return {
        "JOB_SETTINGS": json.dumps(broker.plaintext),
        "JOB_TOPIC": topic,
        "JOB_PROGRAM": topic,
        "JOB_MASTER": master,
        "JOB_MAX_ROWS": "600",
        "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]),
    }


def rows_of(folder: Path) -> int:
    path = folder / "rows.csv"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_a_driver_that_dies_with_shards(broker: KafkaBroker, filled: str, folder: Path) -> None:
    """At each step of closing, also when new runs have their names and the checkpoint does not name them yet."""
    environment = environment_of(broker, filled, "local[2]")
    for step in (
        "rows appended, nothing else",
        "results appended",
        "one file flushed, the others not",
        "before the commit",
        "within the transaction",
        "after the transaction, before its commit record",
        "after the commit",
    ):
        assert step in faults.CLOSING
        chaos = {"CHAOS_STEP": step, "CHAOS_COUNT": "3"}
        with Process(HERE / "jobs" / "shards.py", folder, environment | chaos) as job:
            assert job.exit_code(PATIENCE) == -signal.SIGKILL, job.said
    one = one_machine(broker, filled, folder)
    assert rows_of(folder) < rows_of(one)
    with Process(HERE / "jobs" / "shards.py", folder, environment) as job:
        job.finish(PATIENCE)
    check(broker, filled, folder, one)


def test_executors_that_die_with_shards(broker: KafkaBroker, filled: str, folder: Path) -> None:
    """Python workers and executors are killed under a running job: it goes on, and nothing is lost or doubled."""
    chance = random.Random(3)
    environment = environment_of(broker, filled, LOCAL_CLUSTER) | {"JOB_MAX_ROWS": "300"}
    with Process(HERE / "jobs" / "shards.py", folder, environment) as job:
        for find in (python_workers, executors, python_workers, python_workers, executors):
            seen = rows_of(folder)
            job.wait_until(lambda seen=seen: rows_of(folder) > seen, PATIENCE)  # type: ignore[misc]
            kill(job, find, chance)
        job.finish(PATIENCE)
    check(broker, filled, folder, one_machine(broker, filled, folder))


def kill(job: Process, find: Callable[[int], list[int]], chance: random.Random) -> None:
    """Kills one of some processes as soon as there is one."""
    job.wait_until(lambda: find(job.pid) != [], PATIENCE)
    os.kill(chance.choice(find(job.pid)), signal.SIGKILL)
