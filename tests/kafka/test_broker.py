"""The broker that the other tests of this folder stand on."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce


def read(settings: dict[str, str], topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer({**settings, "group.id": topic, "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        values: list[bytes | None] = []
        deadline = time.monotonic() + 30
        while len(values) < count and time.monotonic() < deadline:
            for message in consumer.consume(count, timeout=0.5):
                assert message.error() is None
                values.append(message.value())
        return values
    finally:
        consumer.close()


@pytest.mark.parametrize("listener", ["plaintext", "sasl_ssl"])
def test_round_trip(broker: KafkaBroker, topic: str, produce: Produce, listener: str) -> None:
    """What is produced is read back, in order, through either listener."""
    broker.create_topic(topic)
    values = [b"x,y", b"0,0", "1,ü".encode(), b""]
    produce(topic, values)
    settings: dict[str, str] = getattr(broker, listener)
    assert read(settings, topic, len(values)) == values


def test_wrong_password_is_refused(broker: KafkaBroker) -> None:
    """A client with another password sees an authentication error and no metadata."""
    errors: list[KafkaError] = []
    wrong = {**broker.sasl_ssl, "sasl.password": "wrong"}
    admin = AdminClient({**wrong, "log_level": 0}, error_cb=errors.append)
    deadline = time.monotonic() + 20
    while KafkaError._AUTHENTICATION not in {error.code() for error in errors}:
        assert time.monotonic() < deadline, f"no authentication error, but {errors}"
        admin.poll(0.1)
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=0.5)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_restart_keeps_the_data(
    broker: KafkaBroker, topic: str, produce: Produce, end: str
) -> None:
    """A broker that was stopped or killed comes back on its ports with its topics and messages."""
    broker.create_topic(topic)
    produce(topic, [b"before"])
    settings = broker.plaintext
    getattr(broker, end)()
    assert not broker.running
    broker.start()
    assert broker.plaintext == settings
    produce(topic, [b"after"])
    assert read(broker.plaintext, topic, 2) == [b"before", b"after"]


def test_topics_have_their_partitions(broker: KafkaBroker, topic: str) -> None:
    """A topic is made with the asked number of partitions and configuration."""
    broker.create_topic(topic, 4, {"retention.ms": "-1"})
    metadata = AdminClient({**broker.plaintext}).list_topics(topic, timeout=10)
    assert sorted(metadata.topics[topic].partitions) == [0, 1, 2, 3]


@pytest.mark.usefixtures("broker")  # where there can be none, this is skipped as well
def test_broker_dies_with_its_parent(tmp_path: Path) -> None:
    """When the process that started a broker is killed outright, no broker is left behind."""
    program = (
        "import pathlib, sys, time\n"
        "from tests.support.kafka.broker import KafkaBroker\n"
        "broker = KafkaBroker(pathlib.Path(sys.argv[1]))\n"
        "broker.start()\n"
        "print(broker.plaintext['bootstrap.servers'], flush=True)\n"
        "time.sleep(600)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=root, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        address = parent.stdout.readline().strip()
        parent.send_signal(signal.SIGKILL)
    assert address, "the broker did not start"
    admin = AdminClient({"bootstrap.servers": address, "log_level": 0})
    deadline = time.monotonic() + 20
    while True:
        try:
            admin.list_topics(timeout=0.5)
        except KafkaException:
            break
        assert time.monotonic() < deadline, "the broker outlived its parent"
