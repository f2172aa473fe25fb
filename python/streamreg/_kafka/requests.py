"""Source, Kafka: metadata of a topic: its id, its partitions, and what they hold.

Nothing here has a timeout of its own: a request is waited for until the client gives it up (`socket.timeout.ms`), and
then made again. Nobody is blocked by it: whoever waits checks in between whether to stop.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Generator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from confluent_kafka import (
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.admin._metadata import ClusterMetadata

from streamreg._kafka import settings as kafka_settings
from streamreg._kafka.topic_id import NO_ID
from streamreg._source.contract import Report, Watermarks

T = TypeVar("T")
Steps = Generator[Collection["Future[Any]"], None, T]
"""A request under way: gives what it waits for until it has its result."""

_PAUSE = 0.2
"""Seconds between two looks at a request that is waited for, and before it is made again."""
_TIMEOUT_MS = 60_000
_ERRORS = 100
"""Errors of the connection that are kept until they are reported."""


@dataclass(frozen=True)
class TopicDescription:
    """A topic as the cluster has it now."""

    id: str | None
    """None where the brokers give none (before 2.8)."""

    partitions: Collection[int]


class TopicRequests:
    """Asks about one topic."""

    def __init__(self, settings: Mapping[str, kafka_settings.Setting], topic: str) -> None:
        """Connects at the first request."""
        self._settings = settings
        self._topic = topic
        self._errors: deque[KafkaError] = deque(maxlen=_ERRORS)
        self._client: AdminClient | None = None
        self._timeout = request_seconds(settings)

    def describe(self, report: Report) -> Steps[TopicDescription]:
        """The id and the partitions. SourceError, as for all requests, if the cluster refuses for good."""
        found = yield from self._ask(
            lambda client: {"": in_thread(lambda: self._metadata(client))}, report
        )
        metadata: ClusterMetadata = found[""]
        return TopicDescription(
            (yield from self._id(metadata, report)), list(metadata.topics[self._topic].partitions)
        )

    def _metadata(self, client: AdminClient) -> ClusterMetadata:
        metadata = client.list_topics(self._topic, timeout=self._timeout)
        error = metadata.topics[self._topic].error
        if error is not None:
            raise KafkaException(error)
        return metadata

    def _id(self, metadata: ClusterMetadata, report: Report) -> Steps[str | None]:
        if metadata.controller_id not in metadata.brokers:
            return None  # It would be waited for: the client's own broker, of the demo, has none.

        def request(client: AdminClient) -> Mapping[Any, Future[Any]]:
            return client.describe_topics(TopicCollection([self._topic]))

        [found] = (yield from self._ask(request, report)).values()
        topic_id = str(found.topic_id)
        return None if topic_id == NO_ID else topic_id

    def watermarks(
        self, partitions: Collection[int], report: Report
    ) -> Steps[dict[int, Watermarks]]:
        """What each of these partitions holds, as far as a reader of this isolation level may read it."""
        earliest = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # it ships no types
        lows = yield from self._offsets(partitions, earliest, report)
        highs = yield from self.ends(partitions, report)
        return {p: Watermarks(lows[p], max(highs[p], lows[p])) for p in sorted(partitions)}

    def ends(self, partitions: Collection[int], report: Report) -> Steps[dict[int, int]]:
        """Where each of these partitions ends, for such a reader."""
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # it ships no types
        return self._offsets(partitions, latest, report)

    def _offsets(
        self, partitions: Collection[int], spec: OffsetSpec, report: Report
    ) -> Steps[dict[int, int]]:
        committed = self._settings.get("isolation.level", "read_committed") == "read_committed"
        level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED

        def request(client: AdminClient) -> Mapping[Any, Future[Any]]:
            places = {TopicPartition(self._topic, p): spec for p in partitions}
            return client.list_offsets(places, isolation_level=level) if places else {}

        found = yield from self._ask(request, report)
        return {at.partition: result.offset for at, result in found.items()}

    def _ask(
        self, request: Callable[[AdminClient], Mapping[Any, Future[Any]]], report: Report
    ) -> Steps[dict[Any, Any]]:
        """Makes a request until it has a response, reporting each kind of error once."""
        said: set[int] = set()
        while True:
            client = self._open()
            futures = request(client)
            while not all(future.done() for future in futures.values()):
                yield list(futures.values())
                client.poll(0)  # Serves the callback that collects the errors of the connection.
                self._tell(said, report)
            try:
                return {key: future.result() for key, future in futures.items()}
            except KafkaException as exception:
                client.poll(_PAUSE)
                # The connection's own errors are more specific.
                self._errors.append(exception.args[0])
                self._tell(said, report)

    def _tell(self, said: set[int], report: Report) -> None:
        errors = list(self._errors)
        self._errors.clear()
        for error in errors:
            if kafka_settings.permanent(error):
                raise kafka_settings.source_error(error, self._topic, self._settings)
        for error in errors:
            if error.code() not in said:
                # The first is the cause: others follow from it.
                if not said:
                    told = kafka_settings.source_error(error, self._topic, self._settings)
                    report(f"{told}; trying again until it responds")
                said.add(error.code())

    def _open(self) -> AdminClient:
        if self._client is None:
            self._client = kafka_settings.admin(self._settings, self._errors.append)
        return self._client

    def close(self) -> None:
        """Frees connections."""
        self._client = None


def request_seconds(settings: Mapping[str, object]) -> float:
    """The client's own timeout of a request, in seconds."""
    return float(str(settings.get("socket.timeout.ms", _TIMEOUT_MS))) / 1000


def in_thread(call: Callable[[], T]) -> Future[T]:
    """The result of a call that blocks."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def waited(steps: Steps[T], stopping: Callable[[], bool]) -> T | None:
    """The result of a request, however long it takes; None if `stopping`."""
    try:
        while not stopping():
            wait(next(steps), _PAUSE)
    except StopIteration as end:
        result: T = end.value
        return result
    return None
