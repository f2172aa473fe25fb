"""What stands in a log without being a message for anyone: markers, aborted messages, tombstones, gaps."""

import time
from functools import partial
from pathlib import Path

from confluent_kafka import Producer

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.outputs import changes_so_far, fold, read_changelog, read_rejects
from tests.support.kafka.program import JOBS, Program, job_environment, run_job
from tests.support.kafka.transactions import LIE, left, transact, transactional, truth


def last_rows(folder: Path) -> tuple[int, tuple[float, ...]]:
    """The number of rows, and the coefficients."""
    count = fold(read_changelog(folder / "count.csv", ["n"]))[-1].row[0]
    return int(count), fold(read_changelog(folder / "coefficients.csv", ["a", "b"]))[-1].row


def test_only_committed_messages_count(broker: KafkaBroker, topic: str, tmp_path: Path) -> None:
    """Aborted messages are in no sum, and a static run ends where markers or an open transaction end the log."""
    broker.create_topic(topic, 3)
    with transactional(broker, topic) as producer, transactional(broker, f"{topic}-2") as other:
        transact(producer, topic, [b"x,y", *truth(range(10))], 0, commit=True)
        for start in range(10, 60, 10):
            transact(producer, topic, [LIE] * 7, 0, commit=False)
            transact(producer, topic, truth(range(start, start + 10)), 0, commit=True)
        transact(producer, topic, [LIE] * 7, 0, commit=False)
        # Nothing but what was aborted; and a log that ends within a transaction.
        transact(producer, topic, [LIE] * 3, 1, commit=False)
        transact(producer, topic, truth(range(60, 70)), 2, commit=True)
        other.begin_transaction()
        other.produce(topic, LIE, partition=2)
        assert other.flush(30) == 0
        environment = job_environment(settings=broker.plaintext, topic=topic, processes=2)
        run_job("regression", tmp_path, environment, seconds=30)
        other.abort_transaction(30)
    assert last_rows(tmp_path) == (70, (1.0, 2.0))
    assert read_rejects(tmp_path / "rejects.jsonl") == []


def test_a_stream_goes_on_behind_markers(broker: KafkaBroker, topic: str, tmp_path: Path) -> None:
    """A running job takes what is committed when it is, whatever is aborted before, between and after."""
    broker.create_topic(topic, 2)
    environment = job_environment(
        settings=broker.plaintext, topic=topic, mode="streaming", autocommit_ms=0, processes=2
    )
    counts = tmp_path / "count.csv"

    def counted(rows: int) -> bool:
        return any(change.row == (rows,) for change in changes_so_far(counts, 1))

    with (
        transactional(broker, topic) as producer,
        Program(JOBS / "regression.py", tmp_path, environment) as program,
    ):
        transact(producer, topic, [LIE] * 3, 1, commit=False)
        transact(producer, topic, [b"x,y"], 0, commit=True)
        for step in range(3):
            transact(producer, topic, [LIE] * 3, step % 2, commit=False)
            transact(producer, topic, truth(range(10 * step, 10 * step + 10)), 0, commit=True)
            program.wait_until(partial(counted, 10 * step + 10), 30)
        transact(producer, topic, [LIE] * 3, 0, commit=False)
        program.interrupt()
    assert last_rows(tmp_path) == (30, (1.0, 2.0))
    assert read_rejects(tmp_path / "rejects.jsonl") == []


def test_a_compacted_topic(broker: KafkaBroker, topic: str, tmp_path: Path) -> None:
    """Tombstones are neither rows nor rejects, and offsets that compaction took away are no gap in the reading."""
    config = {
        "cleanup.policy": "compact",
        "segment.ms": "1",
        "min.cleanable.dirty.ratio": "0.01",
        "min.compaction.lag.ms": "0",
    }
    broker.create_topic(topic, 1, config)
    producer = Producer({**broker.plaintext})
    total = 0

    def send(key: bytes, value: bytes | None) -> None:
        nonlocal total
        total += 1
        producer.produce(topic, value, key=key)

    def flush() -> None:
        """Each call ends a batch, and so a segment: the cleaner leaves the last one alone."""
        assert producer.flush(30) == 0
        time.sleep(0.002)  # the age at which a segment ends, not something that is waited for

    for x in range(20):
        send(b"%d" % x, b'{"x": 1, "y": -1}')
    flush()
    for x in range(20):
        send(b"%d" % x, b'{"x": %d, "y": %d}' % (x, 2 * x + 1))
    flush()
    for x in range(5):
        send(b"%d" % x, None)
    flush()
    deadline = time.monotonic() + 60
    while (kept := left(broker, topic)) > 20 + 5:
        assert time.monotonic() < deadline, f"{kept} of {total} messages are left"
        send(b"last", None)
        flush()
    environment = job_environment(settings=broker.plaintext, topic=topic, format="json")
    run_job("regression", tmp_path, environment, seconds=30)
    assert last_rows(tmp_path) == (15, (1.0, 2.0))
    assert read_rejects(tmp_path / "rejects.jsonl") == []
