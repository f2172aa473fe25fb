"""What a partition holds that no reader can take: a flipped bit, and a batch that unpacks beyond all bounds."""

from pathlib import Path

import pytest
from confluent_kafka import Producer

import streamreg as sr
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce


class Point(sr.Schema):
    x: float
    y: float


def read(
    broker: KafkaBroker, topic: str, monkeypatch: pytest.MonkeyPatch, folder: Path, **more: str
) -> str:
    """What a run that ends with an error says."""
    monkeypatch.chdir(folder)
    t = sr.io.kafka.read({**broker.plaintext, **more}, topic, schema=Point, header=["x", "y"])
    sr.io.csv.write(t, "out.csv")
    with pytest.raises(sr.SourceError) as caught:
        sr.run(processes=1)
    return str(caught.value)


def test_a_flipped_bit(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A number that is not the one that was written is never read: the run ends, and says where and why."""
    broker.create_topic(topic)
    produce(topic, ["1,12345", "2,3"])
    [log] = broker.folder.glob(f"data/{topic}-0/*.log")
    with log.open("r+b") as file:
        place = file.read().index(b"12345")
        file.seek(place)
        file.write(b"02345")
    said = read(broker, topic, monkeypatch, tmp_path)
    assert "partition 0, offset 0" in said
    assert "the log is damaged there" in said
    assert "retention" not in said
    assert "2345" not in Path("out.csv").read_text()


def test_a_bomb(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A batch that unpacks beyond receive.message.max.bytes ends the run, which names partition, offset and setting."""
    broker.create_topic(topic, 2)
    produce(topic, ["1,2", "3,4"])
    producer = Producer(
        {**broker.plaintext, "message.max.bytes": 10_000_000, "compression.type": "zstd"}
    )
    producer.produce(topic, bytes(9_000_000), partition=0)
    assert producer.flush(30) == 0
    produce(topic, [f"{x},1" for x in range(1000)], 1)
    said = read(broker, topic, monkeypatch, tmp_path, **{"receive.message.max.bytes": "2000000"})
    assert "partition 0, offset 2" in said
    assert "receive.message.max.bytes" in said
    told = [record.getMessage() for record in caplog.records]
    assert len([text for text in told if " read " not in text and ": read " not in text]) <= 1, told


def test_a_message_that_is_too_large(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One larger than receive.message.max.bytes ends the run after what comes before it: it would never be read."""
    broker.create_topic(topic, 1, {"max.message.bytes": "10000000"})
    produce(topic, ["1,2", "3,4"])
    producer = Producer({**broker.plaintext, "message.max.bytes": 10_000_000})
    producer.produce(topic, bytes(5_000_000), partition=0)
    assert producer.flush(30) == 0
    said = read(broker, topic, monkeypatch, tmp_path, **{"receive.message.max.bytes": "2000000"})
    assert "raise receive.message.max.bytes" in said
    assert "damaged" not in said
    assert "3.0,4.0" in Path("out.csv").read_text()
