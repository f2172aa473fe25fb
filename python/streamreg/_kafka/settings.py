"""Source, Kafka: the user's librdkafka settings, checked and completed, and what its errors mean."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal

from confluent_kafka import Consumer, KafkaError, KafkaException

from streamreg._exceptions import ConfigurationError, SourceError
from streamreg._kafka.setting_names import did_you_mean, with_hint
from streamreg._secrets import scrub

Setting = str | int | float | bool

_OURS: Mapping[str, Setting] = {
    # Offsets are committed after the checkpoint, by the parent: never behind its back.
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    # Tells a reader of a range with an end that the log holds no more before it (transaction markers).
    "enable.partition.eof": True,
}
FETCH: Mapping[str, Setting] = {
    # A full queue is looked at again soon: the default of a second leaves a fast reader waiting.
    "fetch.queue.backoff.ms": 2,
}
# What a worker reads ahead bounds its memory, whatever the backlog. Both limits of the queue hold for all partitions
# together: `assign` forwards them to one queue, and librdkafka asks for its length (rd_kafka_toppar_fetch_decide).
# Small messages cost far more than their bytes, some 400 each. A response comes on top of the queue, whole and
# unpacked: so it is kept small, at no price where the broker is near.
_QUEUE_KBYTES = 16 * 1024
AHEAD = 30_000
"""Messages that one worker reads ahead."""
_FETCH_BYTES = 1024 * 1024
_FETCH_BYTES_OF_PARTITION = 128 * 1024

_REFRESH_MS = 30_000

_HINTS: Mapping[int, str] = {
    KafkaError._AUTHENTICATION: "check sasl.username, sasl.password and sasl.mechanism",
    KafkaError.SASL_AUTHENTICATION_FAILED: "check sasl.username, sasl.password and sasl.mechanism",
    KafkaError.UNSUPPORTED_SASL_MECHANISM: "check sasl.mechanism",
    KafkaError._SSL: "check ssl.ca.location and security.protocol",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "the user needs the ACLs READ and DESCRIBE on the topic",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "create the topic, or check topic=",
    KafkaError.TOPIC_EXCEPTION: "check topic=",
    KafkaError._AUTO_OFFSET_RESET: "the log no longer holds that offset: it was deleted by the topic's "
    "retention (retention.ms, retention.bytes) before it was read",
    KafkaError.OFFSET_OUT_OF_RANGE: "the log no longer holds that offset",
}
"""Errors that retrying cannot mend, and what to do about each."""

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


def checked(settings: object) -> dict[str, Setting]:
    """The user's settings as they are, if they can be settings at all.

    Raises:
        ConfigurationError: naming the setting that is missing or has no usable value.
    """
    if not isinstance(settings, Mapping):
        raise ConfigurationError(
            f"rdkafka_settings: expected a mapping of librdkafka settings, found {type(settings).__name__}"
        )
    for key, value in settings.items():
        if not isinstance(key, str):
            raise ConfigurationError(f"rdkafka_settings: {key!r} is not the name of a setting")
        if not isinstance(value, str | int | float):
            raise ConfigurationError(
                f"rdkafka_settings: {key}: expected a string or a number, found "
                f"{type(value).__name__}"
            )
    if not str(settings.get("bootstrap.servers") or "").strip():
        near = [key for key in settings if did_you_mean(key, ["bootstrap.servers"])]
        raise ConfigurationError(
            "rdkafka_settings: bootstrap.servers is missing: give host:port of a broker"
            + (f" (found {near[0]}, which is no setting)" if near else "")
        )
    for key, value in _OURS.items():
        if key in settings and str(settings[key]).lower() != str(value).lower():
            raise ConfigurationError(
                f"rdkafka_settings: {key} must be {str(value).lower()}: leave it out "
                "(a run keeps its offsets with its results)"
            )
    begins(settings)
    refresh_seconds(settings)
    return dict(settings)


def begins(settings: Mapping[str, Setting]) -> Literal["earliest", "latest"]:
    """Where a run without a state begins: "earliest" or "latest".

    Raises:
        ConfigurationError: if auto.offset.reset has another value.
    """
    value = str(settings.get("auto.offset.reset", "earliest")).lower()
    if value in ("earliest", "smallest", "beginning"):
        return "earliest"
    if value in ("latest", "largest", "end"):
        return "latest"
    raise ConfigurationError(
        f"rdkafka_settings: auto.offset.reset: expected earliest or latest, found {value!r}"
    )


def refresh_seconds(settings: Mapping[str, Setting]) -> float | None:
    """How often to look for new partitions: as often as the user lets librdkafka look at the topic.

    Raises:
        ConfigurationError: if topic.metadata.refresh.interval.ms is no number.
    """
    value = settings.get("topic.metadata.refresh.interval.ms", _REFRESH_MS)
    try:
        milliseconds = int(value)
    except ValueError:
        raise ConfigurationError(
            "rdkafka_settings: topic.metadata.refresh.interval.ms: expected a number of milliseconds, "
            f"found {value!r}"
        ) from None
    return milliseconds / 1000 if milliseconds > 0 else None


def consumer(
    settings: Mapping[str, Setting], ahead: int, on_error: Callable[[KafkaError], None]
) -> Consumer:
    """A consumer that reads about so many messages ahead.

    Raises:
        ConfigurationError: if librdkafka refuses a setting; its own words name it.
    """
    defaults: dict[str, Any] = {
        # Consumers need one; partitions are assigned, so that no group is joined.
        "group.id": "streamreg",
        "queued.max.messages.kbytes": _QUEUE_KBYTES,
        "queued.min.messages": ahead,
        "fetch.max.bytes": _FETCH_BYTES,
        "fetch.message.max.bytes": _FETCH_BYTES_OF_PARTITION,
        **FETCH,
    }
    if "debug" not in settings and "log_level" not in settings:
        # What matters comes through `on_error`, once; the log repeats it at every attempt.
        defaults["logger"] = _silent
    forced = {**_OURS, "auto.offset.reset": "error", "error_cb": on_error}
    try:
        return Consumer({**defaults, **settings, **forced})
    except KafkaException as error:
        text = f"rdkafka_settings: {with_hint(error.args[0].str())}"
        raise ConfigurationError(scrub(text, settings)) from None


_silent = logging.getLogger("streamreg.librdkafka")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


def permanent(error: KafkaError) -> bool:
    """Whether retrying cannot mend this error."""
    return error.code() in _HINTS or error.fatal()


def passing(error: KafkaError) -> bool:
    """Whether the same request may succeed later."""
    return error.retriable() or error.code() in _PASSING


def source_error(error: KafkaError, topic: str, settings: Mapping[str, Setting]) -> SourceError:
    """The error for people: one line that names topic, broker and setting, without secrets."""
    hint = _HINTS.get(error.code()) or _PASSING.get(error.code())
    text = f"topic {topic!r} at {settings['bootstrap.servers']}: {error.str()}"
    return SourceError(scrub(f"{text}: {hint}" if hint else text, settings))
