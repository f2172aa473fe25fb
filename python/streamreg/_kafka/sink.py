"""Sink: a topic of Kafka. Changes are sent in transactions that commit the epoch too, as an offset of a group."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from streamreg._exceptions import ConfigurationError, OutputError
from streamreg._kafka import settings as kafka_settings
from streamreg._kafka.setting_names import with_hint
from streamreg._kafka.sink_errors import SETTLING
from streamreg._kafka.sink_messages import MessageFormat, MessageRows
from streamreg._kafka.sink_read_back import TopicReadBack
from streamreg._kafka.sink_requests import SinkRequests, epoch_offset
from streamreg._secrets import scrub
from streamreg._sinks.contract import FORGOTTEN, AwayError, Delivered
from streamreg._sinks.delivered import DeliveredSpec

if TYPE_CHECKING:
    from streamreg._kafka.settings import Setting
    from streamreg._sinks.contract import ColumnSpec, EpochChanges, Position, RunTerms

_SLICE: Final = 0.5
"""Seconds of a call that blocks: then it is looked whether the run is to end."""

_PAUSE: Final = 0.05
"""Seconds before it is made again."""

_PATIENCE: Final = 60.0
_LOOK_PATIENCE: Final = 10.0
"""Seconds after which the cluster counts as away: of a run, and of a mere look."""

_LOST_SECONDS: Final = 5.0
"""The same where the connection was lost."""

_LAST_SECONDS: Final = 3.0
"""The same when the run is to end."""

_DEFAULTS: Final[Mapping[str, Setting]] = {
    "linger.ms": 5,
    # Where Java's clients put a key.
    "partitioner": "murmur2_random",
}
_POLL_EVERY: Final = 1000
_ERRORS: Final = 100
"""Errors of the connection that are kept."""


@dataclass(frozen=True, kw_only=True)
class Topic(DeliveredSpec):
    """A topic of Kafka."""

    settings: Mapping[str, Setting] = field(repr=False)
    topic: str
    format: MessageFormat = "json"
    message_key: tuple[str, ...] | None = None
    """The columns that the key of a message is made of; None: messages have no key."""

    create: Mapping[str, str | int] | None = None

    kind: ClassVar[str] = "topic"
    sink: ClassVar[str] = "kafka"
    call: ClassVar[str] = "io.kafka.write"

    @property
    def name(self) -> str:
        return f"topic {self.topic}"

    @property
    def place(self) -> str:
        return f"topic {self.topic} at {self.settings['bootstrap.servers']}"

    @property
    def transactional_id(self) -> str:
        """By which brokers know the run, and the name of the group that its epochs are committed to."""
        return str(self.settings.get("transactional.id") or f"streamreg-{self.topic}")

    def identity(self) -> Mapping[str, Any]:
        key = None if self.message_key is None else list(self.message_key)
        return {**super().identity(), "format": self.format, "key": key}

    def rows(self, columns: Sequence[ColumnSpec]) -> MessageRows:
        """How rows stand in its messages."""
        return MessageRows(columns, self.mode, self.message_key, self.format)

    def connect(
        self, columns: Sequence[ColumnSpec], terms: RunTerms, *, look: bool = False
    ) -> TopicDestination:
        destination = TopicDestination(self, columns, terms.stopping, look=look)
        try:
            destination.open()
        except BaseException:
            destination.close()
            raise
        return destination

    def read_back(self, columns: Sequence[ColumnSpec], position: Position) -> TopicReadBack:
        requests = SinkRequests(
            self.settings,
            self.topic,
            self.name,
            self.transactional_id,
            _Patience(_never, _PATIENCE, ()),
        )
        return TopicReadBack(
            self.settings, self.topic, requests, self.rows(columns), self.mode, position
        )


class TopicDestination:
    """A topic, with a producer in transactions unless this is a mere look."""

    def __init__(
        self,
        spec: Topic,
        columns: Sequence[ColumnSpec],
        stopping: Callable[[], bool],
        *,
        look: bool,
    ) -> None:
        self._spec = spec
        self._rows = spec.rows(columns)
        self._look = look
        self._stopping = stopping
        self._errors: deque[KafkaError] = deque(maxlen=_ERRORS)
        self._requests = SinkRequests(
            spec.settings,
            spec.topic,
            spec.name,
            spec.transactional_id,
            self._patience(),
            self._errors,
        )
        self._producer: Producer | None = None
        self._group: object = None
        self._partitions: int | None = None

    def _patience(self) -> _Patience:
        seconds = _LOOK_PATIENCE if self._look else _PATIENCE
        return _Patience(self._stopping, seconds, self._errors)

    def open(self) -> None:
        """Looks at the topic, and ends what an earlier producer of the run has left open."""
        self._partitions = self._requests.partitions()
        if self._partitions is None and self._spec.create is None:
            raise OutputError(
                f"{self._spec.name} at {self._spec.settings['bootstrap.servers']} is not there: make it, or give "
                "create={…}"
            )
        if self._look:
            return
        self._producer = self._open_producer()
        self._blocking(self._producer.init_transactions)
        self._group = self._group_metadata()

    def last(self) -> Delivered | None:
        found = self._requests.last()
        if found is None and self._partitions:
            extents = self._requests.extents(self._partitions)
            if any(low < high for low, high in extents.values()):
                return FORGOTTEN
        return found

    def begin(self, run: str) -> None:
        if self._partitions is None:
            defaults = {"cleanup.policy": "compact"} if self._spec.mode == "current" else {}
            self._requests.create(self._spec.create or {}, defaults)
            self._partitions = self._requests.partitions()

    def deliver(self, epochs: Sequence[EpochChanges], before: Delivered) -> None:
        assert self._producer is not None
        producer = self._producer
        self._errors.clear()
        self._call(producer.begin_transaction)
        try:
            self._write(epochs)
            after = epoch_offset(self._spec.topic, before._replace(time=epochs[-1].time))
            self._blocking(
                lambda seconds: producer.send_offsets_to_transaction([after], self._group, seconds)
            )
            self._blocking(producer.commit_transaction)
        except BaseException:
            # Readers of what is committed would wait for its end.
            with contextlib.suppress(KafkaException):
                producer.purge()
                producer.abort_transaction(_SLICE)
            raise

    def _write(self, epochs: Sequence[EpochChanges]) -> None:
        """The changes, within the transaction."""
        assert self._producer is not None
        producer, topic = self._producer, self._spec.topic
        given_up = self._patience()
        for count, (key, value, headers) in enumerate(self._rows.of(epochs), 1):
            while True:
                try:
                    producer.produce(topic, value, key, headers=list(headers))
                    break
                except BufferError:
                    producer.poll(_SLICE)
                    if given_up():
                        raise AwayError(self._requests.heard()) from None
                except KafkaException as error:
                    raise self._requests.raised(error) from error
            if count % _POLL_EVERY == 0:
                producer.poll(0)

    def close(self) -> None:
        if self._producer is not None:
            self._producer.purge()
            self._producer = None  # Not closed: that waits for brokers that are away.
        self._requests.close()

    def _open_producer(self) -> Producer:
        spec = self._spec
        forced: dict[str, Any] = {
            "transactional.id": spec.transactional_id,
            "error_cb": self._errors.append,
            "on_delivery": self._on_delivery,
            "delivery.report.only.error": True,
            "logger": kafka_settings.logger(spec.settings),
        }
        try:
            return Producer({**_DEFAULTS, **spec.settings, **forced})
        except (KafkaException, ValueError, TypeError) as error:
            text = error.args[0].str() if isinstance(error, KafkaException) else str(error)
            raise ConfigurationError(
                scrub(f"rdkafka_settings: {with_hint(text)}", spec.settings)
            ) from None

    def _group_metadata(self) -> object:
        """The group that the epoch is committed to: nobody joins it."""
        client = Consumer(
            {
                **self._spec.settings,
                "group.id": self._spec.transactional_id,
                "enable.auto.commit": False,
                "error_cb": self._errors.append,
                "logger": kafka_settings.logger(self._spec.settings),
            }
        )
        try:
            return client.consumer_group_metadata()
        finally:
            client.close()

    def _on_delivery(self, error: KafkaError | None, _message: object) -> None:
        if error is not None and error.code() != KafkaError._PURGE_QUEUE:
            self._errors.append(error)

    def _call(self, call: Callable[[], object]) -> None:
        try:
            call()
        except KafkaException as error:
            raise self._requests.raised(error) from error

    def _blocking(self, call: Callable[[float], object]) -> None:
        """Makes a call of transactions, in slices, until it is done: after a timeout it goes on where it was.

        Raises AwayError, OutputError.
        """
        assert self._producer is not None
        given_up = self._patience()
        while True:
            try:
                call(_SLICE)
            except KafkaException as error:
                self._producer.poll(0)  # Serves the callbacks that collect errors.
                code: KafkaError = error.args[0]
                passes = code.code() == KafkaError._TIMED_OUT or code.code() in SETTLING
                if not (passes and code.retriable()) or given_up():
                    raise self._requests.raised(error) from error
                time.sleep(_PAUSE)
            else:
                return


class _Patience:
    """Whether something is no longer waited for, from its making on.

    Not if nothing has come for long; or soon, where the connection is lost, so that it is said; or the run is to end.
    """

    def __init__(self, stopping: Callable[[], bool], seconds: float, errors: Sized) -> None:
        """`errors` is what the connection has said meanwhile."""
        self._stopping = stopping
        self._errors = errors
        self._started = time.monotonic()
        self._until = self._started + seconds

    def __call__(self) -> bool:
        now = time.monotonic()
        if self._errors:
            self._until = min(self._until, self._started + _LOST_SECONDS)
        if self._stopping():
            self._until = min(self._until, now + _LAST_SECONDS)
            self._stopping = _never
        return now >= self._until


def _never() -> bool:
    return False
