"""Sink, Kafka: what its errors mean: the destination refuses for good, or is away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaError

from streamreg._exceptions import OutputError
from streamreg._secrets import scrub
from streamreg._sinks.contract import AwayError

if TYPE_CHECKING:
    from streamreg._kafka.settings import Setting

_PASSWORD: Final = "check sasl.username, sasl.password and sasl.mechanism"
_HINTS: Final[Mapping[int, str]] = {
    KafkaError._AUTHENTICATION: _PASSWORD,
    KafkaError.SASL_AUTHENTICATION_FAILED: _PASSWORD,
    KafkaError.UNSUPPORTED_SASL_MECHANISM: "check sasl.mechanism",
    KafkaError._SSL: "check ssl.ca.location and security.protocol",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "the user needs the ACLs READ, WRITE and DESCRIBE on the "
    "topic",
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "the user needs the ACLs WRITE and DESCRIBE on the transactional "
    "id {id!r}",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "the user needs the ACLs READ and DESCRIBE on the group {id!r}",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "the user may not make topics: make the topic without create=",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "make the topic, or give create={{…}}",
    KafkaError._UNKNOWN_TOPIC: "make the topic, or give create={{…}}",
    KafkaError.TOPIC_EXCEPTION: "check topic=",
    KafkaError.MSG_SIZE_TOO_LARGE: "a row is larger than the broker takes: raise max.message.bytes of the topic and "
    "message.max.bytes of the client",
    KafkaError.INVALID_TRANSACTION_TIMEOUT: "lower transaction.timeout.ms, or raise the brokers' "
    "transaction.max.timeout.ms",
    KafkaError.POLICY_VIOLATION: "the brokers have a rule against it",
    KafkaError.INVALID_CONFIG: "check create=",
    KafkaError.INVALID_PARTITIONS: "check num.partitions in create=",
    KafkaError.INVALID_REPLICATION_FACTOR: "check replication.factor in create=",
    KafkaError._INVALID_ARG: "check the settings",
    KafkaError._UNSUPPORTED_FEATURE: "the brokers are too old for transactions",
    KafkaError.UNSUPPORTED_VERSION: "the brokers are too old for transactions",
}
"""Errors that do not pass by themselves, and what to do about each."""

SETTLING: Final = (
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.UNSTABLE_OFFSET_COMMIT,
)
"""Errors of a coordinator that has just taken over, or ends a transaction: they pass in a moment."""

_FENCED: Final = (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.FENCED_INSTANCE_ID)


def is_final(error: KafkaError) -> bool:
    """Whether trying again does not help."""
    return error.code() in _HINTS or error.code() in _FENCED


def raised(
    error: KafkaError, name: str, settings: Mapping[str, Setting], transactional_id: str
) -> OutputError | AwayError:
    """The error for people: one line, without secrets, that says what to do if anything helps."""
    servers = settings["bootstrap.servers"]
    if error.code() in _FENCED:
        return OutputError(
            f"{name}: another run with the transactional id {transactional_id!r} has begun, so that this one ends: "
            "keep one of them, or give each a topic and a transactional.id of its own"
        )
    hint = _HINTS.get(error.code())
    if hint is None:
        return AwayError(scrub(f"{servers}: {error.str()}", settings))
    told = hint.format(id=transactional_id)
    return OutputError(scrub(f"{name} at {servers}: {error.str()}: {told}", settings))
