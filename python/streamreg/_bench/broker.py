"""Bench: topics for the time of a measurement, on any broker."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Protocol

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from streamreg._bench.points import Settings
from streamreg._exceptions import StreamregError
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._secrets import scrub

PARTITIONS = EmbeddedBroker.PARTITIONS
_SECONDS = 30.0


class Broker(Protocol):
    """Where the measured topics are."""

    @property
    def settings(self) -> Settings:
        """What a client needs to find it."""

    @property
    def reading(self) -> Settings:
        """What those that read from it need besides."""

    def topic(self, name: str) -> contextlib.AbstractContextManager[str]:
        """A new topic of four partitions, for the time of a `with`; its name holds the one given."""


class Embedded:
    """The broker inside this process: topics go with it."""

    MOST_ROWS = 300_000
    """It drops the oldest messages of a partition beyond 5 MB, so a topic must not be longer."""
    MOST_TIMED_ROWS = 200_000
    """The same of rows with times and keys, which are longer."""

    def __init__(self, broker: EmbeddedBroker) -> None:
        self._broker = broker

    @property
    def settings(self) -> Settings:
        return self._broker.settings

    @property
    def reading(self) -> Settings:
        # It responds to a waiting fetch request only when the wait is over, even if messages arrive meanwhile.
        return {"fetch.wait.max.ms": 1}

    @contextlib.contextmanager
    def topic(self, name: str) -> Iterator[str]:
        name = _fresh(name)
        self._broker.create_topic(name)
        yield name


class Remote:
    """A broker found by a client's settings; its topics are deleted after use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.reading: Settings = {}

    @contextlib.contextmanager
    def topic(self, name: str) -> Iterator[str]:
        """Makes the topic, and deletes it.

        Raises:
            StreamregError: If the broker does not do so.
        """
        name = _fresh(name)
        admin = AdminClient({**self.settings, "log_level": 0})  # its errors come as exceptions
        new = NewTopic(name, num_partitions=PARTITIONS)
        try:
            # Waited for as long as the client waits: the broker may be far.
            admin.create_topics([new], operation_timeout=_SECONDS)[name].result()
        except KafkaException as error:
            text = f"the topic {name!r} cannot be made: {error}"
            raise StreamregError(scrub(text, self.settings)) from None
        try:
            yield name
        finally:
            # What was measured is worth more than an error about a topic that is left behind.
            with contextlib.suppress(KafkaException):
                admin.delete_topics([name])[name].result()


def _fresh(name: str) -> str:
    return f"streamreg-bench-{name}-{uuid.uuid4().hex[:8]}"
