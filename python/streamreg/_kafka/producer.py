"""Sends messages to a topic for `generate` and `demo`: checked, bounded, every failure noticed."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streamreg._exceptions import ConfigurationError, SourceError, StreamregError
from streamreg._kafka.client import admin
from streamreg._kafka.client_names import with_hint
from streamreg._kafka.cluster_metadata import END_SECONDS, listed
from streamreg._kafka.in_thread import Threads
from streamreg._kafka.requests import AGAIN, TopicRequests, request_seconds, waited
from streamreg._kafka.settings import Setting
from streamreg._kafka.topics import Topics
from streamreg._plural import plural
from streamreg._secrets import scrub
from streamreg._source.messages import Headers

_log = logging.getLogger("streamreg.producer")
# librdkafka's own log: many lines for one cause, so it has a logger of its own, which can be muted.
_client_log = logging.getLogger("streamreg.librdkafka")

_LOOK_SECONDS = 0.02
_ASK_SECONDS = 0.2
"""Between a response that a topic is not there and the next request."""

_REACH_SECONDS = 10.0
_TIMES = 20
"""So many times as long as the first response took a message may take: a far broker takes its time for each request."""
_TIMEOUT_SECONDS = 30.0
_MOST_SECONDS = 300.0
# What may wait in the client: enough to keep it busy, and below its own limit (100,000), because
# a batch that only half fits would be sent out of order.
_WAITING = 50_000
_DEFAULTS: dict[str, object] = {
    # Retries of the client must neither double messages nor change their order.
    "enable.idempotence": True,
    "linger.ms": 5,
    # Five minutes, librdkafka's own, are too long to leave a person without an error.
    "message.timeout.ms": int(_TIMEOUT_SECONDS * 1000),
    # A callback for each of millions of messages would cost more than sending them.
    "delivery.report.only.error": True,
}
# These are permanent: waiting would only hide them.
_HOPELESS = frozenset(
    {KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError.TOPIC_AUTHORIZATION_FAILED}
)


class DeliveryError(StreamregError):
    """The topic cannot be reached, or did not take a message."""


class TopicWriter:
    """A producer for one topic."""

    def __init__(
        self,
        settings: Mapping[str, object],
        topic: str,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Connects, and waits until the topic responds.

        Args:
            settings: Client settings, raw librdkafka names; they override the ones made here.
            topic: Must be there, unless the broker makes topics on demand.
            pause: Waits for some seconds until the broker is looked at again; it may raise, if somebody has stopped it.
                The client's own functions are no place to wait: a signal's exception is lost there.

        Raises:
            ConfigurationError: If the client does not take a setting.
            DeliveryError: If no broker responds within ten seconds of the first error, or it refuses.
        """
        self._settings = dict(settings)
        self._topic = topic
        self._sent = 0
        self._failed = 0
        self._failure: str | None = None
        self._last_error: KafkaError | None = None
        self.partitions = 0
        """How many the topic has."""
        self._producer = self._open(_DEFAULTS)
        started = time.monotonic()
        self.partitions = self._reach(pause)
        self._patience = min(_TIMES * (time.monotonic() - started), _MOST_SECONDS)
        if self._patience > _TIMEOUT_SECONDS:
            self._producer.close()
            longer = {"message.timeout.ms": int(self._patience * 1000)}
            self._producer = self._open({**_DEFAULTS, **longer})

    def _open(self, defaults: Mapping[str, object]) -> Producer:
        client: dict[str, Any] = {**defaults, **self._settings}
        client |= {"error_cb": self._on_error, "on_delivery": self._on_delivery}
        try:
            return Producer(client, logger=_client_log)
        except (KafkaException, TypeError, ValueError) as error:
            raise ConfigurationError(
                self._clean(f"client settings: {with_hint(_text(error))}")
            ) from error

    def is_empty(self) -> bool:
        """Whether no partition of the topic has a message.

        Raises:
            DeliveryError: If the broker does not give the offsets.
        """
        troubles: list[str] = []
        given_up_at: list[float] = []

        def trouble(text: str) -> None:
            troubles.append(text)
            given_up_at.append(time.monotonic() + max(_REACH_SECONDS, self._patience))

        def given_up() -> bool:
            return bool(given_up_at) and time.monotonic() > given_up_at[0]

        requests = TopicRequests(
            cast(Mapping[str, Setting], self._settings), Topics((self._topic,)), set()
        )
        places = [(self._topic, partition) for partition in range(self.partitions)]
        with closing(requests):
            try:
                found = waited(requests.watermarks(places, trouble), given_up)
            except SourceError as error:
                found = None
                troubles.insert(0, str(error))
        if found is None:
            reason = troubles[0].removesuffix(AGAIN)
            raise DeliveryError(self._clean(f"cannot look into the topic: {reason}"))
        return all(watermarks.low == watermarks.high for watermarks in found.values())

    def send(self, partition: int, values: Sequence[bytes]) -> None:
        """Queues messages for one partition, in their order; waits while the client is full.

        Args:
            partition: One of `range(self.partitions)`.
            values: The messages.

        Raises:
            DeliveryError: If an earlier message was not delivered.
        """
        while len(self._producer) > _WAITING:
            self.wait(0.05)
        # The partition goes with the call: produce_batch overlooks the one that its documentation
        # lets each message have, and would scatter them (confluent-kafka 2.16.1).
        batch: list[dict[str, Any]] = [{"value": value} for value in values]
        while batch:
            self._sent += self._producer.produce_batch(self._topic, batch, partition=partition)
            batch = [message for message in batch if "_error" in message]
            for message in batch:
                # A client whose queue is smaller than usual was full: offered again, it takes them.
                refusal: KafkaError = message.pop("_error")
                if refusal.code() != KafkaError._QUEUE_FULL:
                    self._on_refusal(refusal, partition)
            self.wait(0.05 if batch else 0.0)

    def send_message(
        self, value: bytes, key: bytes | None, headers: Headers, partition: int | None
    ) -> None:
        """Queues one message; waits while the client is full.

        Args:
            value: What it holds.
            key: Its key, if it has one.
            headers: Its headers.
            partition: One of `range(self.partitions)`; None: the client chooses, by the key.

        Raises:
            DeliveryError: If an earlier message was not delivered, or this one is too large.
        """
        # -1: librdkafka's word for a partition that it is to choose.
        place = -1 if partition is None else partition
        while True:
            try:
                self._producer.produce(
                    self._topic, value, key=key, headers=list(headers), partition=place
                )
                break
            except BufferError:
                self.wait(0.05)
            except KafkaException as error:
                self._on_refusal(error.args[0], partition)
                self.wait(0.0)  # raises
        self._sent += 1
        self.wait(0.0)

    def wait(self, seconds: float) -> None:
        """Lets the client work, and notices what failed meanwhile.

        Args:
            seconds: The longest wait; it may return sooner.

        Raises:
            DeliveryError: If a message was not delivered.
        """
        self._producer.poll(seconds)
        if self._failure is not None:
            # Counted now, not at the failure: the messages after it may have arrived since.
            raise DeliveryError(
                f"{self._failure}; delivered: at least {plural(self._confirmed(), 'message')}"
            )

    def finish(self, seconds: float) -> int:
        """Waits until every message is delivered.

        Args:
            seconds: The longest wait without any of them being confirmed; of a far broker a longer one.

        Returns:
            How many messages the broker has confirmed.

        Raises:
            DeliveryError: If one was not delivered, or some are still unconfirmed.
        """
        seconds = max(seconds, self._patience)
        deadline, waiting = time.monotonic() + seconds, len(self._producer)
        while len(self._producer) and time.monotonic() < deadline:
            self._producer.flush(0.2)
            self.wait(0.0)
            if len(self._producer) < waiting:
                deadline, waiting = time.monotonic() + seconds, len(self._producer)
        if left := len(self._producer):
            raise DeliveryError(
                f"not confirmed by the broker: {left:,} of {plural(self._sent, 'message')}"
            )
        return self._sent

    def close(self) -> None:
        """Gives the client up; what was not confirmed is dropped."""
        self._producer.purge()
        self._producer.close()

    def _confirmed(self) -> int:
        # At least: the client's length counts its own waiting events along with the messages.
        return max(0, self._sent - self._failed - len(self._producer))

    def _reach(self, pause: Callable[[float], object]) -> int:
        threads = Threads()
        try:
            return self._reached(threads, pause)
        finally:
            threads.end(END_SECONDS)

    def _reached(self, threads: Threads, pause: Callable[[float], object]) -> int:
        # From the first error on: a broker that is merely far is waited for as long as the client waits.
        deadline = None
        asked = None
        ask_at = 0.0
        seconds = request_seconds(self._settings)
        # By a client of its own: the producer could not be closed meanwhile.
        settings = {"allow.auto.create.topics": True, **self._settings}
        client = admin(cast(Mapping[str, Setting], settings), self._on_error)
        problem = "no broker responds"
        while True:
            if asked is None and time.monotonic() >= ask_at:
                asked = threads.start(lambda: listed(client, (self._topic,), seconds, threads))
            pause(_LOOK_SECONDS)
            if asked is not None and asked.done():
                try:
                    found = asked.result().topics[self._topic]
                except KafkaException as error:
                    self._note(error.args[0])
                else:
                    if found.error is None and found.partitions:
                        return len(found.partitions)
                    problem = f"the topic {self._topic!r} is not there"
                    self._note(found.error)
                asked, ask_at = None, time.monotonic() + _ASK_SECONDS
            client.poll(0)
            self._producer.poll(0)
            cause = self._last_error
            if deadline is None and (cause is not None or asked is None):
                deadline = time.monotonic() + _REACH_SECONDS
            hopeless = cause is not None and (cause.code() in _HOPELESS or cause.fatal())
            if hopeless or (deadline is not None and time.monotonic() > deadline):
                reason = f": {cause.str()}" if cause is not None else ""
                servers = self._settings.get("bootstrap.servers")
                self.close()
                raise DeliveryError(
                    self._clean(f"{problem} at bootstrap.servers={servers}{reason}")
                )

    def _note(self, error: KafkaError | None) -> None:
        # The first hopeless error is the cause; those after it are its echo.
        if error is None or (self._last_error and self._last_error.code() in _HOPELESS):
            return
        # "All brokers down" and "timed out" are less specific than the errors before them.
        vague = error.code() in (KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT)
        if self._last_error is None or not vague:
            self._last_error = error

    def _on_error(self, error: KafkaError) -> None:
        self._note(error)
        if error.fatal() and self._failure is None:
            self._failure = self._clean(error.str())
        if error.code() == KafkaError._ALL_BROKERS_DOWN and self.partitions:
            cause = self._last_error or error
            _log.warning("no broker responds, still trying: %s", self._clean(cause.str()))

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed += 1
            self._on_refusal(error, message.partition())

    def _on_refusal(self, error: KafkaError, partition: int | None) -> None:
        if self._failure is None:
            cause = f" ({self._last_error.str()})" if self._last_error else ""
            place = self._topic if partition is None else f"{self._topic}[{partition}]"
            self._failure = self._clean(
                f"a message was not delivered to {place}: {error.str()}{cause}"
            )

    def _clean(self, text: str) -> str:
        return scrub(" ".join(text.split()), self._settings)


def _text(error: Exception) -> str:
    detail = error.args[0] if error.args else error
    return detail.str() if isinstance(detail, KafkaError) else str(error)
