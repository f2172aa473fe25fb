"""Source, Kafka: which topic it is that a client reads. A name can be given to another topic, an id cannot (KIP-516).

The client fetches by the id of the topic, and takes a new one from the cluster's metadata when the old one is gone: it
reads on at the old offset, in another topic. It says so in its log alone (librdkafka 2.16, context `metadata`, function
`rd_kafka_topic_metadata_update`), on the same queue and before the first message of the new topic. So what is read
before that line is of the old topic, whatever the cluster does meanwhile; a question to some broker could not tell.
"""

from __future__ import annotations

import logging
import re
from typing import Final

from streamreg._exceptions import SourceError

NO_ID: Final = "A" * 22
"""What a broker before 2.8 gives: 16 bytes of zero."""


class TopicIdWatch(logging.Handler):
    """Follows the client's log, and knows whether it still reads the same topic."""

    def __init__(self, topic: str, expected: str | None) -> None:
        """`expected` is the id of the topic; None: that of the first one."""
        super().__init__()
        self._topic = topic
        self._expected = expected
        self._other: str | None = None
        self._change = re.compile(rf"Topic {re.escape(topic)} changed id from \S+ to (\S+)")

    def emit(self, record: logging.LogRecord) -> None:
        """Notes the id that the client takes from now on."""
        found = self._change.search(record.getMessage())
        if found is None or found[1] == NO_ID:
            return
        if self._expected is None:
            self._expected = found[1]
        elif found[1] != self._expected:
            self._other = found[1]

    def check(self) -> None:
        """Raises SourceError if the client has turned to another topic."""
        if self._expected is not None and self._other is not None:
            raise another_topic(self._topic, self._expected, self._other)


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
