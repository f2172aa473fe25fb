"""Source, Kafka: which topics a client reads. A name can be given to another topic, an id cannot (KIP-516).

The client fetches by the id of the topic, and takes a new one from the cluster's metadata when the old one is gone: it
reads on at the old offset, in another topic. It says so in its log alone (librdkafka 2.16, context `metadata`, function
`rd_kafka_topic_metadata_update`), on the same queue and before the first message of the new topic. So what is read
before that line is of the old topic, whatever the cluster does meanwhile; a question to some broker could not tell.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Final

from streamreg._exceptions import SourceError

NO_ID: Final = "A" * 22
"""What a broker before 2.8 gives: 16 bytes of zero."""


_CHANGE: Final = re.compile(r"Topic (\S+) changed id from \S+ to (\S+)")


class TopicIdWatch(logging.Handler):
    """Follows the client's log, and knows whether it still reads the same topics."""

    def __init__(self, expected: Mapping[str, str | None]) -> None:
        """`expected` are the ids of the topics; None: that of the first one."""
        super().__init__()
        self._expected = dict(expected)
        self._other: tuple[str, str, str] | None = None
        """A topic that is another one now, the id that it had, and the one that it has."""

    def emit(self, record: logging.LogRecord) -> None:
        """Notes the id that the client takes from now on."""
        found = _CHANGE.search(record.getMessage())
        if found is None or found[2] == NO_ID or found[1] not in self._expected:
            return
        expected = self._expected[found[1]]
        if expected is None:
            self._expected[found[1]] = found[2]
        elif found[2] != expected:
            self._other = found[1], expected, found[2]

    def check(self) -> None:
        """Raises SourceError if the client has turned to another topic."""
        if self._other is not None:
            raise another_topic(*self._other)


def check_topic_id(topic: str, expected: str | None, found: str | None) -> None:
    """Raises SourceError if both are known, and are not the same."""
    if expected is not None and found is not None and found != expected:
        raise another_topic(topic, expected, found)


def another_topic(topic: str, expected: str, found: str) -> SourceError:
    """The error for people."""
    return SourceError(
        f"topic {topic!r}: this is another topic of that name: what was read is of the topic with the id {expected}, "
        f"and this one has the id {found}: it was deleted and made again, or the cluster is another one. Nothing of "
        "it was read. Start anew with an empty state and new files, or go back to the cluster with the old topic"
    )
