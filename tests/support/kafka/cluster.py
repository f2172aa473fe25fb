"""A real cluster for the tests: one controller and three brokers, each a process of its own with a small heap."""

import atexit
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka.admin import AdminClient

from tests.support.kafka.listeners import HOST, broker_properties, controller_properties, free_ports
from tests.support.kafka.node import KafkaNode
from tests.support.kafka.topics import answers, cluster_id, create_topic

_READY_SECONDS = 120.0
_HEAP_MB = 192


class KafkaCluster:
    """Brokers 1, 2 and 3, without users.

    Attributes:
        plaintext: Settings for a client.
        read_by: Settings of all clients, which decide what reads; none: natively.
    """

    BROKERS = (1, 2, 3)

    def __init__(self, folder: Path) -> None:
        """Nothing runs before `start`."""
        self.folder = folder
        self.read_by: Mapping[str, str] = {}
        folder.mkdir(parents=True, exist_ok=True)
        controller, *self._ports = free_ports(1 + len(self.BROKERS))
        voters = f"100@{HOST}:{controller}"
        self._controller = self._node(
            "controller", controller_properties(100, controller, voters, self._data("controller"))
        )
        self._brokers = {
            number: self._node(
                f"broker-{number}",
                broker_properties(number, port, voters, self._data(f"broker-{number}")),
            )
            for number, port in zip(self.BROKERS, self._ports, strict=True)
        }
        atexit.register(self.close)

    @property
    def plaintext(self) -> dict[str, str]:
        servers = ",".join(f"{HOST}:{port}" for port in self._ports)
        return {"bootstrap.servers": servers, **self.read_by}

    def start(self) -> None:
        """Starts all of them, and returns when every broker is there."""
        cluster = cluster_id()
        for node in (self._controller, *self._brokers.values()):
            node.format(cluster)
            node.launch()
        self.wait()

    def wait(self) -> None:
        """Returns when every broker is there."""
        self._wait_for(len(self.BROKERS))

    def kill(self, broker: int) -> None:
        """Kills a broker (SIGKILL); its data stay."""
        self._brokers[broker].kill()

    def restart(self, broker: int) -> None:
        """Starts a broker again."""
        self._brokers[broker].launch()

    def create_topic(
        self,
        name: str,
        partitions: int = 1,
        replicas: int = 3,
        config: Mapping[str, str] | None = None,
    ) -> None:
        """Creates a topic and returns when every partition of it has a leader."""
        create_topic(self.plaintext, name, partitions, replicas=replicas, config=config)

    def in_sync(self, topic: str, partition: int = 0) -> tuple[int, set[int]]:
        """The leader of a partition (-1: none), and the replicas in sync."""
        found = AdminClient({**self.plaintext, "log_level": 0}).list_topics(topic, timeout=30)
        place = found.topics[topic].partitions[partition]
        return place.leader, set(place.isrs)

    def close(self) -> None:
        """Stops the cluster for good and removes its data; the logs stay."""
        for node in (*self._brokers.values(), self._controller):
            node.kill()
        for data in self.folder.glob("*-data"):
            shutil.rmtree(data, ignore_errors=True)
        atexit.unregister(self.close)

    def _node(self, name: str, properties: str) -> KafkaNode:
        path = self.folder / f"{name}.properties"
        path.write_text(properties)
        return KafkaNode(path, self.folder / f"{name}.log", _HEAP_MB)

    def _data(self, name: str) -> Path:
        return self.folder / f"{name}-data"

    def _wait_for(self, brokers: int) -> None:
        admin = AdminClient({**self.plaintext, "log_level": 0, "reconnect.backoff.max.ms": 200})
        deadline = time.monotonic() + _READY_SECONDS
        while not answers(admin, brokers):
            tails = "\n".join(node.log_tail(10) for node in self._brokers.values())
            assert time.monotonic() < deadline, f"the cluster does not answer\n{tails}"
