"""The embedded broker is a Kafka broker to every client."""

import subprocess
import sys

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from streamreg._exceptions import StreamregError
from streamreg._kafka.mock_broker import EmbeddedBroker

PRODUCE = """
import sys
from confluent_kafka import Producer
producer = Producer({"bootstrap.servers": sys.argv[1], "log.connection.close": "false"})
producer.produce("points", b"from another process", partition=2)
sys.exit(producer.flush(30))
"""


def test_another_process_can_use_it() -> None:
    """What another process sends to the address is read here."""
    with EmbeddedBroker() as broker:
        broker.create_topic("points")
        subprocess.run(
            [sys.executable, "-c", PRODUCE, broker.bootstrap_servers], check=True, timeout=60
        )
        consumer = Consumer({**broker.settings, "group.id": "test"})
        try:
            consumer.assign([TopicPartition("points", 2, 0)])
            message = consumer.poll(30)
            assert message is not None
            assert message.error() is None
            assert message.value() == b"from another process"
        finally:
            consumer.close()


def test_topics_have_as_many_partitions_as_it_says() -> None:
    """A topic can be made twice, and has the number of partitions that is promised."""
    with EmbeddedBroker() as broker:
        broker.create_topic("points")
        broker.create_topic("points")
        client = Producer(broker.settings)
        found = client.list_topics("points", timeout=10).topics["points"]
        assert len(found.partitions) == EmbeddedBroker.PARTITIONS
        client.close()


def test_two_do_not_meet() -> None:
    """Each broker has its own port and its own topics."""
    with EmbeddedBroker() as first, EmbeddedBroker() as second:
        assert first.bootstrap_servers != second.bootstrap_servers
        first.create_topic("points")
        client = Producer(second.settings)
        assert "points" not in client.list_topics(timeout=10).topics
        client.close()


def test_outside_the_block_there_is_none() -> None:
    """A broker that does not run says so."""
    broker = EmbeddedBroker()
    with pytest.raises(StreamregError, match="does not run"):
        broker.create_topic("points")
    with broker:
        pass
    with pytest.raises(StreamregError, match="does not run"):
        broker.create_topic("points")
