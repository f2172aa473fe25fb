"""Source, Kafka: what the parent process does with the cluster: offsets, first messages, commits, by confluent-kafka.

Partitions are assigned, never subscribed to, so that no rebalance can move them. The offsets of the run's own
state decide where a reader begins; the group's committed offsets are written for lag tools only.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from streamreg._exceptions import SourceError
from streamreg._kafka import client as kafka_client
from streamreg._kafka.client import UnknownTopicError
from streamreg._kafka.commits import Commits
from streamreg._kafka.reader import place
from streamreg._kafka.requests import Steps, TopicRequests, waited
from streamreg._kafka.topic_id import TopicIdWatch, check_topic_id

if TYPE_CHECKING:
    from streamreg._kafka.settings import Setting
    from streamreg._source.contract import Range, Report, Watermarks

_RETRY_PAUSE = 0.2
_PATIENCE = 5.0
"""Seconds after which a first message that has not come is reported."""
_GONE_SECONDS = 10.0
"""Seconds for which no broker may know the topic any more until it counts as deleted: one that starts may not yet."""
_LOOK_INTERVAL = 0.8
"""Seconds between two requests for the end offsets."""
_CLOSE_SECONDS = 1.5
_STATIC_CLOSE_SECONDS = 10.0
"""Seconds that the end waits for its last commit: a run that is stopped has five in all."""
_ERRORS = 100
"""Errors of the connection that are kept until they are reported."""


@dataclass
class _Open:
    """What this process holds of the cluster."""

    consumer: Consumer
    watch: TopicIdWatch
    commits: Commits


class Cluster:
    """A topic on its cluster; its methods are those of a source."""

    def __init__(
        self,
        settings: Mapping[str, Setting],
        topic: str,
        *,
        static: bool,
        identity: str | None,
        told: set[int],
    ) -> None:
        """`static`: whether it is read to its end. `told` collects the errors of the connection that were reported."""
        self._settings = settings
        self._topic = topic
        self._static = static
        self._identity = identity
        self._told = told
        self._held: _Open | None = None
        self._asked: TopicRequests | None = None
        self._discovery: Steps[dict[int, Watermarks]] | None = None
        self._look: Steps[dict[int, int]] | None = None
        self._look_at = 0.0
        self._gone_since: float | None = None
        self._errors: deque[KafkaError] = deque(maxlen=_ERRORS)

    def pin(
        self,
        identity: str | None,
        report: Report,
        stopping: Callable[[], bool],
        *,
        wait: bool = False,
    ) -> str | None:
        """As a source; with `wait` for a topic that is not there yet, too."""
        requests = self._requests
        steps = requests.created(report) if wait else requests.describe(report)
        found = waited(steps, stopping)
        if found is None:
            return None
        check_topic_id(self._topic, identity, found.id)
        self._identity = found.id
        return found.id

    def watermarks(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Watermarks]:
        return waited(self._watermarks((), report), stopping) or {}

    def starts(
        self,
        start: datetime,
        watermarks: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> dict[int, int]:
        """Of each partition the offset of the first message at or after a time; its end where there is none."""
        found = waited(self._requests.since(start, watermarks, report), stopping) or {}
        return {
            p: at.high if found[p] < 0 else min(max(found[p], at.low), at.high)
            for p, at in watermarks.items()
            if p in found
        }

    def _watermarks(self, known: Collection[int], report: Report) -> Steps[dict[int, Watermarks]]:
        described = yield from self._requests.describe(report)
        check_topic_id(self._topic, self._identity, described.id)
        new = set(described.partitions) - set(known)
        return (yield from self._requests.watermarks(new, report))

    def new_partitions(self, known: Collection[int]) -> dict[int, Watermarks] | None:
        if self._discovery is None:
            self._discovery = self._watermarks(known, _unheard)
        try:
            next(self._discovery)
            return None
        except StopIteration as end:
            self._discovery, self._gone_since = None, None
            found: dict[int, Watermarks] = end.value
            return found
        except UnknownTopicError as error:
            self._discovery = None
            self._gone_since = self._gone_since or time.monotonic()
            if time.monotonic() > self._gone_since + _GONE_SECONDS:
                raise SourceError(
                    f"topic {self._topic!r} was deleted while it was being read: what was read before is in the "
                    f"results. A topic of that name that is made again is another one ({error})"
                ) from None
            return None

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        held = self._open()
        held.commits.serve(held.consumer)
        if self._look is None:
            if time.monotonic() < self._look_at:
                return {}
            self._look = self._requests.ends(partitions, _unheard)
        try:
            next(self._look)
        except StopIteration as end:
            self._look, self._look_at = None, time.monotonic() + _LOOK_INTERVAL
            found: Mapping[int, int] = end.value
            return found
        except SourceError:
            # The reader reports the error, and partition discovery a topic that is gone.
            self._look, self._look_at = None, time.monotonic() + _LOOK_INTERVAL
        return {}

    def check_log(
        self, ranges: Mapping[int, Range], report: Report, stopping: Callable[[], bool]
    ) -> None:
        held = self._open()
        consumer = held.consumer
        places = [place(self._topic, p, r) for p, r in ranges.items() if r.leader_epoch is not None]
        consumer.assign(places)
        # A message or the end of the log: either comes only when the leader has said that the log is the same.
        unsure = {at.partition for at in places}
        slow = _Slow(f"topic {self._topic!r}: waiting for the leader to compare the log", report)
        try:
            while unsure and not stopping():
                message = consumer.poll(_RETRY_PAUSE)
                held.watch.check()
                self._tell(report)
                slow.tell(unsure)
                found = None if message is None else self._first_of(message)
                if found is not None:
                    unsure.discard(found[0])
        finally:
            consumer.unassign()

    def first_messages(
        self,
        partitions: Mapping[int, Watermarks],
        report: Report,
        stopping: Callable[[], bool],
    ) -> Iterator[tuple[int, bytes | None]]:
        held = self._open()
        consumer = held.consumer
        # Where the log is known to begin: librdkafka takes half a second to look a logical offset up.
        places = {p: TopicPartition(self._topic, p, at.low) for p, at in partitions.items()}
        consumer.assign(list(places.values()))
        empty: set[int] = set()
        slow = _Slow(f"topic {self._topic!r}: waiting for the first message", report)
        try:
            while places and not stopping():
                message = consumer.poll(_RETRY_PAUSE)
                held.watch.check()
                self._tell(report)
                if message is not None and _begins_later(message):
                    _assign_beginning(consumer, places[message.partition() or 0])
                    continue
                found = None if message is None else self._first_of(message)
                if found is None:
                    slow.tell(places.keys() - empty)
                    continue
                partition, value = found
                if partition not in places or (value is None and partition in empty):
                    continue
                if value is None:
                    empty.add(partition)
                if value is not None or self._static:
                    consumer.incremental_unassign([places.pop(partition)])
                yield found
        finally:
            consumer.unassign()
            self._tell(report)

    def _first_of(self, message: Message) -> tuple[int, bytes | None] | None:
        """A partition and its first message, which is None if it has none; None for an error that may pass."""
        error, partition = message.error(), message.partition()
        if partition is not None and error is None:
            return partition, message.value() or b""  # A tombstone is a first message too.
        if (
            partition is not None
            and error is not None
            and error.code() == KafkaError._PARTITION_EOF
        ):
            return partition, None
        if error is not None and kafka_client.permanent(error):
            at = (partition, message.offset())
            raise kafka_client.source_error(error, self._topic, self._settings, at)
        return None

    def _tell(self, report: Report) -> None:
        """Reports errors of the connection, each kind once."""
        for error in self._errors:
            if error.code() not in self._told:
                self._told.add(error.code())
                report(str(kafka_client.source_error(error, self._topic, self._settings)))
        self._errors.clear()

    def commit_offsets(self, offsets: Mapping[int, int]) -> None:
        held = self._open()
        held.commits.commit(held.consumer, offsets)

    def close(self) -> None:
        if self._held is not None:
            seconds = _STATIC_CLOSE_SECONDS if self._static else _CLOSE_SECONDS
            self._held.commits.close(self._held.consumer, seconds)
        self._held, self._asked, self._discovery, self._look = None, None, None, None

    @property
    def _requests(self) -> TopicRequests:
        if self._asked is None:
            self._asked = TopicRequests(self._settings, self._topic, self._told)
        return self._asked

    def _open(self) -> _Open:
        if self._held is None:
            # Where there is no first message, the broker is to say so at once, and not to delay the next request.
            settings = {"fetch.wait.max.ms": 10, **self._settings}
            watch = TopicIdWatch(self._topic, self._identity)
            commits = Commits(self._settings, self._topic)
            consumer = kafka_client.consumer(
                settings, 1, self._errors.append, watch, commits.on_commit
            )
            self._held = _Open(consumer, watch, commits)
        return self._held


def _begins_later(message: Message) -> bool:
    """Whether retention has deleted messages since the watermarks were asked for."""
    error = message.error()
    return error is not None and error.code() == KafkaError._AUTO_OFFSET_RESET


def _assign_beginning(consumer: Consumer, place: TopicPartition) -> None:
    """Begins anew where the log begins, wherever that is by then."""
    consumer.incremental_unassign([place])
    consumer.incremental_assign([TopicPartition(place.topic, place.partition, OFFSET_BEGINNING)])


class _Slow:
    """Tells now and then what is waited for."""

    def __init__(self, what: str, report: Report) -> None:
        self._what = what
        self._report = report
        self._tell_at = time.monotonic() + _PATIENCE

    def tell(self, partitions: Collection[int]) -> None:
        """Of these partitions it is waited for; none: of nobody."""
        if partitions and time.monotonic() >= self._tell_at:
            self._tell_at += _PATIENCE * 10
            self._report(f"{self._what} of partition {min(partitions)}")


def _unheard(text: str) -> None:
    """While messages are read, their reader reports errors."""
