"""Source, Kafka: partitions, first messages and readers by confluent-kafka.

Partitions are assigned, never subscribed to, so that no rebalance can move them. The offsets of the run's own
state decide where a reader begins; the group's committed offsets are written for lag tools only.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from streamreg._kafka import settings as kafka_settings
from streamreg._kafka.reader import KafkaReader
from streamreg._secrets import masked
from streamreg._source.contract import Range, Report, Watermarks

_log = logging.getLogger("streamreg")

_METADATA_TIMEOUT = 2.0
_GROWTH_TIMEOUT = 1.0
"""Seconds that a run in full swing may stand still for an answer."""
_RETRY_PAUSE = 0.2
_PATIENCE = 5.0
"""Seconds after which a first message that has not come is told of."""
_CLOSE_SECONDS = 1.0
_ERRORS = 100
"""Errors of the connection that are kept until somebody asks."""


@dataclass
class KafkaSource:
    """A topic on a Kafka cluster."""

    settings: Mapping[str, kafka_settings.Setting] = field(repr=False)
    topic: str
    mode: Literal["streaming", "static"]
    autocommit_duration_ms: int
    _consumer: Consumer | None = field(default=None, init=False, repr=False, compare=False)
    _errors: deque[KafkaError] = field(
        default_factory=lambda: deque(maxlen=_ERRORS), init=False, repr=False, compare=False
    )
    _told: set[int] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def begins(self) -> Literal["earliest", "latest"]:
        return kafka_settings.begins(self.settings)

    @property
    def refresh_seconds(self) -> float | None:
        return kafka_settings.refresh_seconds(self.settings)

    @property
    def name(self) -> str:
        return self.topic

    def __repr__(self) -> str:
        return f"KafkaSource({self.topic!r}, {masked(self.settings)})"

    def __getstate__(self) -> dict[str, object]:
        return {
            **self.__dict__,
            "_consumer": None,
            "_errors": deque(maxlen=_ERRORS),
            "_told": set(),
        }

    def watermarks(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Watermarks]:
        said: set[int] = set()
        while not stopping():
            try:
                return self._watermarks(self._open())
            except KafkaException as exception:
                reason = self._reason(exception)
                if kafka_settings.permanent(reason) or not kafka_settings.passing(reason):
                    raise kafka_settings.source_error(reason, self.topic, self.settings) from None
                if reason.code() not in said:
                    said.add(reason.code())
                    error = kafka_settings.source_error(reason, self.topic, self.settings)
                    report(f"{error}; trying again until it answers")
        return {}

    def new_partitions(self, known: Collection[int]) -> dict[int, Watermarks]:
        try:
            return self._watermarks(self._open(), known, timeout=_GROWTH_TIMEOUT)
        except KafkaException:
            return {}  # Whoever reads tells of the trouble; it is asked again.

    def _watermarks(
        self, consumer: Consumer, known: Collection[int] = (), timeout: float = _METADATA_TIMEOUT
    ) -> dict[int, Watermarks]:
        metadata = consumer.list_topics(self.topic, timeout=timeout).topics[self.topic]
        if metadata.error is not None:
            raise KafkaException(metadata.error)
        watermarks = {}
        for partition in sorted(metadata.partitions.keys() - set(known)):
            at = TopicPartition(self.topic, partition)
            watermarks[partition] = Watermarks(*consumer.get_watermark_offsets(at, timeout=timeout))
        return watermarks

    def _reason(self, exception: KafkaException) -> KafkaError:
        """What is behind a failed request: the connection's own words, where it has any."""
        self._open().poll(_RETRY_PAUSE)  # Serves the callback that collects them.
        seen: list[KafkaError] = [*self._errors, exception.args[0]]
        self._errors.clear()
        return next((error for error in seen if kafka_settings.permanent(error)), seen[0])

    def first_messages(
        self, partitions: Collection[int], report: Report, stopping: Callable[[], bool]
    ) -> Iterator[tuple[int, bytes | None]]:
        consumer = self._open()
        places = {p: TopicPartition(self.topic, p, OFFSET_BEGINNING) for p in partitions}
        consumer.assign(list(places.values()))
        empty: set[int] = set()
        tell_at = time.monotonic() + _PATIENCE
        try:
            while places and not stopping():
                message = consumer.poll(_RETRY_PAUSE)
                self._tell(report)
                found = None if message is None else self._first_of(message)
                if found is None:
                    waiting = sorted(places.keys() - empty)
                    if waiting and time.monotonic() >= tell_at:
                        tell_at += _PATIENCE * 10
                        report(
                            f"topic {self.topic!r}: waiting for the first message of partition {waiting[0]}"
                        )
                    continue
                partition, value = found
                if partition not in places or (value is None and partition in empty):
                    continue
                if value is None:
                    empty.add(partition)
                if value is not None or self.mode == "static":
                    consumer.incremental_unassign([places.pop(partition)])
                yield found
        finally:
            consumer.unassign()
            self._tell(report)

    def _first_of(self, message: Message) -> tuple[int, bytes | None] | None:
        """A partition and its first message, which is None if it has none; None for trouble that will pass."""
        error, partition = message.error(), message.partition()
        if partition is not None and error is None:
            return partition, message.value() or b""  # A tombstone is a first message too.
        if (
            partition is not None
            and error is not None
            and error.code() == KafkaError._PARTITION_EOF
        ):
            return partition, None
        if error is not None and kafka_settings.permanent(error):
            raise kafka_settings.source_error(error, self.topic, self.settings)
        return None

    def _tell(self, report: Report) -> None:
        """Reports what the connection has said, each kind once."""
        for error in self._errors:
            if error.code() not in self._told:
                self._told.add(error.code())
                report(str(kafka_settings.source_error(error, self.topic, self.settings)))
        self._errors.clear()

    def reader(self, ranges: Mapping[int, Range], report: Report) -> KafkaReader:
        return KafkaReader(self.topic, self.settings, ranges, report)

    def commit_offsets(self, offsets: Mapping[int, int]) -> None:
        consumer = self._open()
        consumer.poll(0)  # Serves callbacks, which would pile up otherwise.
        if "group.id" not in self.settings:
            return
        places = [TopicPartition(self.topic, p, offset) for p, offset in offsets.items()]
        try:
            consumer.commit(offsets=places, asynchronous=True)
        except KafkaException as exception:
            # Only tools that show the lag are the worse for it.
            error = kafka_settings.source_error(exception.args[0], self.topic, self.settings)
            _log.warning("group.id %s: offsets not committed: %s", self.settings["group.id"], error)

    def close(self) -> None:
        if self._consumer is None:
            return
        # The client waits for commits under way, most of a minute if the user may not see the group.
        closing = threading.Thread(target=self._consumer.close, daemon=True)
        closing.start()
        closing.join(_CLOSE_SECONDS)
        if closing.is_alive():
            _log.warning(
                "group.id %s: the last offsets are not committed yet, and nobody waits for it any more: %s",
                self.settings.get("group.id"),
                "the user needs the ACLs DESCRIBE and READ on the group",
            )
        self._consumer = None

    def _open(self) -> Consumer:
        if self._consumer is None:
            # Where there is no first message, the broker is to say so at once, and not to hold back what is asked next.
            settings = {"fetch.wait.max.ms": 10, **self.settings}
            self._consumer = kafka_settings.consumer(settings, 1, self._errors.append)
        return self._consumer
