"""Whatever of Spark is killed, what is on disk at the end is the one true changelog."""

import json
import os
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.kafka import faults
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.numbered import PARTITIONS, Stream, verify, verify_scores
from tests.support.kafka.program import job_environment
from tests.support.kafka.siege import Siege
from tests.support.process import Process
from tests.support.spark import (
    LOCAL_CLUSTER,
    Standalone,
    descendants,
    executors,
    group_is_gone,
    python_workers,
)

HERE = Path(__file__).parent
PATIENCE = 150.0
"""Seconds for what takes ten on a machine that does nothing else: Java starts each time."""

pytestmark = pytest.mark.timeout(900)


def siege_of(broker: KafkaBroker, topic: str, folder: Path, master: str) -> Siege:
    broker.create_topic(topic, PARTITIONS)
    settings = {**broker.plaintext, "reconnect.backoff.max.ms": "500"}
    environment = job_environment(settings=settings, topic=topic, autocommit_ms=60)
    environment |= {"CHAOS_SCORES": "yes", "CHAOS_SPARK": master}
    return Siege(folder, environment, broker, 1, patience=PATIENCE)


def kill(siege: Siege, find: Callable[[], list[int]], chance: random.Random) -> None:
    """Kills one of some processes as soon as there is one."""
    siege.until(lambda: find() != [], "nobody to be killed")
    os.kill(chance.choice(find()), signal.SIGKILL)


def test_what_dies_on_a_cluster(broker: KafkaBroker, topic: str, folder: Path) -> None:
    """Python workers and executors are killed under a running job: it goes on, and nothing is lost or doubled."""
    siege = siege_of(broker, topic, folder, LOCAL_CLUSTER)
    chance = random.Random(2)
    with Stream(broker.plaintext, topic, 2) as stream, siege.job() as process:
        siege.until_rows(process)
        for find in (python_workers, executors, python_workers, executors):
            kill(siege, lambda find=find: find(process.pid), chance)  # type: ignore[misc]
            siege.until_rows(process)
        stream.finish()
        siege.finish(stream.rows, process)
    verify(folder, stream.rows, stream.junk)
    verify_scores(folder, stream.rows)


# In two halves: the topic grows while Java starts, so that each step takes longer than the one before.
@pytest.mark.parametrize("first", [0, 1])
def test_a_driver_that_dies(broker: KafkaBroker, topic: str, folder: Path, first: int) -> None:
    """At each step of closing an epoch; it goes on, and a Python worker that dies under it changes nothing."""
    siege = siege_of(broker, topic, folder, "local[2]")
    chance = random.Random(5)
    with Stream(broker.plaintext, topic, 5) as stream:
        for step in [*faults.CLOSING][first::2]:
            siege.die_at(step, chance.randrange(1, 4))
        with siege.job() as process:
            siege.until_rows(process)
            kill(siege, lambda: python_workers(process.pid), chance)
            siege.until_rows(process)
        stream.finish()
        with siege.job() as process:
            siege.finish(stream.rows, process)
    verify(folder, stream.rows, stream.junk)
    verify_scores(folder, stream.rows)


@pytest.fixture
def cluster(folder: Path) -> Iterator[Standalone]:
    found = Standalone(folder)
    try:
        found.start(2)
        yield found
    finally:
        found.close()


def test_a_node_that_is_lost(
    broker: KafkaBroker, topic: str, folder: Path, cluster: Standalone
) -> None:
    """Of two workers of a standalone cluster one is killed with its executor: the other takes over."""
    siege = siege_of(broker, topic, folder, cluster.url)
    with Stream(broker.plaintext, topic, 3) as stream, siege.job() as process:
        siege.until_rows(process)
        nodes = [descendants(worker.pid) for worker in cluster.workers]
        assert all(any("Backend" in line for line in node.values()) for node in nodes)
        cluster.kill_worker(0)
        siege.until_rows(process)
        siege.until_rows(process)
        stream.finish()
        siege.finish(stream.rows, process)
    verify(folder, stream.rows, stream.junk)


def environment_of(broker: KafkaBroker, topic: str) -> dict[str, str]:
    root = str(HERE.parents[1])
    return {
        "JOB_SETTINGS": json.dumps(broker.plaintext),
        "JOB_TOPIC": topic,
        "JOB_MODE": "streaming",
        "JOB_MASTER": "local[2]",
        "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")]),
    }


@pytest.mark.parametrize(
    ("number", "master"), [(signal.SIGINT, "local[2]"), (signal.SIGTERM, LOCAL_CLUSTER)]
)
def test_an_end_by_signal(
    broker: KafkaBroker, topic: str, folder: Path, number: signal.Signals, master: str
) -> None:
    """Ctrl-C, to all processes as a terminal sends it, and SIGTERM end the run cleanly, and Java with it.

    Executors of a cluster of this machine have the memory that its workers have, though nothing is set.
    """
    from tests.support.engine_jobs import readings
    from tests.support.kafka.produce import producer_for

    broker.create_topic(topic)
    producer_for(broker.plaintext)(topic, readings(200, 1))
    environment = environment_of(broker, topic) | {"JOB_MASTER": master}
    with Process(HERE / "jobs" / "readings.py", folder, environment) as job:
        rows = folder / "rows.csv"
        job.wait_until(lambda: rows.exists() and rows.read_text().count("\n") > 100, PATIENCE)
        job.signal(number, group=number is signal.SIGINT)
        assert job.exit_code(60) == 0, job.said
        group_is_gone(job.pid)
    assert rows.read_text().endswith("\n")


def test_a_driver_killed_leaves_nobody(broker: KafkaBroker, topic: str, folder: Path) -> None:
    """Java and the Python workers end with their driver; the state goes on without an engine."""
    from tests.support.engine_jobs import readings, state_of
    from tests.support.kafka.produce import producer_for

    broker.create_topic(topic)
    messages = readings(300, 2)
    producer_for(broker.plaintext)(topic, messages)
    environment = environment_of(broker, topic)
    with Process(HERE / "jobs" / "readings.py", folder, environment) as job:
        rows = folder / "rows.csv"
        job.wait_until(lambda: rows.exists() and rows.read_text().count("\n") > 100, PATIENCE)
        job.signal(signal.SIGKILL)
        group_is_gone(job.pid)
    del environment["JOB_MASTER"]
    with Process(
        HERE / "jobs" / "readings.py", folder, environment | {"JOB_MODE": "static"}
    ) as job:
        job.finish(PATIENCE)
    _, offsets, count, rejects = state_of(folder / "state")
    assert (offsets, count + rejects) == ({"0": len(messages)}, len(messages))


def test_a_run_that_fails_says_so(broker: KafkaBroker, topic: str, folder: Path) -> None:
    """Where Spark does not start, or a topic is not there, the process ends with a code that is not 0."""
    environment = environment_of(broker, topic)
    with Process(HERE / "jobs" / "readings.py", folder, environment) as job:
        assert job.exit_code(PATIENCE) == 1
        assert f"topic '{topic}'" in job.said
    broker.create_topic(topic)
    environment["JOB_MASTER"] = "local[no]"
    with Process(HERE / "jobs" / "readings.py", folder, environment) as job:
        assert job.exit_code(PATIENCE) == 1
        assert "Spark does not start at local[no]" in job.said
