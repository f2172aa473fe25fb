"""Transactions of a producer, and what is left of a log."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from tests.support.kafka.broker import KafkaBroker

LIE = b"1,-1"
"""A point that is far off the line of all others, in transactions that are aborted."""


def truth(numbers: Sequence[int]) -> list[bytes]:
    """Points of y = 2x + 1."""
    return [b"%d,%d" % (x, 2 * x + 1) for x in numbers]


@contextmanager
def transactional(broker: KafkaBroker, name: str) -> Iterator[Producer]:
    producer = Producer({**broker.plaintext, "transactional.id": name, "linger.ms": 0})
    producer.init_transactions(30)
    yield producer


def transact(
    producer: Producer, topic: str, values: Sequence[bytes], partition: int, *, commit: bool
) -> None:
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value, partition=partition)
    # In the log before the transaction ends, so that an abort leaves them there.
    assert producer.flush(30) == 0
    if commit:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


def left(broker: KafkaBroker, topic: str) -> int:
    """The number of messages that the log still holds."""
    settings = {**broker.plaintext, "group.id": topic, "enable.partition.eof": True}
    consumer = Consumer(settings)
    consumer.assign([TopicPartition(topic, 0, 0)])
    count = 0
    try:
        while True:
            message = consumer.poll(30)
            assert message is not None
            error = message.error()
            if error is not None:
                assert error.code() == KafkaError._PARTITION_EOF
                return count
            count += 1
    finally:
        consumer.close()
