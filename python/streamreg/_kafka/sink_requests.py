"""Sink, Kafka: what is asked of the cluster: the topic, what it holds, and up to which epoch it was written.

The epoch is an offset that the transaction of the changes commits to a group of the run's own, with the run's name
beside it: so it is there if they are.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewTopic

from streamreg._exceptions import OutputError
from streamreg._kafka import client as kafka_client
from streamreg._kafka import client_log
from streamreg._kafka.in_thread import Threads
from streamreg._kafka.sink_errors import SETTLING, is_final, raised
from streamreg._sinks.contract import AwayError, Delivered

if TYPE_CHECKING:
    from streamreg._kafka.settings import Setting

T = TypeVar("T")

_LOOK_SECONDS: Final = 0.2
_END_SECONDS: Final = 1.0
"""Seconds that the end waits for a request that is given up."""
_REQUEST_SECONDS: Final = 30.0
"""After which a request is given up, to be made again of whoever leads by then."""

_TOPIC_REFUSED: Final = KafkaError.TOPIC_AUTHORIZATION_FAILED
_GROUP_REFUSED: Final = KafkaError.GROUP_AUTHORIZATION_FAILED
_PARTITION: Final = 0
"""The partition of the topic that the offset which stands for an epoch is one of."""


def epoch_offset(topic: str, delivered: Delivered) -> TopicPartition:
    """What is committed for an epoch: offsets begin with 0, times before the first epoch with -1."""
    return TopicPartition(topic, _PARTITION, delivered.time + 1, metadata=delivered.run)


class SinkRequests:
    """Asks about one topic that is written to."""

    def __init__(
        self,
        settings: Mapping[str, Setting],
        topic: str,
        name: str,
        transactional_id: str,
        giving_up: Callable[[], bool],
        errors: deque[KafkaError] | None = None,
    ) -> None:
        """Connects at the first request.

        Args:
            settings: of the client.
            topic: the topic.
            name: what messages call it.
            transactional_id: that of the run, and the group that its epochs are committed to.
            giving_up: whether an answer is no longer waited for.
            errors: takes what the connection says.
        """
        self._settings = settings
        self._topic = topic
        self._name = name
        self._id = transactional_id
        self._giving_up = giving_up
        self.errors: deque[KafkaError] = deque() if errors is None else errors
        self._client = kafka_client.admin(settings, self.errors.append)
        self._consumer: Consumer | None = None
        self._threads = Threads()

    def partitions(self) -> int | None:
        """How many the topic has; None if it is not there."""
        try:
            [future] = self._client.describe_topics(
                TopicCollection([self._topic]), request_timeout=_REQUEST_SECONDS
            ).values()
            return len(self.answer(future).partitions)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                return None
            raise self.raised(error) from error

    def check_rights(self, *, made: bool) -> None:
        """Whether the user may commit epochs to the group, and write to the topic if it is `made`, as the brokers say.

        Of the transactional id they say nothing without a transaction.

        Raises:
            OutputError: naming the ACLs that are missing.
        """
        try:
            # First: who may not see the group waits for its offsets in vain.
            self._check(self._described_group(), _GROUP_REFUSED, AclOperation.READ)
            if made:
                [future] = self._client.describe_topics(
                    TopicCollection([self._topic]),
                    include_authorized_operations=True,
                    request_timeout=_REQUEST_SECONDS,
                ).values()
                # A transaction that commits an offset of a topic reads it.
                operations = AclOperation.WRITE, AclOperation.READ
                self._check(self.answer(future), _TOPIC_REFUSED, *operations)
        except KafkaException as error:
            raise self.raised(error) from error

    def _described_group(self) -> object:
        while True:
            try:
                [future] = self._client.describe_consumer_groups(
                    [self._id], include_authorized_operations=True, request_timeout=_REQUEST_SECONDS
                ).values()
                return self.answer(future)
            except KafkaException as error:
                if error.args[0].code() not in SETTLING or self._giving_up():
                    raise
                time.sleep(_LOOK_SECONDS)

    def _check(self, described: Any, refused: int, *needed: AclOperation) -> None:  # noqa: ANN401  # of two kinds
        allowed = described.authorized_operations
        # A broker that is old, or has no rules, says nothing.
        if allowed and not {*needed} <= {*allowed}:
            raise KafkaException(KafkaError(refused))

    def create(
        self, options: Mapping[str, str | int], defaults: Mapping[str, str], *, look: bool = False
    ) -> None:
        """Makes the topic, and waits until every partition has a leader; a `look` asks if that could be."""
        config = {**defaults, **{key: str(value) for key, value in options.items()}}
        partitions = int(config.pop("num.partitions", -1))
        replicas = int(config.pop("replication.factor", -1))
        new = NewTopic(
            self._topic, num_partitions=partitions, replication_factor=replicas, config=config
        )
        try:
            [future] = self._client.create_topics(
                [new], request_timeout=_REQUEST_SECONDS, validate_only=look
            ).values()
            self.answer(future)
        except KafkaException as error:
            code: KafkaError = error.args[0]
            if code.code() == _TOPIC_REFUSED:
                raise OutputError(
                    f"{self._name} at {self._settings['bootstrap.servers']}: {code.str()}: the user needs the ACL "
                    "CREATE on the topic or the cluster: grant it, or make the topic without create="
                ) from error
            if code.code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise self.raised(error) from error
        while not (look or self._led()):
            if self._giving_up():
                raise AwayError("its partitions have no leaders yet")
            time.sleep(_LOOK_SECONDS)

    def _led(self) -> bool:
        try:
            [future] = self._client.describe_topics(TopicCollection([self._topic])).values()
            found = self.answer(future).partitions
        except KafkaException:
            return False
        return bool(found) and all(each.leader is not None for each in found)

    def extents(self, partitions: int) -> dict[int, tuple[int, int]]:
        """The first and the next offset of each partition, for readers of committed messages."""
        lows = self._offsets(partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # it ships no types
        highs = self._offsets(partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # it ships no types
        return {p: (low, highs[p]) for p, low in lows.items()}

    def _offsets(self, partitions: int, spec: OffsetSpec) -> dict[int, int]:
        places = {TopicPartition(self._topic, p): spec for p in range(partitions)}
        futures = self._client.list_offsets(
            places,
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=_REQUEST_SECONDS,
        )
        try:
            return {at.partition: self.answer(future).offset for at, future in futures.items()}
        except KafkaException as error:
            raise self.raised(error) from error

    def last(self) -> Delivered | None:
        """Up to which epoch the topic was written, and by which run; None if nobody remembers one."""
        asked = [TopicPartition(self._topic, _PARTITION)]
        while True:
            try:
                # Not by the admin client: that crashes where a coordinator has just taken over (librdkafka 2.16,
                # rd_kafka_handle_OffsetFetch, which looks for the group of a consumer).
                committed = self._threads.start(
                    partial(self._group().committed, asked, _REQUEST_SECONDS)
                )
                [found] = self.answer(committed)
                if found.error is not None:
                    raise KafkaException(found.error)
                break
            except KafkaException as error:
                if error.args[0].code() not in SETTLING or self._giving_up():
                    raise self.raised(error) from error
                time.sleep(_LOOK_SECONDS)
        if found.offset < 0 or not found.metadata:
            return None
        return Delivered(found.metadata, found.offset - 1)

    def _group(self) -> Consumer:
        """The group that epochs are committed to, and nobody joins."""
        if self._consumer is None:
            own: dict[str, Any] = {
                **self._settings,
                "group.id": self._id,
                "enable.auto.commit": False,
                # What is committed in a transaction that is still open is waited for.
                "isolation.level": "read_committed",
                "error_cb": self.errors.append,
                "logger": client_log.logger(self._settings),
            }
            self._consumer = Consumer(own)
        return self._consumer

    def group_metadata(self) -> object:
        """How a producer calls the group."""
        return self._group().consumer_group_metadata()

    def answer(self, future: Future[T]) -> T:
        """What came of a request. Raises AwayError if it is given up, OutputError if the connection is refused."""
        while not future.done():
            wait([future], _LOOK_SECONDS)
            self._client.poll(0)  # Serves the callback that collects the errors of the connection.
            for error in tuple(self.errors):
                if is_final(error):
                    raise self.raised(KafkaException(error))
            if self._giving_up() and not future.done():
                raise AwayError(self.heard())
        return future.result()

    def heard(self) -> str:
        """What the connection has said last, for people."""
        if not self.errors:
            return f"{self._settings['bootstrap.servers']} does not respond"
        return str(raised(self.errors[-1], self._name, self._settings, self._id))

    def raised(self, error: KafkaException) -> OutputError | AwayError:
        """An error for people; where the connection has said why, that."""
        code: KafkaError = error.args[0]
        if not is_final(code) and self.errors:
            code = self.errors[-1]
        return raised(code, self._name, self._settings, self._id)

    def close(self) -> None:
        """Frees connections."""
        # One of which a call is under way must not be closed: it goes with that call.
        if self._threads.end(_END_SECONDS) and self._consumer is not None:
            self._consumer.close()
        self._consumer = None
        del self._client
