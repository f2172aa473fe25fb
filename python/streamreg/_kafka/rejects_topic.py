"""Sink, Kafka: a dead-letter topic: rejects are sent once, by the transactions that the topics of tables have.

What waits for them stands in the outbox of the state, as the lines of a dead-letter file with the number of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._kafka.patience import Patience, never
from streamreg._kafka.settings import checked, of_writers
from streamreg._kafka.sink import Topic
from streamreg._kafka.sink_messages import TopicMessage
from streamreg._kafka.sink_read_back import TopicReadBack
from streamreg._kafka.sink_requests import SinkRequests
from streamreg._kafka.topic_settings import checked_topic_settings
from streamreg._rejects.dead_letter_messages import (
    NoLetterError,
    letter_of,
    line_of,
    reject_of,
)
from streamreg._sinks.contract import Changes
from streamreg._sinks.records import RecordError, records

if TYPE_CHECKING:
    from confluent_kafka import Message

    from streamreg._kafka.settings import Setting
    from streamreg._kafka.sink_sender import Sender
    from streamreg._rejects.reject import Reject
    from streamreg._sinks.contract import (
        ColumnSpec,
        EpochChanges,
        Position,
        RunTerms,
    )
    from streamreg._sinks.outbox import OutboxSink

_GIVEN: Final = ("topic", "rdkafka_settings", "create")
_PATIENCE: Final = 60.0


def rejects_topic(
    given: Mapping[str, Any], of_source: Mapping[str, Setting] | None
) -> RejectsTopic:
    """The topic that a program names; without settings it is on the cluster of the source.

    Raises:
        ConfigurationError: naming what cannot be used.
    """
    for key in given:
        if key not in _GIVEN:
            raise ConfigurationError(f"rejects: {key!r}: expected one of {', '.join(_GIVEN)}")
    topic = given.get("topic")
    if not isinstance(topic, str) or not topic:
        raise ConfigurationError(f"rejects: topic: expected the name of a topic, found {topic!r}")
    settings = given.get("rdkafka_settings")
    if settings is None:
        if of_source is None:
            raise ConfigurationError("rejects: rdkafka_settings: missing: the source is no topic")
        settings = of_writers(of_source)
    create = checked_topic_settings(given.get("create"))
    return RejectsTopic(_Letters(settings=checked(settings), topic=topic, create=create))


@dataclass(frozen=True)
class RejectsTopic:
    """A dead-letter topic."""

    letters: _Letters
    kind: ClassVar[str] = "topic"

    @property
    def name(self) -> str:
        return self.letters.name

    @property
    def place(self) -> str:
        return self.letters.place

    def check(self, position: Position | None, terms: RunTerms) -> None:
        self.letters.check((), position, terms)

    def open(self, position: Position | None, terms: RunTerms) -> OpenRejectsTopic | None:
        sink = self.letters.open((), position, terms)
        return None if sink is None else OpenRejectsTopic(sink)

    def read_back(self, position: Position) -> LettersReadBack:
        return self.letters.read_back((), position)

    def kept(self, line: bytes) -> bytes:
        letter = letter_of(line, 0)
        # A client cuts the name of a header at a NUL.
        headers = [
            (name.partition("\0")[0], cast("bytes", value)) for name, value in letter.headers
        ]
        _, reject = reject_of(letter.key, letter.value, headers)
        return line_of(reject)


class OpenRejectsTopic:
    """One that is open."""

    def __init__(self, outbox: OutboxSink) -> None:
        """Owns the outbox."""
        self.outbox = outbox

    @property
    def position(self) -> Position:
        return self.outbox.position

    def append(self, line: bytes, number: int) -> None:
        # As outboxes have it: behind each change its time, here the number, and the diff.
        self.outbox.append(Changes((), b"%b,%d,1\n" % (line[:-1], number)))

    def flush(self, *, durable: bool) -> None:
        self.outbox.flush(durable=durable)

    def close(self) -> None:
        self.outbox.close()


@dataclass(frozen=True, kw_only=True)
class _Letters(Topic):
    """The same as a destination."""

    def rows(self, columns: Sequence[ColumnSpec]) -> _LetterRows:
        return _LetterRows()

    def read_back(self, columns: Sequence[ColumnSpec], position: Position) -> LettersReadBack:
        patience = Patience(never, _PATIENCE, ())
        requests = SinkRequests(
            self.settings, self.topic, self.name, self.transactional_id, patience
        )
        return LettersReadBack(self.settings, self.topic, requests, position)


class _LetterRows:
    """How rejects stand in messages."""

    def prepare(self, *, look: bool) -> None:
        """Nothing: they are sent as they are."""

    def send(self, epochs: Sequence[EpochChanges], sender: Sender) -> None:
        """As `SentRows.send`."""
        for epoch in epochs:
            for each in epoch.lines[:-1].split(b"\n"):
                line, number, _ = each.rsplit(b",", 2)
                sender.send(TopicMessage(*letter_of(line + b"\n", int(number))))


class LettersReadBack(TopicReadBack):
    """The rejects that a topic holds, in the order of their numbers, up to that of a position."""

    def __init__(
        self,
        settings: Mapping[str, Setting],
        topic: str,
        requests: SinkRequests,
        position: Position,
    ) -> None:
        """Nothing is read yet."""
        super().__init__(settings, topic, requests, None, "changelog", position)

    @property
    def extent(self) -> str:
        return f"up to reject {self._position['time']}"

    def changes(self) -> Iterator[Sequence[bytes]]:
        return records((line_of(reject) for _, reject in self.rejects()), quotes=False)

    def rejects(self) -> Iterator[tuple[int, Reject]]:
        """Each with its number.

        Raises:
            OutputError: if it cannot be read, or holds something else.
        """
        return (_rejected(message) for _, message in self._timed())

    def _time(self, message: Message) -> int:
        number, _ = _rejected(message)
        return number


class SentRejects(LettersReadBack):
    """All rejects of a topic, whichever run has sent them, as far as it still has them."""

    def __init__(self, settings: Mapping[str, Setting], topic: str, end: int) -> None:
        """Up to the reject of this number. Raises ConfigurationError if the settings cannot be used."""
        letters = _Letters(settings=checked(settings), topic=topic)
        patience = Patience(never, _PATIENCE, ())
        requests = SinkRequests(settings, topic, letters.name, letters.transactional_id, patience)
        super().__init__(settings, topic, requests, {"time": end})

    def _extents(self) -> Mapping[int, tuple[int, int]]:
        partitions = self._requests.partitions()
        if partitions is None:
            raise RecordError("it is not there")
        return self._requests.extents(partitions)


def _rejected(message: Message) -> tuple[int, Reject]:
    headers = cast("Sequence[tuple[str, bytes | None]]", message.headers() or ())
    try:
        return reject_of(message.key(), message.value(), headers)
    except NoLetterError as error:
        raise RecordError(
            f"partition {message.partition()}, offset {message.offset()} is no reject of a run: {error}"
        ) from None
