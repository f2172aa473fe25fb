"""What a run bears without being started again: a topic that grows, a broker that is away, workers that hang."""

import os
import signal
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions

from tests.support.kafka import faults
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.numbered import HEADER, message, rows_so_far, verify
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import job_environment
from tests.support.kafka.siege import Siege, workers_of

ROWS = 1000


def siege_of(broker: KafkaBroker, topic: str, folder: Path, processes: int = 2) -> Siege:
    settings = {
        **broker.plaintext,
        "reconnect.backoff.max.ms": "500",
        "topic.metadata.refresh.interval.ms": "200",
    }
    environment = job_environment(
        settings=settings, topic=topic, autocommit_ms=50, processes=processes
    )
    return Siege(folder, environment, broker, seed=0)


def numbered(first: int, count: int = ROWS) -> list[bytes]:
    return [message(seq) for seq in range(first, first + count)]


@pytest.mark.parametrize("processes", [0, 1, 3])
def test_a_topic_grows(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path, processes: int
) -> None:
    """New partitions are read from their beginning, by a run that goes on, and once."""
    broker.create_topic(topic)
    produce(topic, [HEADER, *numbered(0)])
    siege = siege_of(broker, topic, tmp_path, processes)
    with siege.job() as process:
        siege.until(lambda: rows_so_far(tmp_path) == ROWS, "rows are missing")
        admin = AdminClient({**broker.plaintext})
        admin.create_partitions([NewPartitions(topic, 4)])[topic].result(30)
        siege.until(
            lambda: len(admin.list_topics(topic).topics[topic].partitions) == 4, "no discovery"
        )
        produce(topic, [HEADER, *numbered(ROWS)], 3)
        produce(topic, numbered(2 * ROWS), 1)
        produce(topic, numbered(3 * ROWS), 0)
        siege.finish(4 * ROWS, process)
    assert "new partitions, read from their beginning: 1, 2, 3" in siege.said
    verify(tmp_path, 4 * ROWS)
    produce(topic, numbered(4 * ROWS), 2)
    with siege.job() as process:
        siege.finish(5 * ROWS, process)
    verify(tmp_path, 5 * ROWS)


def test_the_broker_is_away(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path
) -> None:
    """A run outlives a broker that dies while it reads a backlog and is away for five seconds, and says so.

    About ten seconds.
    """
    count = 200_000
    broker.create_topic(topic, 2)
    produce(topic, [HEADER, *numbered(0, count // 2)])
    produce(topic, numbered(count // 2, count // 2), 1)
    siege = siege_of(broker, topic, tmp_path)
    with siege.job() as process:
        siege.until(lambda: rows_so_far(tmp_path) > 0, "no rows")
        broker.kill()
        away = time.monotonic()
        siege.until(lambda: time.monotonic() > away + 5 or process.poll() is not None, "")
        assert process.poll() is None, siege.said
        broker.start()
        produce(topic, numbered(count, ROWS))
        siege.finish(count + ROWS, process)
    assert "check bootstrap.servers" in siege.said
    assert "reading again" in siege.said
    assert "responds again, after" in siege.said
    verify(tmp_path, count + ROWS)


def test_the_broker_is_away_before_the_header(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path
) -> None:
    """A run that waits for its first message outlives a broker's restart, and says so.

    About ten seconds.
    """
    broker.create_topic(topic, 2)
    siege = siege_of(broker, topic, tmp_path)
    with siege.job() as process:
        siege.until(lambda: "waiting for the header" in siege.said, "no word")
        broker.stop()
        siege.until(lambda: "check bootstrap.servers" in siege.said, "no word")
        broker.start()
        produce(topic, [HEADER, *numbered(0)])
        siege.finish(ROWS, process)
    verify(tmp_path, ROWS)


@pytest.mark.parametrize("mid_frame", [False, True])
def test_a_stuck_worker_does_not_block_the_end(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path, mid_frame: bool
) -> None:
    """With workers that do nothing any more a run ends within five seconds, cleanly, and the next one goes on."""
    broker.create_topic(topic, 2)
    produce(topic, [HEADER, *numbered(0)])
    siege = siege_of(broker, topic, tmp_path)
    with siege.job(faults.STUCK_IN_A_FRAME if mid_frame else None, count=2) as process:
        siege.until(lambda: len(workers_of(process.pid)) == 2, "no workers")
        workers = workers_of(process.pid)

        def stuck() -> bool:
            return any(map(_stopped, workers))

        # Where the broker hands these rows over in more than one piece, a worker is stuck already.
        siege.until(lambda: rows_so_far(tmp_path) == ROWS or stuck(), "rows are missing")
        if mid_frame:
            produce(topic, numbered(ROWS))
            siege.until(stuck, "no worker is stuck")
        else:
            for worker in workers:
                os.kill(worker, signal.SIGSTOP)
            produce(topic, numbered(ROWS))
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0, siege.said
    if not mid_frame:
        verify(tmp_path, ROWS)
    with siege.job() as process:
        siege.finish(2 * ROWS, process)
    verify(tmp_path, 2 * ROWS)


def test_no_orphans(broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path) -> None:
    """No worker outlives a killed parent by five seconds, be it idle or in the middle of handing over."""
    count = 300_000
    broker.create_topic(topic, 2)
    produce(topic, [HEADER])
    siege = siege_of(broker, topic, tmp_path)
    with siege.job() as process:
        siege.until(lambda: len(workers_of(process.pid)) == 2, "no workers")
        workers = workers_of(process.pid)
        process.send_signal(signal.SIGSTOP)
        # Partition 0 fills the mailbox of its worker, that nobody empties; the other is idle.
        produce(topic, numbered(0, count))
        process.kill()
        died = time.monotonic()
        siege.until(lambda: not any(map(_alive, workers)), "orphans")
        assert time.monotonic() < died + 5
    with siege.job() as process:
        siege.finish(count, process)
    verify(tmp_path, count)


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "gone"


def _alive(process: int) -> bool:
    return _state(process) not in ("gone", "Z")


def _stopped(process: int) -> bool:
    return _state(process) == "T"
