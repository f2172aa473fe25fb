"""Sink: a topic of Kafka, connected. Changes go in transactions that commit the epoch too, as an offset of a group."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from streamreg._exceptions import ConfigurationError, OutputError
from streamreg._kafka import client_log
from streamreg._kafka.client_names import with_hint
from streamreg._kafka.in_thread import Threads
from streamreg._kafka.patience import LAST_SECONDS, Patience, QueuePatience
from streamreg._kafka.sink_ahead import SentAhead
from streamreg._kafka.sink_errors import SETTLING, is_final
from streamreg._kafka.sink_requests import SinkRequests, epoch_offset
from streamreg._kafka.sink_sender import QUEUE, Sender
from streamreg._secrets import scrub
from streamreg._sinks.contract import FORGOTTEN, AwayError, Delivered

if TYPE_CHECKING:
    from streamreg._kafka.settings import Setting
    from streamreg._kafka.sink import Topic
    from streamreg._sinks.contract import ColumnSpec, EpochChanges

_SLICE: Final = 0.5
"""Seconds that a call is given, before it is made again."""

_PAUSE: Final = 0.05
"""Seconds before it is made again."""

_END_SECONDS: Final = 1.0
"""Seconds that the end waits for calls that are given up: two slices."""

_LOOK_SECONDS: Final = 0.1
"""How often it is looked meanwhile what the connection says, and whether the run is to end."""

PATIENCE: Final = 60.0
_LOOK_PATIENCE: Final = 10.0
"""Seconds after which the cluster counts as away: of a run, and of a mere look."""

_DEFAULTS: Final[Mapping[str, Setting]] = {
    "linger.ms": 5,
    # Where Java's clients put a key.
    "partitioner": "murmur2_random",
    # A broker that is back is to be seen soon.
    "reconnect.backoff.max.ms": 1000,
}
_ERRORS: Final = 100
"""Errors of the connection that are kept."""


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
        self._ahead: SentAhead | None = None
        self._threads = Threads()
        self._group: object = None
        self._partitions: int | None = None
        self._fresh = False

    def _patience(self) -> Patience:
        seconds = _LOOK_PATIENCE if self._look else PATIENCE
        return Patience(self._stopping, seconds, self._errors)

    def _queue_patience(self) -> QueuePatience:
        """While messages leave the client, or the answer to all of them is waited for."""
        assert self._producer is not None
        return QueuePatience(self._patience, self._producer)

    def open(self) -> None:
        """Looks at the topic, and ends what an earlier producer of the run has left open."""
        self._partitions = self._requests.partitions()
        if self._partitions is None and self._spec.create is None:
            raise OutputError(
                f"{self._spec.name} at {self._spec.settings['bootstrap.servers']} is not there: make it, or give "
                "create={…}"
            )
        self._requests.check_rights(made=self._partitions is not None)
        self._rows.prepare(look=self._look)
        if self._look:
            if self._partitions is None:
                self._create()
            return
        self._start_producer()
        self._group = self._requests.group_metadata()

    def _start_producer(self) -> None:
        """A new one: one that has lived through the death of a broker may wait for ever to commit an offset.

        (librdkafka 2.16: `send_offsets_to_transaction` returns neither at its timeout nor when the broker is back.)
        """
        self._errors.clear()
        self._producer = self._open_producer()
        self._blocking(self._producer.init_transactions)

    def _create(self) -> None:
        defaults = {"cleanup.policy": "compact"} if self._spec.mode == "current" else {}
        self._requests.create(self._spec.create or {}, defaults, look=self._look)

    def last(self) -> Delivered | None:
        found = self._requests.last()
        if found is None and self._partitions:
            extents = self._requests.extents(self._partitions)
            if any(low < high for low, high in extents.values()):
                return FORGOTTEN
        self._fresh = found is None or found.time < 0
        return found

    def begin(self, run: str) -> None:
        if self._partitions is None:
            self._create()
            self._partitions = self._requests.partitions()
        if self._fresh:
            # Before the first records: those of a transaction that dies stay in the log, though nobody reads them, and
            # without this it could not be told whether they count.
            self._transaction((), Delivered(run, -1))

    def send_ahead(self, epochs: Sequence[EpochChanges]) -> None:
        # By a producer's one thread at a time: whatever else needs it waits for the end of this.
        self._ahead = SentAhead(
            epochs, lambda: self._send(epochs), self._spec.settings, self._threads
        )

    def deliver(self, epochs: Sequence[EpochChanges], before: Delivered) -> None:
        self._transaction(epochs, before._replace(time=epochs[-1].time))

    def _transaction(self, epochs: Sequence[EpochChanges], delivered: Delivered) -> None:
        """Writes the changes, and up to where they go, both or nothing."""
        try:
            if not self._is_sent(epochs):
                self._send(epochs)
            self._commit(epoch_offset(self._spec.topic, delivered))
        except BaseException as error:
            self._abort()
            if isinstance(error, KafkaException):
                raise self._requests.raised(error) from error
            raise

    def _send(self, epochs: Sequence[EpochChanges]) -> None:
        """Opens a transaction, and writes the changes."""
        assert self._producer is not None
        self._producer.poll(0)
        if self._errors:
            self._start_producer()
        self._producer.begin_transaction()
        if epochs:
            self._write(epochs)

    def _is_sent(self, epochs: Sequence[EpochChanges]) -> bool:
        """Whether a transaction is open that holds these changes. Raises what sending them has raised."""
        if self._ahead is None:
            return False
        self._ahead.end(self._serve)
        ahead, self._ahead = self._ahead, None
        if ahead.holds(epochs):
            return True
        self._start_producer()  # It ends the transactions of the one before.
        return False

    def _commit(self, epoch: TopicPartition) -> None:
        assert self._producer is not None
        producer = self._producer
        self._blocking(
            lambda seconds: producer.send_offsets_to_transaction([epoch], self._group, seconds)
        )
        self._blocking(producer.commit_transaction)

    def _abort(self) -> None:
        """Readers of what is committed would wait for the end of a transaction; nobody waits for that of this one."""
        assert self._producer is not None
        producer, ahead = self._producer, self._ahead
        self._ahead = None
        threads, until = self._threads, time.monotonic() + LAST_SECONDS

        def abort() -> None:
            if ahead is not None:
                ahead.wait()
            producer.purge()
            while True:
                try:
                    return producer.abort_transaction(_SLICE)
                except KafkaException as error:
                    late = threads.ending() or time.monotonic() > until
                    if late or error.args[0].code() != KafkaError._TIMED_OUT:
                        raise

        threads.start(abort)

    def _write(self, epochs: Sequence[EpochChanges]) -> None:
        """The changes, within the transaction."""
        assert self._producer is not None
        spec = self._spec
        sender = Sender(
            self._producer,
            spec.topic,
            spec.settings.get(QUEUE),
            self._queue_patience,
            self._requests.heard,
        )
        self._rows.send(epochs, sender)

    def close(self) -> None:
        if self._producer is not None:
            if self._ahead is not None:
                self._abort()
            self._threads.end(_END_SECONDS)
            self._producer = None  # Not closed: that waits for brokers that are away.
        self._requests.close()

    def _open_producer(self) -> Producer:
        spec = self._spec
        forced: dict[str, Any] = {
            "transactional.id": spec.transactional_id,
            "error_cb": self._errors.append,
            "on_delivery": self._on_delivery,
            "delivery.report.only.error": True,
            "logger": client_log.logger(spec.settings),
        }
        try:
            return Producer({**_DEFAULTS, **spec.settings, **forced})
        except (KafkaException, ValueError, TypeError) as error:
            text = error.args[0].str() if isinstance(error, KafkaException) else str(error)
            raise ConfigurationError(
                scrub(f"rdkafka_settings: {with_hint(text)}", spec.settings)
            ) from None

    def _on_delivery(self, error: KafkaError | None, _message: object) -> None:
        if error is not None and error.code() != KafkaError._PURGE_QUEUE:
            self._errors.append(error)

    def _blocking(self, call: Callable[[float], object]) -> None:
        """Makes a call of transactions until it is done: after a timeout it goes on where it was.

        In a thread: where the connection is lost, some of them return long after their timeout. One that is given up
        ends by itself. Raises AwayError, OutputError.
        """
        given_up = self._queue_patience()
        while True:
            made = self._threads.start(lambda: call(_SLICE))
            while not made.done():
                wait([made], _LOOK_SECONDS)
                self._serve()
                if given_up() and not made.done():
                    raise AwayError(self._requests.heard())
            try:
                made.result()
            except KafkaException as error:
                code: KafkaError = error.args[0]
                passes = code.code() == KafkaError._TIMED_OUT or code.code() in SETTLING
                if not (passes and code.retriable()) or given_up():
                    raise self._requests.raised(error) from error
                time.sleep(_PAUSE)
            else:
                return

    def _serve(self) -> None:
        """Lets the callbacks collect errors. Raises OutputError if the connection is refused for good."""
        try:
            if self._producer is not None:
                self._producer.poll(0)
        except KafkaException as fatal:  # After one it gives nothing else.
            raise self._requests.raised(fatal) from fatal
        for error in tuple(self._errors):
            if is_final(error):
                raise self._requests.raised(KafkaException(error))
