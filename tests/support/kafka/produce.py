"""Messages into a topic, fast, with every delivery checked."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from confluent_kafka import KafkaError, Message, Producer


class Produce(Protocol):
    """Sends values to one partition and returns when every one is delivered."""

    def __call__(self, topic: str, values: Iterable[bytes | str], partition: int = 0) -> None: ...


def producer_for(settings: Mapping[str, str]) -> Produce:
    """A `Produce` to the broker that the settings name."""

    def produce(topic: str, values: Iterable[bytes | str], partition: int = 0) -> None:
        failures: list[KafkaError] = []

        def delivered(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failures.append(error)

        producer = Producer(
            {
                **settings,
                "enable.idempotence": True,
                "linger.ms": 20,
                # A call into Python for each of millions would be the slowest part.
                "delivery.report.only.error": True,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        for value in values:
            while True:
                try:
                    producer.produce(topic, value, partition=partition, on_delivery=delivered)
                    break
                except BufferError:
                    producer.poll(0.1)
        left = producer.flush(60)
        assert not failures, f"{len(failures)} messages were not delivered: {failures[0]}"
        assert left == 0, f"{left} messages were not delivered in time"

    return produce
