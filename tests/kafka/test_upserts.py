"""Upserts at the real broker: killed at every step, while a topic is compacted, and with many keys."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from tests.support import upserts
from tests.support.changelog import result
from tests.support.kafka import faults
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.memory import Peaks
from tests.support.kafka.program import JOBS, Program, job_environment, run_job
from tests.support.process import ROOT
from tests.support.upserts import Partitions

JOB = JOBS / "upserts.py"
KEYS = int(os.environ.get("UPSERT_KEYS", "100000"))
"""A tenth of what is promised; all of it in ten minutes."""
MEBI = 1 << 20

Sent = tuple[int, bytes | None, bytes | None]
"""Partition, key and value."""


def produce(broker: KafkaBroker, topic: str, messages: Iterable[Sent]) -> None:
    failures: list[KafkaError] = []

    def delivered(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            failures.append(error)

    producer = Producer({**broker.plaintext, "linger.ms": 5, "delivery.report.only.error": True})
    for partition, key, value in messages:
        while True:
            try:
                producer.produce(topic, value, key, partition, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(60) == 0
    assert failures == []


def environment_of(broker: KafkaBroker, topic: str, **options: Any) -> dict[str, str]:  # noqa: ANN401 - the job's
    """What the job wants to know; the sequences it reads are described beside the tests."""
    environment = job_environment(settings=broker.plaintext, topic=topic, **options)
    return {**environment, "PYTHONPATH": str(ROOT)}


def sent(messages: Partitions, part: slice = slice(None)) -> list[Sent]:
    return [(p, m.key, m.value) for p, held in enumerate(messages) for m in held[part]]


@pytest.mark.timeout(300)
def test_a_run_that_dies_at_every_step(broker: KafkaBroker, topic: str, tmp_path: Path) -> None:
    """What stands at the end is what the table gives that the sequence leaves, whatever died in between."""
    steps = [*faults.AT_FIRST, *faults.RESUMING, *faults.CLOSING, faults.HALF_A_FRAME]
    random.Random(5).shuffle(resuming := steps[len(faults.AT_FIRST) :])
    steps[len(faults.AT_FIRST) :] = resuming
    messages, table = upserts.sequence(40 * len(steps), 2, 25, 11)
    broker.create_topic(topic, 2)
    run = tmp_path / "run"
    run.mkdir()
    environment = environment_of(broker, topic, autocommit_ms=0, processes=2)
    for number, step in enumerate(steps):
        produce(broker, topic, sent(messages, slice(20 * number, 20 * number + 20)))
        if step == faults.HALF_A_FRAME:
            # Its successor dies too, and the one after that, until the run gives up.
            with Program(JOB, run, {**environment, "CHAOS_STEP": step}) as program:
                assert program.exit_code(60) == 1
            assert "giving up" in program.said
            continue
        with Program(JOB, run, {**environment, "CHAOS_STEP": step}) as program:
            assert program.exit_code(60) == -signal.SIGKILL, (step, program.said)
    produce(broker, topic, sent(messages, slice(20 * len(steps), None)))
    run_job("upserts", run, environment)
    found = upserts.left(run)
    assert found == upserts.expected(table, tmp_path / "table")
    upserts.check_oracle(table, found)


def in_topic(broker: KafkaBroker, topic: str, partitions: int) -> int:
    """How many messages are there."""
    consumer = Consumer(
        {
            **broker.plaintext,
            "group.id": "count",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
    count = 0
    ended: set[int | None] = set()
    while len(ended) < partitions:
        for message in consumer.consume(10_000, 1):
            error = message.error()
            if error is None:
                count += 1
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error
                ended.add(message.partition())
    consumer.close()
    return count


def waits(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.mark.timeout(240)
def test_compaction_changes_nothing(broker: KafkaBroker, topic: str, tmp_path: Path) -> None:
    """A run that reads while the broker compacts, and one that begins after it, leave the same."""
    messages, table = upserts.sequence(3000, 2, 40, 12, compactable=True)
    messages = [[m for m in held if m.key is not None] for held in messages]
    broker.create_topic(
        topic,
        2,
        {
            "cleanup.policy": "compact",
            "segment.ms": "200",
            "min.cleanable.dirty.ratio": "0.01",
            "delete.retention.ms": "100",
            "max.compaction.lag.ms": "500",
        },
    )
    streaming = environment_of(broker, topic, mode="streaming", autocommit_ms=50, processes=2)
    folders = [tmp_path / name for name in ("along", "after")]
    for folder in folders:
        folder.mkdir()
    chance = random.Random(1)
    table = dict(table)
    with Program(JOB, folders[0], streaming) as program:
        produce(broker, topic, sent(messages))

        def compacted() -> bool:
            # A segment is closed by the first message after its time.
            for partition in range(2):
                table[partition, b"k0"] = row = upserts.random_row(chance)
                produce(broker, topic, [(partition, b"k0", row.message())])
            return in_topic(broker, topic, 2) < 1000

        waits(compacted, 180)
        # What was read last is the last message of one partition.
        last = table[1, b"k0"]
        rows = folders[0] / "rows.csv"
        program.wait_until(lambda: f"{last.x!r},{last.y!r},{last.d}" in rows.read_text(), 60)
        program.interrupt()
    run_job("upserts", folders[1], environment_of(broker, topic))
    expected = upserts.expected(table, tmp_path / "table")
    for folder in folders:
        assert upserts.left(folder) == expected


@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("autocommit_ms", [500, 600_000])
def test_many_keys(broker: KafkaBroker, topic: str, tmp_path: Path, autocommit_ms: int) -> None:
    """Each comes, all of them are replaced, a third is removed: in 600 MB for all processes, and exactly.

    Also where all of it is one epoch.
    """
    broker.create_topic(topic, 3)

    def value(key: int, d: int) -> bytes:
        return b'{"g":"a","x":%d.5,"y":%d.25,"d":%d}' % (key % 1000, key % 77, d)

    def messages() -> Iterable[Sent]:
        for turn in (1, 2):
            for key in range(KEYS):
                at = key * 7919 % KEYS  # Any order: neighbours in time are none on disk.
                yield at % 3, b"sensor-%09d" % at, value(at, turn * at % 10_000)
        for key in range(0, KEYS, 3):
            yield key % 3, b"sensor-%09d" % key, None

    produce(broker, topic, messages())
    environment = environment_of(broker, topic, processes=3, autocommit_ms=autocommit_ms)
    started = time.monotonic()
    with Program(JOB, tmp_path, {**environment, "JOB_TOTALS": "yes"}) as program:
        peaks = Peaks(program)
        peak = peaks.watch(400)
    taken = time.monotonic() - started
    count = 2 * KEYS + len(range(0, KEYS, 3))
    state = (tmp_path / "state" / "checkpoint.sqlite").stat().st_size
    sys.stdout.write(
        f"{KEYS:,} keys: {taken:.1f} s, {count / taken:,.0f} messages/s, peak memory {peaks}, "
        f"state {state // MEBI} MiB\n"
    )
    standing = [key for key in range(KEYS) if key % 3]
    total = sum(2 * key % 10_000 for key in standing)
    assert result(tmp_path / "totals.csv", "n", "s") == (str(len(standing)), str(total))
    assert peak < 600 * MEBI
