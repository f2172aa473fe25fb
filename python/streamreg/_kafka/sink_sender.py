"""Sink, Kafka: messages go into the queue of the client, which is waited for as long as something leaves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer

from streamreg._sinks.contract import AwayError

if TYPE_CHECKING:
    from streamreg._kafka.sink_messages import TopicMessage
    from streamreg._types import KeyedMessage

QUEUE: Final = "queue.buffering.max.messages"
"""The setting of how many messages wait in the client at most; 0: any number."""

_MOST: Final = 100_000
"""What it is by itself."""

_ANY: Final = 2**31

_POLL_EVERY: Final = 1000
_FULL_SECONDS: Final = 0.01
"""Seconds that a full queue is given, before it is looked at again: what has been sent leaves it without a word."""


class Sender:
    """Takes the messages of an open transaction."""

    def __init__(
        self,
        producer: Producer,
        topic: str,
        most: object,
        patience: Callable[[], Callable[[], bool]],
        heard: Callable[[], str],
    ) -> None:
        """`most` is the setting `QUEUE`, if there is one.

        `patience` gives what says, from then on, whether a full queue is no longer waited for; `heard` says why.
        """
        self._producer = producer
        self._topic = topic
        self._most = _MOST if most is None else int(str(most)) or _ANY
        self._patience = patience
        self._heard = heard
        self._sent = 0

    def send(self, message: TopicMessage) -> None:
        """Takes a message.

        Raises:
            AwayError: if no room comes for it.
            KafkaException: if it is refused.
        """
        while True:
            try:
                self._producer.produce(
                    self._topic,
                    message.value,
                    message.key,
                    headers=message.headers,
                    timestamp=message.timestamp,
                )
                break
            except BufferError:
                self._wait(len(self._producer) - 1)
        self._sent += 1
        if self._sent % _POLL_EVERY == 0:
            self._producer.poll(0)

    def send_all(self, messages: Sequence[KeyedMessage]) -> None:
        """Takes messages of different keys in one call; where some of them find no room, others may overtake them.

        Raises:
            AwayError: if no room comes for them.
            KafkaException: if one is refused.
        """
        left: list[dict[str, Any]] = [*messages]  # type: ignore[list-item]  # the client adds a member
        room = self._most - len(left)
        while left:
            self._wait(max(room, 0))
            self._producer.produce_batch(self._topic, left)
            left = [message for message in left if "_error" in message]
            for message in left:
                refused: KafkaError = message.pop("_error")
                if refused.code() != KafkaError._QUEUE_FULL:
                    raise KafkaException(refused)
            # Full by its bytes: few at a time would find room.
            room = len(self._producer) // 2
        self._producer.poll(0)

    def _wait(self, most: int) -> None:
        """Until no more than so many messages wait in the client. Raises AwayError if they stay there."""
        if len(self._producer) <= most:
            return
        given_up = self._patience()
        while len(self._producer) > most:
            self._producer.poll(_FULL_SECONDS)
            if given_up():
                raise AwayError(self._heard())
