"""Source, Kafka: the group's committed offsets, for tools that show the lag. No run begins there."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streamreg._event import event
from streamreg._kafka import client as kafka_client

if TYPE_CHECKING:
    from confluent_kafka import Consumer

    from streamreg._kafka.settings import Setting

_log = logging.getLogger("streamreg")

_RETRY_SECONDS = 2.0
"""After which a commit that failed, or a newer one, is tried again."""


class Commits:
    """Commits offsets asynchronously, one commit at a time, and reports each kind of failure once until one succeeds.

    The client sends a commit again that met a coordinator that was not ready, which may be after a later one: with two
    under way, the older one could be what stands at the end.
    """

    def __init__(self, settings: Mapping[str, Setting], topic: str) -> None:
        """`on_commit` is the callback for the client."""
        self._settings = settings
        self._topic = topic
        self._wanted: list[TopicPartition] | None = None
        self._under_way: list[TopicPartition] | None = None
        self._not_before = 0.0
        self._told: set[int] = set()

    def commit(self, consumer: Consumer, places: Sequence[TopicPartition]) -> None:
        """Commits offsets, of the group that the settings name, in the place of those that are not sent yet."""
        self._wanted = [*places]
        self._send(consumer)

    def serve(self, consumer: Consumer) -> None:
        """Takes the client's result of a commit, and sends what waited for it or failed."""
        consumer.poll(0)
        self._send(consumer)

    def on_commit(self, error: KafkaError | None, places: list[TopicPartition]) -> None:
        """The client's result of one commit."""
        errors = [error, *(place.error for place in places)]
        failure = next((one for one in errors if one is not None), None)
        if failure is None:
            self._told.clear()
        else:
            self._failed(failure)
        self._under_way = None

    def _send(self, consumer: Consumer) -> None:
        if self._under_way is not None or self._wanted is None:
            return
        if time.monotonic() < self._not_before:
            return
        self._under_way, self._wanted = self._wanted, None
        try:
            consumer.commit(offsets=self._under_way, asynchronous=True)
        except KafkaException as exception:
            self._failed(exception.args[0])
            self._under_way = None

    def _failed(self, error: KafkaError) -> None:
        """Keeps what failed, if nothing newer waits, and logs why, which affects only tools that show the lag."""
        self._wanted = self._wanted or self._under_way
        self._not_before = time.monotonic() + _RETRY_SECONDS
        if error.code() not in self._told:
            self._told.add(error.code())
            told = kafka_client.source_error(error, self._topic, self._settings)
            _log.warning(
                "%s: offsets not committed: %s%s",
                self._group,
                told,
                _hint(error),
                extra=event("uncommitted"),
            )

    def _wait(self, consumer: Consumer, deadline: float) -> None:
        while self._under_way is not None and time.monotonic() < deadline:
            consumer.poll(0.02)

    @property
    def _group(self) -> str:
        return f"group.id {self._settings.get('group.id')}"

    def close(self, consumer: Consumer, seconds: float) -> None:
        """Sends the last commit, waits for it, and closes the client; no longer than so many seconds."""
        deadline = time.monotonic() + seconds
        self._wait(consumer, deadline)
        # What it has left: newer offsets, or, once more, those that failed.
        self._not_before = 0.0
        self._send(consumer)
        self._wait(consumer, deadline)
        # The client itself would wait for most of a minute if the user may not see the group.
        closing = threading.Thread(target=consumer.close, daemon=True)
        closing.start()
        closing.join(max(deadline - time.monotonic(), 0.2))
        if self._under_way is not None or closing.is_alive():
            _log.warning(
                "%s: the last offsets are not committed yet, and the run ends without waiting longer: %s",
                self._group,
                "the broker is slow or away, or the user lacks the ACLs DESCRIBE and READ on the group",
                extra=event("uncommitted"),
            )


def _hint(error: KafkaError) -> str:
    if error.code() in (KafkaError.UNKNOWN_MEMBER_ID, KafkaError.ILLEGAL_GENERATION):
        return ": another consumer is a member of this group: give the job a group.id of its own"
    if error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
        return ": the user needs the ACLs DESCRIBE and READ on the group"
    return ""
