"""Messages into a topic of the embedded broker."""

from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaError, Message, Producer

from streamreg._kafka.mock_broker import EmbeddedBroker


def send(broker: EmbeddedBroker, topic: str, partitions: Mapping[int, Iterable[bytes]]) -> None:
    """Sends each partition its messages, in order; returns when all are there.

    Without idempotence, which this broker takes half a second to begin with, and with one request under way at a
    time, which keeps the order as well.
    """
    failures: list[KafkaError] = []

    def delivered(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            failures.append(error)

    producer = Producer({**broker.settings, "max.in.flight.requests.per.connection": 1})
    for partition, messages in partitions.items():
        for message in messages:
            producer.produce(topic, message, partition=partition, on_delivery=delivered)
    left = producer.flush(30)
    producer.close()
    assert not failures, f"{len(failures)} messages were not delivered: {failures[0]}"
    assert left == 0, f"{left} messages were not delivered in time"
