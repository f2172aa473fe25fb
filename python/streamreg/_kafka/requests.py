"""Source, Kafka: metadata of a topic: its id, its partitions, and what they hold.

Nothing here has a patience of its own: a request is waited for until the client gives it up (`socket.timeout.ms`), and
then made again. Nobody is blocked by it: whoever waits looks in between whether to stop.

A request goes to one broker, the controller or a leader, and the client waits for that one though it is dead: it asks
nobody whether another has taken its place (librdkafka 2.16, `rd_kafka_admin_common_get_controller`). So the cluster's
metadata is asked for again meanwhile, from whichever broker responds.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar

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

from streamreg._kafka import client as kafka_client
from streamreg._kafka.client import UnknownTopicError
from streamreg._kafka.settings import Setting
from streamreg._kafka.start import milliseconds
from streamreg._kafka.topic_id import NO_ID
from streamreg._source.contract import Report, Watermarks

T = TypeVar("T")
Steps = Generator[Collection["Future[Any]"], None, T]
"""A request under way: gives what it waits for until it has its result."""

_PAUSE = 0.2
"""Seconds between two looks at a request that is waited for, and before it is made again."""
_REFRESH = 1.0
"""Seconds between two looks at the metadata while a request is waited for."""
_PATIENCE = 10.0
"""Seconds after which a result that has not come is told of."""
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

    def __init__(self, settings: Mapping[str, Setting], topic: str, told: set[int]) -> None:
        """Connects at the first request. `told` is the kinds of trouble that were told of, and those to come."""
        self._settings = settings
        self._topic = topic
        self._told = told
        self._errors: deque[KafkaError] = deque(maxlen=_ERRORS)
        self._client: AdminClient | None = None
        self._asked: _Brokers | None = None
        self._slow = False
        self._timeout = request_seconds(settings)

    def describe(self, report: Report) -> Steps[TopicDescription]:
        """The id and the partitions. SourceError, as for all requests, if the cluster refuses for good."""
        found = yield from self._ask(
            lambda client: {"": in_thread(lambda: self._metadata(client))}, report, refresh=False
        )
        metadata: ClusterMetadata = found[""]
        self._asked = _brokers(metadata, self._topic)
        return TopicDescription(
            (yield from self._id(metadata, report)), list(metadata.topics[self._topic].partitions)
        )

    def created(self, report: Report) -> Steps[TopicDescription]:
        """As `describe`, of a topic that need not be there yet: it is waited for, which is told once."""
        told = False
        while True:
            try:
                return (yield from self.describe(report))
            except UnknownTopicError:
                if not told:
                    told = True
                    report(f"topic {self._topic!r} is not there yet: waiting until it is created")
            # Whoever waits looks again as often as at any request.
            yield [Future()]

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

    def since(
        self, start: datetime, partitions: Collection[int], report: Report
    ) -> Steps[dict[int, int]]:
        """The first message of each of these partitions that is not before a time; -1 where there is none."""
        at = OffsetSpec.for_timestamp(milliseconds(start))
        return self._offsets(partitions, at, report)

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
        self,
        request: Callable[[AdminClient], Mapping[Any, Future[Any]]],
        report: Report,
        *,
        refresh: bool = True,
    ) -> Steps[dict[Any, Any]]:
        """Makes a request until it is answered, telling each kind of trouble once, and that it takes long.

        With `refresh` it is made again, beside the first one, where other brokers are to be asked meanwhile: an attempt
        that has picked its broker waits for that one.
        """
        tell_at = time.monotonic() + _PATIENCE
        while True:
            client = self._open()
            attempts = [request(client)]
            metadata = _Refresh(partial(self._metadata, client))
            while (answered := next(filter(_done, attempts), None)) is None:
                yield [future for attempt in attempts for future in attempt.values()]
                client.poll(0)  # Serves the callback that collects the errors of the connection.
                self._tell(report)
                now = metadata.look() if refresh else None
                brokers = self._asked if now is None else _brokers(now, self._topic)
                if brokers != self._asked:
                    if self._asked is not None:
                        attempts.append(request(client))
                    self._asked = brokers
                if not self._told and not self._slow and time.monotonic() >= tell_at:
                    self._slow = True
                    report(
                        f"topic {self._topic!r}: the cluster at {self._settings['bootstrap.servers']} takes long to "
                        "respond; still waiting"
                    )
            try:
                return {key: future.result() for key, future in answered.items()}
            except KafkaException as exception:
                client.poll(_PAUSE)
                # The connection's own errors are more specific.
                self._errors.append(exception.args[0])
                self._tell(report)

    def _tell(self, report: Report) -> None:
        errors = list(self._errors)
        self._errors.clear()
        for error in errors:
            if kafka_client.permanent(error):
                raise kafka_client.source_error(error, self._topic, self._settings)
        for error in errors:
            if error.code() not in self._told:
                # The first says most: what follows is its echo.
                if not self._told:
                    told = kafka_client.source_error(error, self._topic, self._settings)
                    report(f"{told}; trying again until it responds")
                self._told.add(error.code())

    def _open(self) -> AdminClient:
        if self._client is None:
            self._client = kafka_client.admin(self._settings, self._errors.append)
        return self._client

    def close(self) -> None:
        """Frees connections."""
        self._client = None


class _Refresh:
    """Looks at the metadata again and again."""

    def __init__(self, ask: Callable[[], ClusterMetadata]) -> None:
        self._ask = ask
        self._asked: Future[ClusterMetadata] | None = None
        self._ask_at = time.monotonic() + _REFRESH

    def look(self) -> ClusterMetadata | None:
        """What has come since the last call; asks if it is time to."""
        if self._asked is None and time.monotonic() >= self._ask_at:
            self._asked = in_thread(self._ask)
        if self._asked is None or not self._asked.done():
            return None
        asked, self._asked, self._ask_at = self._asked, None, time.monotonic() + _REFRESH
        # The connection says itself what is wrong with it.
        return asked.result() if asked.exception() is None else None


class _Brokers(NamedTuple):
    """Who is asked about a topic, by their numbers."""

    controller: int
    """That of a cluster without ZooKeeper is any broker that is well, at each look another."""

    leaders: Mapping[int, int]
    """By partition; -1: none."""


def _brokers(metadata: ClusterMetadata, topic: str) -> _Brokers:
    partitions = metadata.topics[topic].partitions
    leaders = {number: partition.leader for number, partition in partitions.items()}
    return _Brokers(metadata.controller_id, leaders)


def _done(attempt: Mapping[Any, Future[Any]]) -> bool:
    return all(future.done() for future in attempt.values())


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
