"""Source, Kafka: the client (librdkafka), with the user's settings completed, and what its errors mean."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from streamreg._exceptions import ConfigurationError, SourceError
from streamreg._kafka.client_log import logger
from streamreg._kafka.client_names import with_hint
from streamreg._kafka.settings import OAUTH_CB, OURS, Setting
from streamreg._kafka.tokens import Tokens
from streamreg._secrets import scrub

FETCH: Mapping[str, Setting] = {
    # A bit that has flipped in the broker's log would be another number.
    "check.crcs": True,
    # A full queue is looked at again soon: the default of a second leaves a fast reader waiting.
    "fetch.queue.backoff.ms": 2,
}
# What a worker reads ahead bounds its memory, whatever the backlog. Both limits of the queue hold for all partitions
# together: `assign` forwards them to one queue, and librdkafka asks for its length (rd_kafka_toppar_fetch_decide).
# Small messages cost far more than their bytes, some 400 each. A response comes on top of the queue, whole and
# unpacked: so it is kept small, but not so small that the broker has more to do with requests than with messages.
_QUEUE_KBYTES = 16 * 1024
AHEAD = 30_000
"""Messages that one worker reads ahead."""
_FETCH_BYTES = 4 * 1024 * 1024
_FETCH_BYTES_OF_PARTITION = 512 * 1024
_LEAST_FETCH_BYTES = 1024 * 1024
_ENVELOPE_BYTES = 512
"""By which the client wants to receive more than it fetches."""

_SERVERS = ("bootstrap.servers", "metadata.broker.list")
"""Where the client connects to: without them it connects to nothing."""

_OF_CONSUMERS = ("group.id", *OURS, "auto.offset.reset", "transactional.id")
"""Settings of a consumer that runs or that the run itself makes, which an admin client warns of, and of a producer."""

_HINTS: Mapping[int, str] = {
    KafkaError._AUTHENTICATION: "check sasl.username, sasl.password and sasl.mechanism",
    KafkaError.SASL_AUTHENTICATION_FAILED: "check sasl.username, sasl.password and sasl.mechanism",
    KafkaError.UNSUPPORTED_SASL_MECHANISM: "check sasl.mechanism",
    KafkaError._SSL: "check ssl.ca.location and security.protocol; streamreg doctor says what is wrong with a "
    "certificate",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "the user needs the ACLs READ and DESCRIBE on the topic",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "create the topic, or check topic=",
    KafkaError.TOPIC_EXCEPTION: "check topic=",
    KafkaError._AUTO_OFFSET_RESET: "the log no longer holds that offset: it was deleted by the topic's "
    "retention (retention.ms, retention.bytes) before it was read",
    KafkaError.OFFSET_OUT_OF_RANGE: "the log no longer holds that offset",
    KafkaError._BAD_MSG: "these bytes are not those that were written: the log is damaged there, or the way to it. The "
    "run ends before them, and begins there when it is started again (check.crcs=false takes them as they are)",
    KafkaError._BAD_COMPRESSION: "a batch cannot be unpacked: it is damaged, or larger than receive.message.max.bytes "
    "when it is unpacked. The run ends before it: raise receive.message.max.bytes and start it again",
    KafkaError.MSG_SIZE_TOO_LARGE: "raise receive.message.max.bytes",
}
"""Permanent errors, which retrying does not solve, and what to do about each."""

_FINAL = frozenset(
    {
        KafkaError._INVALID_ARG,
        KafkaError._UNSUPPORTED_FEATURE,
        KafkaError.UNSUPPORTED_VERSION,
        KafkaError.INVALID_REQUEST,
    }
)
"""Other permanent errors: this broker does not support the request."""

_REPLACED = (
    "the log before the offset that is next was replaced (an unclean leader election, or a log restored from a copy): "
    "what was read is no longer what the topic holds. Start anew with an empty state and new files"
)

_PASSING: Mapping[int, str | None] = {
    KafkaError._TRANSPORT: "check bootstrap.servers and security.protocol",
    KafkaError._RESOLVE: "check bootstrap.servers",
    KafkaError._ALL_BROKERS_DOWN: "check bootstrap.servers",
    KafkaError._TIMED_OUT: "check bootstrap.servers",
    # A broker that has just started, or a partition on its way from one to another.
    **dict.fromkeys(
        (
            KafkaError.LEADER_NOT_AVAILABLE,
            KafkaError.NOT_LEADER_FOR_PARTITION,
            KafkaError.REPLICA_NOT_AVAILABLE,
            KafkaError.FENCED_LEADER_EPOCH,
            KafkaError.UNKNOWN_LEADER_EPOCH,
            KafkaError.OFFSET_NOT_AVAILABLE,
        )
    ),
}
"""Errors that may pass by themselves, and what to check if they do not."""


Made = TypeVar("Made", Consumer, AdminClient)


class UnknownTopicError(SourceError):
    """There is no topic of that name."""

    def __init__(self, text: str, topic: str = "") -> None:
        """Takes the text for people, and the topic that is missing."""
        super().__init__(text)
        self.topic = topic


def consumer(
    settings: Mapping[str, Setting],
    ahead: int,
    on_error: Callable[[KafkaError], None],
    log: logging.Handler | None = None,
    on_commit: Callable[[KafkaError | None, list[TopicPartition]], None] | None = None,
) -> Consumer:
    """A consumer that reads about so many messages ahead, and gives `log` its log lines on metadata.

    Raises:
        ConfigurationError: if librdkafka refuses a setting; its own words name it.
        SourceError: if the function of the program gives no token.
    """
    forced: dict[str, Any] = {"error_cb": on_error, "logger": logger(settings, log)}
    if on_commit is not None:
        forced["on_commit"] = on_commit
    if log is not None:
        forced["debug"] = ",".join(filter(None, [str(settings.get("debug", "")), "metadata"]))
    return _made(Consumer, {**of_readers(settings, ahead), **forced}, settings)


def of_readers(settings: Mapping[str, Setting], ahead: int = AHEAD) -> dict[str, Setting]:
    """The user's settings as a reader completes them."""
    return {
        # Consumers need one; partitions are assigned, so that no group is joined.
        "group.id": "streamreg",
        "queued.max.messages.kbytes": _QUEUE_KBYTES,
        "queued.min.messages": ahead,
        "fetch.max.bytes": _fetch_bytes(settings),
        "fetch.message.max.bytes": _FETCH_BYTES_OF_PARTITION,
        **FETCH,
        **settings,
        **OURS,
        "auto.offset.reset": "error",
    }


def check(settings: Mapping[str, Setting]) -> None:
    """Whether the client would read with these settings, whoever reads: its limits are checked when a consumer is made.

    Without servers it connects to nothing, and asks for no token.

    Raises:
        ConfigurationError: if not; its own words name the setting.
    """
    texts = {key: value for key, value in settings.items() if key != OAUTH_CB}
    _made(Consumer, {**unconnected(texts), "logger": logger({})}, texts).close()


def unconnected(settings: Mapping[str, Setting]) -> dict[str, Any]:
    """The settings of a reader that connects to nothing, for the client to say what it does not take."""
    return {key: value for key, value in of_readers(settings).items() if key not in _SERVERS}


def _fetch_bytes(settings: Mapping[str, Setting]) -> int:
    """How much a response may hold, where the user says nothing.

    So much less than the client may receive, and no less than it may send, or it refuses the setting.
    """
    try:
        most = int(str(settings.get("receive.message.max.bytes", 2 * _FETCH_BYTES)))
        sent = int(str(settings.get("message.max.bytes", _LEAST_FETCH_BYTES)))
    except ValueError:
        return _FETCH_BYTES  # The client says what is wrong with it.
    return max(min(_FETCH_BYTES, most - _ENVELOPE_BYTES), _LEAST_FETCH_BYTES, sent)


def admin(settings: Mapping[str, Setting], on_error: Callable[[KafkaError], None]) -> AdminClient:
    """An admin client with the same settings.

    Raises:
        ConfigurationError: if librdkafka refuses a setting; its own words name it.
    """
    own: dict[str, Any] = {
        key: value for key, value in settings.items() if key not in _OF_CONSUMERS
    }
    # A request must not create the topic that it is about.
    own.setdefault("allow.auto.create.topics", False)
    own |= {"error_cb": on_error, "logger": logger(settings)}
    return _made(AdminClient, own, settings)


def _made(
    kind: Callable[[dict[str, Any]], Made],
    complete: dict[str, Any],
    settings: Mapping[str, Setting],
) -> Made:
    """A client with these settings, which are complete; messages know those of the user."""
    tokens = Tokens.of(settings)
    try:
        return kind(complete if tokens is None else {**complete, OAUTH_CB: tokens})
    except KafkaException as error:
        missing = None if tokens is None else tokens.missing(error, settings)
        refused = f"rdkafka_settings: {with_hint(error.args[0].str())}"
        raise missing or ConfigurationError(scrub(refused, settings)) from None


def permanent(error: KafkaError) -> bool:
    """Whether an error is permanent: retrying does not solve it."""
    return error.code() in _HINTS or error.code() in _FINAL or error.fatal()


def truncated(error: KafkaError) -> bool:
    """Whether the client has found that the log was replaced (KIP-320): it has one code for all lost offsets."""
    return _TRUNCATION in error.str()


def too_large(error: KafkaError) -> bool:
    """Whether a response is larger than the client may receive: it would be asked for again for ever.

    The client says so with the code of damaged messages. What is no broker at all is found out before.
    """
    return _TOO_LARGE in error.str() and _ADVERTISED.search(error.str()) is not None


_TOO_LARGE = "Invalid response size"

_ADVERTISED = re.compile(r"(\S+:\d+)/\d+: ")
"""How the client names a broker that it knows from the cluster, with its number; others are /bootstrap."""

_TRUNCATION = KafkaError(KafkaError._LOG_TRUNCATION).str()


def source_error(
    error: KafkaError,
    topic: str,
    settings: Mapping[str, Setting],
    at: tuple[int | None, int | None] = (None, None),
) -> SourceError:
    """The error for people: one line that names topic, place, broker and setting, without secrets.

    `at` is the partition and the offset that it is about, as far as they are known.
    """
    hint = _HINTS.get(error.code()) or _PASSING.get(error.code())
    advertised = _ADVERTISED.search(error.str())
    if truncated(error):
        hint = _REPLACED
    elif too_large(error):
        hint = (
            "a batch of messages is larger: raise receive.message.max.bytes and start the run again"
        )
    elif hint and advertised and advertised[1] not in str(settings["bootstrap.servers"]):
        hint = (
            f"{hint}. The brokers themselves name the address {advertised[1]}: if it cannot be reached from here, "
            "change their advertised.listeners"
        )
    partition, offset = at
    place = "" if partition is None or partition < 0 else f", partition {partition}"
    if place and offset is not None and offset >= 0:
        place += f", offset {offset}"
    text = f"topic {topic!r}{place} at {settings['bootstrap.servers']}: {error.str()}"
    told = scrub(f"{text}: {hint}" if hint else text, settings)
    unknown = error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
    return UnknownTopicError(told, topic) if unknown else SourceError(told)
