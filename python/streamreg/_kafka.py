"""Source, Kafka: partitions, first messages and readers by confluent-kafka.

Partitions are assigned, never subscribed to, so that no rebalance can move them. The offsets of the run's own
state decide where a reader begins; the group's committed offsets are written for lag tools only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from streamreg import _kafka_settings as kafka_settings
from streamreg._kafka_reader import KafkaReader
from streamreg._secrets import masked
from streamreg._source import Extent, Format, Range, Report

if TYPE_CHECKING:
    from streamreg._types import ColumnType

_METADATA_TIMEOUT = 2.0
_GROWTH_TIMEOUT = 1.0
"""Seconds that a run in full swing may stand still for an answer."""
_RETRY_PAUSE = 0.2


@dataclass
class KafkaSource:
    """A topic on a Kafka cluster."""

    settings: Mapping[str, kafka_settings.Setting] = field(repr=False)
    topic: str
    columns: Mapping[str, ColumnType]
    format: Format
    mode: Literal["streaming", "static"]
    autocommit_duration_ms: int
    header: Sequence[str] | None = None
    _consumer: Consumer | None = field(default=None, init=False, repr=False, compare=False)
    _errors: list[KafkaError] = field(default_factory=list, init=False, repr=False, compare=False)
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
        return {**self.__dict__, "_consumer": None, "_errors": [], "_told": set()}

    def extents(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Extent]:
        said: set[int] = set()
        while not stopping():
            try:
                return self._extents(self._open())
            except KafkaException as exception:
                reason = self._reason(exception)
                if kafka_settings.permanent(reason) or not kafka_settings.passing(reason):
                    raise kafka_settings.source_error(reason, self.topic, self.settings) from None
                if reason.code() not in said:
                    said.add(reason.code())
                    error = kafka_settings.source_error(reason, self.topic, self.settings)
                    report(f"{error}; trying again until it answers")
        return {}

    def new_partitions(self, known: Collection[int]) -> dict[int, Extent]:
        try:
            return self._extents(self._open(), known, timeout=_GROWTH_TIMEOUT)
        except KafkaException:
            return {}  # Whoever reads tells of the trouble; it is asked again.

    def _extents(
        self, consumer: Consumer, known: Collection[int] = (), timeout: float = _METADATA_TIMEOUT
    ) -> dict[int, Extent]:
        metadata = consumer.list_topics(self.topic, timeout=timeout).topics[self.topic]
        if metadata.error is not None:
            raise KafkaException(metadata.error)
        extents = {}
        for partition in sorted(metadata.partitions.keys() - set(known)):
            at = TopicPartition(self.topic, partition)
            extents[partition] = Extent(*consumer.get_watermark_offsets(at, timeout=timeout))
        return extents

    def _reason(self, exception: KafkaException) -> KafkaError:
        """What is behind a failed request: the connection's own words, where it has any."""
        self._open().poll(_RETRY_PAUSE)  # Serves the callback that collects them.
        seen: list[KafkaError] = [*self._errors, exception.args[0]]
        self._errors = []
        return next((error for error in seen if kafka_settings.permanent(error)), seen[0])

    def first_message(self, partition: int, timeout: float, report: Report) -> bytes | None:
        consumer = self._open()
        consumer.assign([TopicPartition(self.topic, partition, OFFSET_BEGINNING)])
        deadline = time.monotonic() + timeout
        try:
            while (left := deadline - time.monotonic()) > 0:
                message = consumer.poll(left)
                if message is None:
                    continue
                error = message.error()
                if error is None:
                    return message.value()
                if error.code() == KafkaError._PARTITION_EOF:
                    return None
                if kafka_settings.permanent(error):
                    raise kafka_settings.source_error(error, self.topic, self.settings)
        finally:
            consumer.unassign()
            self._tell(report)
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

    def acknowledge(self, offsets: Mapping[int, int]) -> None:
        if "group.id" not in self.settings or not offsets:
            return
        self._open().commit(
            offsets=[TopicPartition(self.topic, p, o) for p, o in offsets.items()],
            asynchronous=True,
        )

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None

    def _open(self) -> Consumer:
        if self._consumer is None:
            # It reads first messages only.
            self._consumer = kafka_settings.consumer(
                self.settings, 1, lambda error: self._errors.append(error)
            )
        return self._consumer
