"""Source, Kafka: reading ranges of partitions in one process, in batches."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import cast

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from streamreg._kafka import settings as kafka_settings
from streamreg._source.contract import Batch, Beginnings, Envelope, Headers, Location, Range, Report

_BATCH = 20_000
"""Messages at a time, at most: each of them is some objects, and many if it is rejected."""
_BATCH_BYTES = 4 * 1024 * 1024
"""About as many bytes at a time, at most: they are held several times over on their way."""
_SAMPLE = 64
_LAG_INTERVAL = 0.5


class KafkaReader:
    """Reads its ranges by `assign` and `consume`."""

    def __init__(
        self,
        topic: str,
        settings: Mapping[str, kafka_settings.Setting],
        ranges: Mapping[int, Range],
        report: Report,
    ) -> None:
        self._topic = topic
        self._settings = settings
        self._report = report
        self._complaints: set[int] = set()
        open_ranges = {p: r for p, r in ranges.items() if r.end is None or r.start < r.end}
        self._next = {p: r.start for p, r in open_ranges.items()}
        self._ends = {p: r.end for p, r in open_ranges.items() if r.end is not None}
        self._beginnings = Beginnings(open_ranges)
        self._lag: int | None = None
        self._lag_due = 0.0
        self._room = 1000
        self._consumer = kafka_settings.consumer(settings, kafka_settings.AHEAD, self._complain)
        self._consumer.assign([TopicPartition(topic, p, start) for p, start in self._next.items()])

    def read(self, timeout: float) -> Batch | None:
        first = self._consumer.poll(timeout)
        if first is None:
            return None
        # What is there at once, and no more: waiting for a full batch would cost its first row the wait.
        messages = [first, *self._consumer.consume(self._room - 1, 0)]
        log_ends = self._remove_events(messages) if any(map(Message.error, messages)) else {}
        progress = self._progress(log_ends)
        if not progress:
            return None
        if self._ends:
            messages = self._cut(messages, progress)
        if self._complaints:
            self._complaints.clear()
            self._report(f"topic {self._topic!r}: reading again")
        values = list(map(Message.value, messages))
        self._room = _room(values)

        def partition_of(index: int) -> int:
            return messages[index].partition() or 0

        return Batch(
            values,
            progress,
            locate=lambda index: _location(messages[index]),
            partition_of=partition_of,
            firsts=self._beginnings.among(progress, len(messages), partition_of),
            envelope=lambda index: Envelope(messages[index].key(), _headers(messages[index])),
        )

    def _remove_events(self, messages: list[Message]) -> dict[int, int]:
        """Takes what is no message out of the list; returns the ends of logs that were reached."""
        log_ends: dict[int, int] = {}
        kept = []
        for message in messages:
            error = message.error()
            if error is None:
                kept.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                log_ends[message.partition() or 0] = message.offset() or 0
            elif kafka_settings.permanent(error):
                raise kafka_settings.source_error(error, self._topic, self._settings)
            else:
                self._complain(error)
        messages[:] = kept
        return log_ends

    def _progress(self, log_ends: Mapping[int, int]) -> dict[int, tuple[int, int]]:
        """How far each partition has come since the last batch."""
        progress = {}
        for at in self._consumer.position([TopicPartition(self._topic, p) for p in self._next]):
            done = max(at.offset, log_ends.get(at.partition, -1))
            if done > self._next[at.partition]:
                progress[at.partition] = (self._next[at.partition], done)
                self._next[at.partition] = done
        return progress

    def _cut(self, messages: list[Message], progress: dict[int, tuple[int, int]]) -> list[Message]:
        """Ends the ranges that have come to their end: without what lies past it."""
        ended = [p for p, (_, done) in progress.items() if done >= self._ends.get(p, done + 1)]
        for partition in ended:
            end = self._ends.pop(partition)
            progress[partition] = (progress[partition][0], end)
            del self._next[partition]
            self._consumer.incremental_unassign([TopicPartition(self._topic, partition)])
            messages = [
                m for m in messages if m.partition() != partition or (m.offset() or 0) < end
            ]
        return messages

    def lag(self) -> int | None:
        if time.monotonic() >= self._lag_due:
            self._lag_due = time.monotonic() + _LAG_INTERVAL
            self._lag = sum(self._waiting(self._consumer, p) for p in self._next)
        return self._lag

    def _waiting(self, consumer: Consumer, partition: int) -> int:
        at = TopicPartition(self._topic, partition)
        _, high = consumer.get_watermark_offsets(at, cached=True)
        return max(self._ends.get(partition, high) - self._next[partition], 0)

    def _complain(self, error: KafkaError) -> None:
        """Reports trouble that the client itself works on, each kind once until it is over."""
        if error.code() not in self._complaints:
            self._complaints.add(error.code())
            self._report(str(kafka_settings.source_error(error, self._topic, self._settings)))

    def close(self) -> None:
        self._consumer.close()


def _room(values: Sequence[bytes | None]) -> int:
    """How many messages the next batch may have, if they are like those of this one."""
    sample = values[::_SAMPLE]
    size = sum(len(value or b"") for value in sample)
    return max(min(_BATCH, _BATCH_BYTES * len(sample) // max(size, 1)), 2)


def _location(message: Message) -> Location:
    _, timestamp = message.timestamp()
    return Location(
        message.partition() or 0, message.offset() or 0, timestamp if timestamp >= 0 else None
    )


def _headers(message: Message) -> Headers:
    try:
        # A list of pairs; the client's types name what a producer may be given, too.
        return cast(Headers, message.headers() or ())
    except (SystemError, UnicodeDecodeError):
        # The client cannot give a name that is not UTF-8, and fails so (SystemError: confluent-kafka 2.16.1).
        return ()
