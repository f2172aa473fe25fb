"""Doctor: the first request to a cluster, and the client's errors meanwhile."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import wait
from dataclasses import field

from confluent_kafka import KafkaError, KafkaException

from streamreg._dataclass import dataclass
from streamreg._kafka import client as kafka_client
from streamreg._kafka.cluster_metadata import END_SECONDS, Metadata, found
from streamreg._kafka.in_thread import Threads
from streamreg._kafka.requests import request_seconds
from streamreg._kafka.topics import Topics

REFUSALS = (
    KafkaError._AUTHENTICATION,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError._SSL,
)
"""Errors of a connection that end the asking: another attempt would fare no better."""


@dataclass
class Outcome:
    """The outcome of a metadata request."""

    metadata: Metadata | None = None
    errors: list[KafkaError] = field(default_factory=list)

    def error(self, *codes: int) -> KafkaError | None:
        """The first error of these kinds."""
        return next((error for error in self.errors if error.code() in codes), None)


def ask(settings: Mapping[str, str], topics: Topics, seconds: float, *, silent: bool) -> Outcome:
    """Asks until there is a response, a permanent refusal, or no time left.

    That is so many seconds after the first error; of a server that is `silent` to others, from the beginning.
    """
    outcome, threads = Outcome(), Threads()
    try:
        _ask(outcome, threads, settings, topics, seconds, silent=silent)
    finally:
        threads.end(END_SECONDS)
    return outcome


def _ask(
    outcome: Outcome,
    threads: Threads,
    settings: Mapping[str, str],
    topics: Topics,
    seconds: float,
    *,
    silent: bool,
) -> None:
    client = kafka_client.admin(settings, outcome.errors.append)
    longest = request_seconds(settings)
    deadline = time.monotonic() + seconds if silent else None
    while outcome.error(*REFUSALS) is None:
        asked = threads.start(lambda: found(client, topics, longest, threads))
        while not wait([asked], 0.1).done and outcome.error(*REFUSALS) is None:
            client.poll(0.0)  # serves the callback that collects the reasons
            if deadline is None and outcome.errors:
                deadline = time.monotonic() + seconds
            if deadline is not None and time.monotonic() > deadline:
                break
        if not asked.done():
            break
        try:
            outcome.metadata = asked.result()
            break
        except KafkaException as exception:
            outcome.errors.append(exception.args[0])
            client.poll(0.2)
        deadline = deadline or time.monotonic() + seconds
        if time.monotonic() > deadline:
            break
