"""Sink, Kafka: a topic read back, as far as its transactions are committed, up to the epoch of a checkpoint."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from streamreg._kafka import client_log
from streamreg._kafka.sink_messages import TIME, MessageRows
from streamreg._sinks.contract import MovedOnError
from streamreg._sinks.delivered_read_back import DeliveredReadBack
from streamreg._sinks.outbox_position import checked_last
from streamreg._sinks.records import RecordError

if TYPE_CHECKING:
    from streamreg._kafka.settings import Setting
    from streamreg._kafka.sink_requests import SinkRequests
    from streamreg._sinks.contract import Mode, Position

_SECONDS = 60.0

_Read: TypeAlias = tuple[int, Message]
"""A message and its time."""


class TopicReadBack(DeliveredReadBack):
    """What a topic holds."""

    def __init__(
        self,
        settings: Mapping[str, Setting],
        topic: str,
        requests: SinkRequests,
        rows: MessageRows | None,
        mode: Mode,
        position: Position,
    ) -> None:
        """Nothing is read yet. `rows` None: those who derive from it read the messages."""
        super().__init__(position)
        self._settings = settings
        self._topic = topic
        self._requests = requests
        self._rows = rows
        self._mode = mode

    def _read(self) -> Iterator[tuple[Sequence[object], int, int]]:
        assert self._rows is not None
        if self._mode == "current":
            # All messages of a key are in one partition.
            yield from self._standing(chain.from_iterable(self._logs()))
            return
        for time, message in self._timed():
            row, diff = self._rows.row(message.value() or b"")
            yield row, time, diff

    def _timed(self) -> Iterator[_Read]:
        """The messages in the order of their times; each partition is in that order."""
        return heapq.merge(*self._logs(), key=itemgetter(0))

    def _logs(self) -> list[Iterator[_Read]]:
        """The messages of each partition."""
        return [self._log(partition, *extent) for partition, extent in self._extents().items()]

    def _extents(self) -> Mapping[int, tuple[int, int]]:
        """The offsets that there are of each partition. Raises OutputError if they are not those of the position."""
        current = self._mode == "current"
        checked_last(self._requests.last(), self._position, moves_on=not current)
        extents = self._requests.extents(self._requests.partitions() or 0)
        if not current and any(low > 0 for low, _ in extents.values()):
            raise MovedOnError("the topic has deleted its beginning (retention)")
        return extents

    def _standing(self, messages: Iterator[_Read]) -> Iterator[tuple[Sequence[object], int, int]]:
        assert self._rows is not None
        standing: dict[bytes | None, bytes] = {}
        for _, message in messages:
            value = message.value()
            if value is None:
                standing.pop(message.key(), None)
            else:
                standing[message.key()] = value
        for value in standing.values():
            row, _ = self._rows.row(value)
            yield row, 0, 1

    def _log(self, partition: int, low: int, high: int) -> Iterator[_Read]:
        """The messages of a partition, up to the epoch."""
        settings: dict[str, Any] = {
            **self._settings,
            "group.id": "streamreg",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "auto.offset.reset": "error",
            "error_cb": self._requests.errors.append,
            "logger": client_log.logger(self._settings),
        }
        with closing(Consumer(settings)) as client:
            client.assign([TopicPartition(self._topic, partition, low)])
            while low < high:
                message = client.poll(_SECONDS)
                if message is None:
                    raise RecordError(f"it cannot be read: {self._requests.heard()}")
                error = message.error()
                if error is not None and error.code() == KafkaError._PARTITION_EOF:
                    return
                if error is not None:
                    raise RecordError(f"it cannot be read: {error.str()}")
                low = (message.offset() or 0) + 1
                time = 0 if self._mode == "current" else self._time(message)
                if time <= self._position["time"]:
                    yield time, message

    def _time(self, message: Message) -> int:
        """The time that its header says. Raises RecordError if there is none."""
        found = dict(message.headers() or ()).get(TIME)
        if not isinstance(found, bytes) or not found.isdigit():
            raise RecordError("a message has no time: no run has written it")
        return int(found)
