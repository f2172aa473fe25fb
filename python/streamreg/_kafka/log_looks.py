"""Source, Kafka: looks into logs before anything is read: their first messages, and whether they are still the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from streamreg._kafka import client as kafka_client
from streamreg._kafka.reader import place

if TYPE_CHECKING:
    from streamreg._kafka.partition_table import PartitionTable
    from streamreg._kafka.settings import Setting
    from streamreg._kafka.topic_id import TopicIdWatch
    from streamreg._source.contract import Range, Report, Watermarks

_RETRY_PAUSE = 0.2
_PATIENCE = 5.0
"""Seconds after which a first message that has not come is reported."""


class LogLooks:
    """By a client that reads nothing else meanwhile."""

    def __init__(
        self,
        consumer: Consumer,
        watch: TopicIdWatch,
        table: PartitionTable,
        settings: Mapping[str, Setting],
        report: Report,
        tell: Callable[[], None],
    ) -> None:
        """`tell` reports the errors of the connection."""
        self._consumer = consumer
        self._watch = watch
        self._table = table
        self._settings = settings
        self._report = report
        self._tell = tell

    def check_log(self, ranges: Mapping[int, Range], stopping: Callable[[], bool]) -> None:
        """As a source."""
        consumer = self._consumer
        places = {
            p: place(self._table.place(p), r)
            for p, r in ranges.items()
            if r.leader_epoch is not None
        }
        consumer.assign(list(places.values()))
        # A message or the end of the log: either comes only when the leader has said that the log is the same.
        unsure = set(places)
        slow = _Slow("waiting for the leader to compare the log", self._table, self._report)
        try:
            while unsure and not stopping():
                message = consumer.poll(_RETRY_PAUSE)
                self._watch.check()
                self._tell()
                slow.tell(unsure)
                found = None if message is None else self._first_of(message)
                if found is not None:
                    unsure.discard(found[0])
        finally:
            consumer.unassign()

    def first_messages(
        self,
        partitions: Mapping[int, Watermarks],
        stopping: Callable[[], bool],
        *,
        static: bool,
    ) -> Iterator[tuple[int, bytes | None]]:
        """As a source; `static`: whether it is read to its end."""
        consumer = self._consumer
        # Where the log is known to begin: librdkafka takes half a second to look a logical offset up.
        places = {p: TopicPartition(*self._table.place(p), at.low) for p, at in partitions.items()}
        consumer.assign(list(places.values()))
        empty: set[int] = set()
        slow = _Slow("waiting for the first message", self._table, self._report)
        try:
            while places and not stopping():
                message = consumer.poll(_RETRY_PAUSE)
                self._watch.check()
                self._tell()
                if message is not None and _begins_later(message):
                    _assign_beginning(consumer, places[self._number(message) or 0])
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
                if value is not None or static:
                    consumer.incremental_unassign([places.pop(partition)])
                yield found
        finally:
            consumer.unassign()
            self._tell()

    def _first_of(self, message: Message) -> tuple[int, bytes | None] | None:
        """A partition and its first message, which is None if it has none; None for an error that may pass."""
        error, partition = message.error(), self._number(message)
        if partition is not None and error is None:
            return partition, message.value() or b""  # A tombstone is a first message too.
        if (
            partition is not None
            and error is not None
            and error.code() == KafkaError._PARTITION_EOF
        ):
            return partition, None
        if error is not None and kafka_client.permanent(error):
            at = (message.partition(), message.offset())
            topic = message.topic() or self._table.name
            raise kafka_client.source_error(error, topic, self._settings, at)
        return None

    def _number(self, message: Message) -> int | None:
        """The number of the partition that a message or an error is of."""
        topic, partition = message.topic(), message.partition()
        if topic is None or partition is None or partition < 0:
            return None
        return self._table.number(topic, partition)


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

    def __init__(self, what: str, table: PartitionTable, report: Report) -> None:
        self._what = what
        self._table = table
        self._report = report
        self._tell_at = time.monotonic() + _PATIENCE

    def tell(self, partitions: Collection[int]) -> None:
        """Of these partitions it is waited for; none: of nobody."""
        if partitions and time.monotonic() >= self._tell_at:
            self._tell_at += _PATIENCE * 10
            topic, partition = self._table.place(min(partitions))
            self._report(f"topic {topic!r}: {self._what} of partition {partition}")
