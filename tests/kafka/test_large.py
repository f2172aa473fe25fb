"""Messages of a size that nobody expects: memory stays bounded, and each is a row or a reject."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from confluent_kafka import KafkaError, Message, Producer

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.memory import Peaks
from tests.support.kafka.outputs import fold, read_changelog
from tests.support.kafka.program import JOBS, Program, job_environment

MEBI = 1 << 20
MOST = 100_000_000  # what broker, topic and client are let to take

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def produce(broker: KafkaBroker, topic: str, partition: int, values: Sequence[bytes]) -> None:
    failures: list[KafkaError] = []

    def delivered(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            failures.append(error)

    producer = Producer({**broker.plaintext, "message.max.bytes": MOST})
    for value in values:
        producer.produce(topic, value, partition=partition, on_delivery=delivered)
        producer.poll(0)
        while len(producer) * len(value) > 2 * MOST:
            producer.poll(0.1)
    assert producer.flush(60) == 0
    assert failures == []


def peak_of_run(
    broker: KafkaBroker, topic: str, folder: Path, partitions: Sequence[Sequence[bytes]], form: str
) -> int:
    """Runs the regression over these messages, with two workers at most."""
    broker.create_topic(topic, len(partitions), {"max.message.bytes": str(MOST)})
    for partition, values in enumerate(partitions):
        produce(broker, topic, partition, values)
    environment = job_environment(
        settings=broker.plaintext, topic=topic, format=form, processes=min(2, len(partitions))
    )
    with Program(JOBS / "regression.py", folder, environment) as program:
        peaks = Peaks(program)
        peak = peaks.watch(120)
    sys.stdout.write(f"peak memory: {peaks}\n")
    return peak


def rows(folder: Path) -> int:
    return int(fold(read_changelog(folder / "count.csv", ["n"]))[-1].row[0])


def rejected(folder: Path) -> Iterator[tuple[str, int]]:
    """Reason and length of each reject."""
    with (folder / "rejects.jsonl").open("rb") as file:
        for line in file:
            reject = json.loads(line)
            yield reject["reason"], len(reject.get("value_base64") or reject["value"])


@pytest.mark.parametrize("byte", [b"9", b"\xff"])
def test_a_message_of_50_megabytes(
    broker: KafkaBroker, topic: str, tmp_path: Path, byte: bytes
) -> None:
    """It is a reject like any other, whole in the dead-letter file, and the rows around it are read."""
    size = 50_000_000
    values = [b"x,y", b"1,2", byte * size, b"3,4"]
    peak = peak_of_run(broker, topic, tmp_path, [values], "csv")
    assert rows(tmp_path) == 2
    [(reason, length)] = rejected(tmp_path)
    assert reason in ("field-count", "invalid-utf8")
    assert length >= size
    assert peak < 500 * MEBI


def test_deep_json(broker: KafkaBroker, topic: str, tmp_path: Path) -> None:
    """A million brackets exhaust neither stack nor memory, and in a key that nobody reads they are no fault."""
    deep = 1_000_000
    good = b'{"x": 1, "y": 2}'
    extra = b'{"z":' + b"[" * deep + b"]" * deep + b',"x": 3, "y": 4}'
    values = [good, b"[" * deep, b'{"x":' * deep, extra]
    peak = peak_of_run(broker, topic, tmp_path, [values], "json")
    assert rows(tmp_path) == 2
    assert [reason for reason, _ in rejected(tmp_path)] == ["malformed-json"] * 2
    assert peak < 250 * MEBI


@pytest.mark.parametrize("cell", [b"2", b"bad"])
def test_a_backlog_of_large_messages(
    broker: KafkaBroker, topic: str, tmp_path: Path, cell: bytes
) -> None:
    """A batch of as many messages as may be in one takes no more memory than the client's queue lets it."""
    large = b"1," + cell + b"," + b"z" * 10_000
    partitions = [[b"x,y,z", *[large] * 10_000] for _ in range(2)]
    peak = peak_of_run(broker, topic, tmp_path, partitions, "csv")
    if cell == b"2":
        assert rows(tmp_path) == 20_000
    else:
        assert sum(1 for _ in rejected(tmp_path)) == 20_000
    assert peak < 400 * MEBI
