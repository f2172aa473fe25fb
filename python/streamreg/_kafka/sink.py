"""Sink: a topic of Kafka, as a program describes it. What writes it: `sink_destination`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar

from streamreg._dataclass import dataclass
from streamreg._kafka.patience import Patience, never
from streamreg._kafka.sink_destination import PATIENCE, TopicDestination
from streamreg._kafka.sink_messages import MessageFormat, MessageRows, MessageValues, SentRows
from streamreg._kafka.sink_read_back import TopicReadBack
from streamreg._kafka.sink_requests import SinkRequests
from streamreg._sinks.delivered import DeliveredSpec

if TYPE_CHECKING:
    from streamreg._kafka.settings import Setting
    from streamreg._sinks.contract import ColumnSpec, Position, RunTerms


@dataclass(frozen=True, kw_only=True)
class Topic(DeliveredSpec):
    """A topic of Kafka."""

    settings: Mapping[str, Setting] = field(repr=False)
    topic: str
    format: MessageFormat = "json"
    message_key: tuple[str, ...] | None = None
    """The columns that the key of a message is made of; None: messages have no key."""

    create: Mapping[str, str | int] | None = None
    schema_registry: Mapping[str, Any] | None = field(default=None, repr=False)  # holds secrets
    """The settings of the registry's client, of the format "avro"."""

    subject: str | None = None
    """Where the schema is registered; None: the topic's name with `-value` behind it."""

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

    def rows(self, columns: Sequence[ColumnSpec]) -> SentRows:
        """How rows stand in its messages."""
        return self._message_rows(columns)

    def _message_rows(self, columns: Sequence[ColumnSpec]) -> MessageRows:
        return MessageRows(columns, self.mode, self.message_key, self.format, self._values(columns))

    def _values(self, columns: Sequence[ColumnSpec]) -> MessageValues | None:
        if self.schema_registry is None:
            return None
        # Late: it brings the libraries of an extra.
        from streamreg._kafka.sink_avro import AvroValues

        subject = self.subject or f"{self.topic}-value"
        return AvroValues(self.name, self.topic, columns, self.mode, self.schema_registry, subject)

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
            Patience(never, PATIENCE, ()),
        )
        return TopicReadBack(
            self.settings, self.topic, requests, self._message_rows(columns), self.mode, position
        )
