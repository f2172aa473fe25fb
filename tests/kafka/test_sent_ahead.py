"""What is sent to a topic while its checkpoint is written: nobody sees it before, and nothing of it twice."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from confluent_kafka import Producer

import streamreg as sr
from streamreg._kafka import sink_ahead
from streamreg._kafka.sink_destination import TopicDestination
from streamreg._sinks.contract import EpochChanges
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.store import Store
from streamreg.testing import read
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.consumed import changes, consumed


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Point(sr.Schema):
    x: int


def run(broker: KafkaBroker, topic: str, count: int) -> None:
    """Each seven rows are an epoch."""
    t = read([[b"%d" % x for x in range(count)]], schema=Point, header=["x"], batch=7)
    output = sr.io.kafka.write(t, broker.plaintext, topic, create={"num.partitions": 1})
    sr.run(outputs=[output], processes=0, state="state")


def rows(broker: KafkaBroker, topic: str) -> list[int]:
    return [row[0] for row in changes(broker.plaintext, topic)]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The times of the epochs that are written, whenever one is."""
    found: list[int] = []
    write = TopicDestination._write

    def noted(self: TopicDestination, epochs: Sequence[EpochChanges]) -> None:
        found.extend(epoch.time for epoch in epochs)
        write(self, epochs)

    monkeypatch.setattr(TopicDestination, "_write", noted)
    return found


def test_each_epoch_is_sent_once(broker: KafkaBroker, topic: str, written: list[int]) -> None:
    """Before its checkpoint, in the transaction that is committed after it."""
    run(broker, topic, 70)
    assert rows(broker, topic) == [*range(70)]
    assert len(written) == len(set(written)) == 10


def test_what_has_waited_for_long_is_sent_anew(
    broker: KafkaBroker, topic: str, written: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker may have ended its transaction meanwhile."""
    monkeypatch.setattr(sink_ahead, "_MOST", 0.0)
    run(broker, topic, 70)
    assert rows(broker, topic) == [*range(70)]
    assert sorted(written) == sorted([*set(written)] * 2)


def test_a_checkpoint_that_fails(
    broker: KafkaBroker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of its epoch is seen, readers wait for nothing, and the next run sends it once."""
    save, sent = Store.save, TopicDestination.send_ahead

    def arrived(self: TopicDestination, epochs: Sequence[EpochChanges]) -> None:
        sent(self, epochs)
        assert self._ahead is not None
        assert self._producer is not None
        self._ahead.wait()
        self._producer.flush()

    def full(self: Store, checkpoint: Checkpoint) -> None:
        if checkpoint.epochs == 4:
            raise sr.StateError("database or disk is full")
        save(self, checkpoint)

    with monkeypatch.context() as patch:
        patch.setattr(TopicDestination, "send_ahead", arrived)
        patch.setattr(Store, "save", full)
        with pytest.raises(sr.StateError, match="full"):
            run(broker, topic, 70)
    assert rows(broker, topic) == [*range(21)]
    producer = Producer({**broker.plaintext})
    producer.produce(topic, b"", b"after")
    assert producer.flush(30) == 0
    deadline = time.monotonic() + 10
    while b"after" not in [message.key for message in consumed(broker.plaintext, topic)]:
        assert time.monotonic() < deadline, "the transaction is open"
    run(broker, topic, 70)
    found = [message.value for message in consumed(broker.plaintext, topic) if message.value]
    assert len(found) == len(set(found)) == 70
