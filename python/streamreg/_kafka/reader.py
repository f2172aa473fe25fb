"""Source, Kafka: reading ranges of partitions in one process, in batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import cast

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from streamreg._kafka import client as kafka_client
from streamreg._kafka.partition_table import PartitionTable, Place
from streamreg._kafka.settings import Setting
from streamreg._kafka.topic_id import TopicIdWatch
from streamreg._source.contract import Beginnings, Range, Report, Trouble
from streamreg._source.messages import Batch, Envelope, Headers, Location

_BATCH = 20_000
"""Messages at a time, at most: each of them is some objects, and many if it is rejected."""
_BATCH_BYTES = 4 * 1024 * 1024
"""About as many bytes at a time, at most: they are held several times over on their way."""
_SAMPLE = 64
_AGAIN_SECONDS = 10.0
"""For which a reader does not tell again of the trouble that was told of before it began."""


class KafkaReader:
    """Reads its ranges by `assign` and `consume`."""

    def __init__(
        self,
        table: PartitionTable,
        settings: Mapping[str, Setting],
        ranges: Mapping[int, Range],
        report: Report,
        told: Collection[int] = (),
        *,
        goes_on_after_loss: bool = False,
    ) -> None:
        """`table` has the topics, with their ids where they must have these.

        `told` is the kinds of trouble that the parent has told of before anything was read.
        """
        self._table = table
        self._number = _numbering(table)
        self._settings = settings
        self._report = report
        self._watch = TopicIdWatch(table.ids)
        self._complaints: set[tuple[int, int | None]] = set()
        self._told, self._told_until = frozenset(told), time.monotonic() + _AGAIN_SECONDS
        open_ranges = {p: r for p, r in ranges.items() if r.end is None or r.start < r.end}
        self._next = {p: r.start for p, r in open_ranges.items()}
        self._ends = {p: r.end for p, r in open_ranges.items() if r.end is not None}
        self._beginnings = Beginnings(open_ranges)
        self._room = 1000
        self._goes_on_after_loss = goes_on_after_loss
        self._too_large: KafkaError | None = None
        self._behind: set[int] = set()
        """Partitions whose next messages are no longer in the log."""

        self._consumer = kafka_client.consumer(
            settings, kafka_client.AHEAD, self._complain, self._watch
        )
        self._consumer.assign([place(table.place(p), r) for p, r in open_ranges.items()])

    def read(self, timeout: float) -> Batch | None:
        if self._behind:
            return self._past_gap(self._behind.pop(), timeout)
        first = self._consumer.poll(timeout)
        if first is None:
            self._watch.check()
            if self._too_large is not None:
                raise kafka_client.source_error(self._too_large, self._table.name, self._settings)
            return None
        # What is there at once, and no more: waiting for a full batch would cost its first row the wait.
        messages = [first, *self._consumer.consume(self._room - 1, 0)]
        self._watch.check()
        log_ends = self._remove_events(messages) if any(map(Message.error, messages)) else {}
        progress, leader_epochs = self._progress(log_ends)
        if not progress:
            return None
        self._told = frozenset()
        if self._ends:
            messages = self._cut(messages, progress)
        mended = {c for c in self._complaints if c[1] is None or c[1] in progress}
        if mended:
            self._complaints -= mended
            self._report(f"topic {self._table.name!r}: reading again")
        values = list(map(Message.value, messages))
        self._room = _room(values)

        def partitions() -> Iterable[int]:
            return map(self._number, messages)

        return Batch(
            values,
            progress,
            locate=lambda index: self._location(messages[index]),
            partitions=partitions,
            offsets=lambda: cast(Iterable[int], map(Message.offset, messages)),
            leader_epochs=leader_epochs,
            firsts=self._beginnings.among(progress, partitions),
            envelope=lambda index: Envelope(messages[index].key(), _headers(messages[index])),
            reader="client",
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
                log_ends[self._number(message)] = message.offset() or 0
            elif self._goes_on_after_loss and _is_lost(error):
                self._behind.add(self._number(message))
            elif error.code() == KafkaError._BAD_MSG and message.topic() is None:
                continue  # Of no message: the connection on which a request failed says why.
            elif kafka_client.permanent(error):
                at = (message.partition(), message.offset())
                topic = message.topic() or self._table.name
                raise kafka_client.source_error(error, topic, self._settings, at)
            else:
                # One of a whole topic has no partition, or -1.
                known = message.topic() is not None and (message.partition() or 0) >= 0
                self._complain(error, self._number(message) if known else None)
        messages[:] = kept
        return log_ends

    def _past_gap(self, partition: int, timeout: float) -> Batch | None:
        """Goes on where the log begins now; what was deleted before it is progress without messages."""
        place = TopicPartition(*self._table.place(partition))
        try:
            low, high = self._consumer.get_watermark_offsets(place, timeout=max(timeout, 1.0))
        except KafkaException as failed:
            self._behind.add(partition)
            self._complain(failed.args[0], partition)
            return None
        start = self._next[partition]
        if start > high:
            error = KafkaError(KafkaError.OFFSET_OUT_OF_RANGE)
            at = (place.partition, start)
            raise kafka_client.source_error(error, place.topic, self._settings, at)
        end = min(low, self._ends.get(partition, low))
        self._consumer.incremental_unassign([place])
        if start < end == self._ends.get(partition):
            del self._next[partition], self._ends[partition]
        else:
            self._next[partition] = max(start, low)
            place.offset = self._next[partition]
            self._consumer.incremental_assign([place])
        if start >= end:
            return None  # The log was asked for too early, or too late: it is there.
        gap = {partition: (start, end)}
        return Batch(
            [],
            dict(gap),
            locate=_nothing,
            partitions=lambda: (),
            offsets=lambda: (),
            lost=gap,
        )

    def _progress(
        self, log_ends: Mapping[int, int]
    ) -> tuple[dict[int, tuple[int, int]], dict[int, int]]:
        """How far each partition has come since the last batch, and the leader epochs of their last messages."""
        progress, leader_epochs = {}, {}
        places = [TopicPartition(*self._table.place(p)) for p in self._next]
        for number, at in zip([*self._next], self._consumer.position(places), strict=True):
            done = max(at.offset, log_ends.get(number, -1))
            if done > self._next[number]:
                progress[number] = (self._next[number], done)
                self._next[number] = done
                if at.leader_epoch is not None:
                    leader_epochs[number] = at.leader_epoch
        return progress, leader_epochs

    def _cut(self, messages: list[Message], progress: dict[int, tuple[int, int]]) -> list[Message]:
        """Ends the ranges whose end is reached, and drops the messages past it."""
        ended = [p for p, (_, done) in progress.items() if done >= self._ends.get(p, done + 1)]
        for partition in ended:
            end = self._ends.pop(partition)
            progress[partition] = (progress[partition][0], end)
            del self._next[partition]
            self._consumer.incremental_unassign([TopicPartition(*self._table.place(partition))])
            messages = [
                m for m in messages if self._number(m) != partition or (m.offset() or 0) < end
            ]
        return messages

    def log_ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        found = {}
        for partition in partitions:
            at = TopicPartition(*self._table.place(partition))
            # Of the last fetch, from the client's memory.
            _, end = self._consumer.get_watermark_offsets(at, cached=True)
            if end >= 0:
                found[partition] = end
        return found

    def _complain(self, error: KafkaError, partition: int | None = None) -> None:
        """Reports trouble that the client itself works on, each kind once until it is over where it was."""
        if kafka_client.too_large(error):
            self._too_large = error  # Raised when all that comes without it was read.
            return
        known = error.code() in self._told and time.monotonic() < self._told_until
        if not known and (error.code(), partition) not in self._complaints:
            self._complaints.add((error.code(), partition))
            topic, of = self._table.name, None
            if partition is not None:
                topic, of = self._table.place(partition)
            told = kafka_client.source_error(error, topic, self._settings, (of, None))
            self._report(Trouble(told))

    def _location(self, message: Message) -> Location:
        number, (_, timestamp) = self._number(message), message.timestamp()
        at = timestamp if timestamp >= 0 else None
        return Location(number, message.offset() or 0, at, self._table.told(number))

    def close(self) -> None:
        self._consumer.close()


def _numbering(table: PartitionTable) -> Callable[[Message], int]:
    """Gives the number of the partition of a message."""
    if table.alone is not None:
        # A method of C: windows ask for the partition of every message.
        return cast(Callable[[Message], int], Message.partition)
    return lambda message: table.number(message.topic() or "", message.partition() or 0)


def _is_lost(error: KafkaError) -> bool:
    """Whether messages were deleted before they were read; not that the log was replaced by another."""
    lost = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)
    return error.code() in lost and not kafka_client.truncated(error)


def _nothing(index: int) -> Location:
    raise IndexError(index)


def place(at: Place, start: Range) -> TopicPartition:
    """Where a range begins.

    With the leader epoch of the message before it the client makes sure that this one is still in the log before it
    reads on (KIP-320).
    """
    if start.leader_epoch is None:
        return TopicPartition(*at, start.start)
    return TopicPartition(*at, start.start, leader_epoch=start.leader_epoch)


def _room(values: Sequence[bytes | None]) -> int:
    """How many messages the next batch may have, if they are like those of this one."""
    sample = values[::_SAMPLE]
    size = sum(len(value or b"") for value in sample)
    return max(min(_BATCH, _BATCH_BYTES * len(sample) // max(size, 1)), 2)


def _headers(message: Message) -> Headers:
    try:
        # A list of pairs; the client's types name what a producer may be given, too.
        return cast(Headers, message.headers() or ())
    except (SystemError, UnicodeDecodeError):
        # The client cannot give a name that is not UTF-8, and fails so (SystemError: confluent-kafka 2.16.1).
        return ()
