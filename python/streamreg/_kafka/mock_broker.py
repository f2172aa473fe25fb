"""A Kafka broker without a server: librdkafka's mock cluster, inside this process.

For the demo and for tests. It speaks the real protocol on a port of 127.0.0.1, so consumers and
producers of other processes can use it too; it keeps its messages in memory, and has no accounts.
"""

from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException, Producer

from streamreg._exceptions import StreamregError


class EmbeddedBroker:
    """A broker that lives as long as the `with` block around it."""

    PARTITIONS = 4
    """Every topic has so many: librdkafka does not let it be chosen."""

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._host: Producer | None = None
        self.bootstrap_servers = ""
        """Where clients find it, once it runs: `127.0.0.1:port`."""

    def __enter__(self) -> Self:
        """Starts the broker.

        Raises:
            StreamregError: If it does not start within ten seconds.
        """
        self._host = Producer({"test.mock.num.brokers": 1, "log_level": 0})
        try:
            brokers = self._host.list_topics(timeout=10).brokers.values()
        except KafkaException as error:
            raise StreamregError(f"the embedded broker does not start: {error}") from error
        self.bootstrap_servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops the broker; its messages are gone."""
        if self._host is not None:
            self._host.close()
        # The cluster belongs to the client and goes with it.
        self._host = None

    @property
    def settings(self) -> dict[str, str | int | float]:
        """Client settings that lead here."""
        # The broker may well be stopped before its clients; that is nothing to log.
        return {
            "bootstrap.servers": self.bootstrap_servers,
            "log.connection.close": "false",
        }

    def create_topic(self, name: str) -> None:
        """Makes a topic; nothing happens if it is there.

        Args:
            name: Consumers do not make topics by asking for them, so this comes before them.

        Raises:
            StreamregError: If the broker does not run or does not respond.
        """
        if self._host is None:
            raise StreamregError("the embedded broker does not run")
        try:
            found = self._host.list_topics(name, timeout=10).topics[name]
        except KafkaException as error:
            raise StreamregError(f"the embedded broker does not respond: {error}") from error
        if found.error is not None:
            raise StreamregError(f"the embedded broker refuses the topic {name!r}: {found.error}")
