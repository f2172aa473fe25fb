"""Source, Kafka: metadata of topics: their ids, their partitions, and what they hold.

Nothing here has a patience of its own: a request is waited for until the client gives it up (`socket.timeout.ms`), and
then made again. Nobody is blocked by it: whoever waits looks in between whether to stop.

A request goes to one broker, the controller or a leader, and the client waits for that one though it is dead: it asks
nobody whether another has taken its place (librdkafka 2.16, `rd_kafka_admin_common_get_controller`). So the cluster's
metadata is asked for again meanwhile, from whichever broker responds.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Mapping
from concurrent.futures import Future, wait
from datetime import datetime
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

from streamreg._dataclass import dataclass
from streamreg._kafka import client as kafka_client
from streamreg._kafka.client import UnknownTopicError
from streamreg._kafka.cluster_metadata import END_SECONDS, Brokers, Metadata, Refresh, look_up
from streamreg._kafka.in_thread import Threads
from streamreg._kafka.partition_table import Place
from streamreg._kafka.settings import TIMEOUT_MS, Setting
from streamreg._kafka.start import milliseconds
from streamreg._kafka.topic_id import NO_ID
from streamreg._kafka.topics import Topics
from streamreg._source.contract import Report, Watermarks

T = TypeVar("T")
Steps = Generator[Collection["Future[Any]"], None, T]
"""A request under way: gives what it waits for until it has its result."""

AGAIN = "; trying again until it responds"
"""What is said after an error that is waited out."""

_PAUSE = 0.2
"""Seconds between two looks at a request that is waited for, and before it is made again."""
_PATIENCE = 10.0
"""Seconds after which a result that has not come is told of."""
_ERRORS = 100
"""Errors of the connection that are kept until they are reported."""


@dataclass(frozen=True)
class TopicDescription:
    """A topic as the cluster has it now."""

    id: str | None
    """None where the brokers give none (before 2.8)."""

    partitions: Collection[int]


class TopicRequests:
    """Asks about topics."""

    def __init__(self, settings: Mapping[str, Setting], topics: Topics, told: set[int]) -> None:
        """Connects at the first request. `told` is the kinds of trouble that were told of, and those to come."""
        self._settings = settings
        self._topics = topics
        self._told = told
        self._errors: deque[tuple[KafkaError, str]] = deque(maxlen=_ERRORS)
        """Each with the topic that it is about, or all of them."""

        self._client: AdminClient | None = None
        self._threads = Threads()
        self._asked: Brokers | None = None
        self._slow = False
        self._timeout = request_seconds(settings)

    def describe(self, report: Report) -> Steps[dict[str, TopicDescription]]:
        """The ids and the partitions of the topics there are. SourceError, as for all requests, if it is refused.

        Raises:
            UnknownTopicError: if one that is named is not there, or none matches the pattern.
        """
        found = yield from self._ask(lambda client: {"": self._look(client)}, report, refresh=False)
        metadata: Metadata = found[""]
        if not metadata.topics:
            raise UnknownTopicError(
                f"no topic at {self._settings['bootstrap.servers']} matches the pattern {self._topics.pattern!r} that "
                "the user may see: create one, check pattern=, or the ACLs DESCRIBE and READ on the topics",
                self._topics.name,
            )
        self._asked = metadata.brokers
        ids = yield from self._ids(metadata, report)
        return {
            topic: TopicDescription(ids[topic], list(found.partitions))
            for topic, found in metadata.topics.items()
        }

    def created(self, report: Report) -> Steps[dict[str, TopicDescription]]:
        """As `describe`, of topics that need not be there yet: they are waited for, which is told once of each."""
        told: set[str] = set()
        while True:
            try:
                return (yield from self.describe(report))
            except UnknownTopicError as error:
                if error.topic not in told:
                    told.add(error.topic)
                    report(f"topic {error.topic!r} is not there yet: waiting until it is created")
            # Whoever waits looks again as often as at any request.
            yield [Future()]

    def _look(self, client: AdminClient) -> Future[Metadata]:
        threads = self._threads
        return threads.start(lambda: look_up(client, self._topics, self._timeout, threads))

    def _ids(self, metadata: Metadata, report: Report) -> Steps[dict[str, str | None]]:
        if metadata.brokers.controller not in metadata.cluster.brokers:
            # It would be waited for: the client's own broker, of the demo, has none.
            return dict.fromkeys(metadata.topics)

        def request(client: AdminClient) -> Mapping[Any, Future[Any]]:
            return client.describe_topics(TopicCollection(list(metadata.topics)))

        found = yield from self._ask(request, report)
        ids = {topic: str(each.topic_id) for topic, each in found.items()}
        return {topic: None if id == NO_ID else id for topic, id in ids.items()}

    def watermarks(
        self, partitions: Collection[Place], report: Report
    ) -> Steps[dict[Place, Watermarks]]:
        """What each of these partitions holds, as far as a reader of this isolation level may read it."""
        earliest = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # it ships no types
        lows = yield from self._offsets(partitions, earliest, report)
        highs = yield from self.ends(partitions, report)
        return {p: Watermarks(lows[p], max(highs[p], lows[p])) for p in sorted(partitions)}

    def ends(self, partitions: Collection[Place], report: Report) -> Steps[dict[Place, int]]:
        """Where each of these partitions ends, for such a reader."""
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # it ships no types
        return self._offsets(partitions, latest, report)

    def since(
        self, start: datetime, partitions: Collection[Place], report: Report
    ) -> Steps[dict[Place, int]]:
        """The first message of each of these partitions that is not before a time; -1 where there is none."""
        at = OffsetSpec.for_timestamp(milliseconds(start))
        return self._offsets(partitions, at, report)

    def _offsets(
        self, partitions: Collection[Place], spec: OffsetSpec, report: Report
    ) -> Steps[dict[Place, int]]:
        committed = self._settings.get("isolation.level", "read_committed") == "read_committed"
        level = IsolationLevel.READ_COMMITTED if committed else IsolationLevel.READ_UNCOMMITTED

        def request(client: AdminClient) -> Mapping[Any, Future[Any]]:
            places = {TopicPartition(*place): spec for place in partitions}
            return client.list_offsets(places, isolation_level=level) if places else {}

        found = yield from self._ask(request, report)
        return {(at.topic, at.partition): result.offset for at, result in found.items()}

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
        # The client is held by no frame: those of an error live on with it.
        tell_at = time.monotonic() + _PATIENCE
        while True:
            attempts = [request(self._open())]
            metadata = Refresh(lambda: self._look(self._open()))
            while (answered := next(filter(_done, attempts), None)) is None:
                yield [future for attempt in attempts for future in attempt.values()]
                # Serves the callback that collects the errors of the connection.
                self._open().poll(0)
                self._tell(report)
                now = metadata.look() if refresh else None
                brokers = self._asked if now is None else now.brokers
                if brokers != self._asked:
                    if self._asked is not None:
                        attempts.append(request(self._open()))
                    self._asked = brokers
                if not self._told and not self._slow and time.monotonic() >= tell_at:
                    self._slow = True
                    report(
                        f"topic {self._topics.name!r}: the cluster at {self._settings['bootstrap.servers']} takes long "
                        "to respond; still waiting"
                    )
            results = {}
            for key, future in answered.items():
                try:
                    results[key] = future.result()
                except KafkaException as exception:
                    self._open().poll(_PAUSE)
                    # The connection's own errors are more specific.
                    self._errors.append((exception.args[0], self._about(key, exception)))
                    self._tell(report)
                    break
            else:
                return results

    def _about(self, key: object, exception: KafkaException) -> str:
        """Which topic an error is about."""
        if len(exception.args) > 1:
            return str(exception.args[1])
        if isinstance(key, TopicPartition):
            return str(key.topic)
        return str(key) or self._topics.name

    def _tell(self, report: Report) -> None:
        errors = list(self._errors)
        self._errors.clear()
        for error, topic in errors:
            if kafka_client.permanent(error):
                raise kafka_client.source_error(error, topic, self._settings)
        for error, topic in errors:
            if error.code() not in self._told:
                # The first says most: what follows is its echo.
                if not self._told:
                    told = kafka_client.source_error(error, topic, self._settings)
                    report(f"{told}{AGAIN}")
                self._told.add(error.code())

    def _open(self) -> AdminClient:
        if self._client is None:
            self._client = kafka_client.admin(
                self._settings, lambda error: self._errors.append((error, self._topics.name))
            )
        return self._client

    def close(self) -> None:
        """Frees connections."""
        self._threads.end(END_SECONDS)
        self._threads, self._client = Threads(), None


def _done(attempt: Mapping[Any, Future[Any]]) -> bool:
    return all(future.done() for future in attempt.values())


def request_seconds(settings: Mapping[str, object]) -> float:
    """The client's own timeout of a request, in seconds."""
    return float(str(settings.get("socket.timeout.ms", TIMEOUT_MS))) / 1000


def waited(steps: Steps[T], stopping: Callable[[], bool]) -> T | None:
    """The result of a request, however long it takes; None if `stopping`."""
    try:
        while not stopping():
            wait(next(steps), _PAUSE)
    except StopIteration as end:
        result: T = end.value
        return result
    return None
