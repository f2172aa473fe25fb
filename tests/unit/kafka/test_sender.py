"""Messages into the queue of the client: all of them arrive there, and a queue that stands still is given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from streamreg._kafka.sink_messages import TopicMessage
from streamreg._kafka.sink_sender import Sender
from streamreg._sinks.contract import AwayError

if TYPE_CHECKING:
    from confluent_kafka import Producer

    from streamreg._types import KeyedMessage


class Client:
    """A client with a queue of so many places, of which each poll frees some."""

    def __init__(self, places: int, freed: int) -> None:
        self.places = places
        self.freed = freed
        self.waiting = 0
        self.taken: list[bytes | None] = []
        self.refused: dict[bytes, int] = {}

    def __len__(self) -> int:
        return self.waiting

    def poll(self, _timeout: float) -> int:
        self.waiting = max(self.waiting - self.freed, 0)
        return 0

    def produce(
        self, _topic: str, value: bytes | None, _key: bytes | None, **_more: object
    ) -> None:
        if self.waiting == self.places:
            raise BufferError
        self._take(value)

    def produce_batch(self, _topic: str, messages: list[dict[str, Any]]) -> int:
        taken = 0
        for message in messages:
            full = KafkaError._QUEUE_FULL if self.waiting == self.places else None
            if (code := self.refused.get(message["key"], full)) is None:
                self._take(message["value"])
                taken += 1
            else:
                message["_error"] = KafkaError(code)
        return taken

    def _take(self, value: bytes | None) -> None:
        self.taken.append(value)
        self.waiting += 1


def sender(client: Client, most: object = None) -> Sender:
    """One that gives up at the third look."""

    def patience() -> Callable[[], bool]:
        looks = iter([False, False, True])
        return lambda: next(looks)

    return Sender(cast("Producer", client), "t", most, patience, lambda: "nobody is there")


def batch(count: int) -> list[KeyedMessage]:
    return [{"key": b"%d" % n, "value": b"v%d" % n if n % 3 else None} for n in range(count)]


@pytest.mark.parametrize("most", [None, 20, "30", 0])
@pytest.mark.parametrize("count", [1, 30, 31, 200])
def test_a_batch_arrives_whole_whatever_room_there_is(count: int, most: object) -> None:
    client = Client(places=30, freed=20)
    messages = batch(count)
    sender(client, most).send_all(messages)
    key = repr
    assert sorted(client.taken, key=key) == sorted((m["value"] for m in batch(count)), key=key)


def test_a_batch_that_fits_waits_for_its_room_and_keeps_its_order() -> None:
    client = Client(places=30, freed=10)
    for _ in range(4):
        sender(client, 30).send_all(batch(20))
    assert client.taken == [m["value"] for m in batch(20)] * 4


def test_a_message_that_is_refused_ends_the_batch() -> None:
    client = Client(places=30, freed=20)
    client.refused[b"7"] = KafkaError.MSG_SIZE_TOO_LARGE
    with pytest.raises(KafkaException) as raised:
        sender(client).send_all(batch(9))
    assert raised.value.args[0].code() == KafkaError.MSG_SIZE_TOO_LARGE


def test_a_single_message_waits_for_a_place() -> None:
    client = Client(places=2, freed=1)
    one = sender(client)
    for n in range(7):
        one.send(TopicMessage(None, b"%d" % n, None))
    assert client.taken == [b"%d" % n for n in range(7)]


def test_a_queue_that_stands_still_is_given_up() -> None:
    client = Client(places=10, freed=0)
    with pytest.raises(AwayError, match="nobody is there"):
        sender(client).send_all(batch(11))
    with pytest.raises(AwayError, match="nobody is there"):
        sender(client).send(TopicMessage(None, b"", None))
