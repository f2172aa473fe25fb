"""The real broker and what tests do with it."""

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import apicurio
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.cluster import KafkaCluster
from tests.support.kafka.jars import missing_tools
from tests.support.kafka.produce import Produce, producer_for

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.kafka)


READERS: dict[str, dict[str, str]] = {
    "native": {},
    # A setting that the native reader does not know, and that changes nothing here: one replica is all there is.
    "client": {"client.rack": "here"},
}
"""What reads, and the settings that make it so."""


BY_BOTH = {
    "test_another_topic",
    "test_broker",
    "test_damage",
    "test_failover",
    "test_formats",
    "test_hostile",
    "test_replaced_log",
    "test_resilience",
    "test_several_topics",
    "test_transactions",
}
"""Modules about what a reader meets: the others run by one of them alone, unless `KAFKA_READERS` says more."""


def _usual(module: str) -> list[str]:
    return list(READERS) if module.rpartition(".")[2] in BY_BOTH else ["native"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of a broker runs with every reader that its module or `KAFKA_READERS` names, or the usual ones."""
    if {"broker", "cluster"} & set(metafunc.fixturenames):
        chosen = os.environ.get("KAFKA_READERS", "").split()
        readers = getattr(metafunc.module, "READERS", chosen or _usual(metafunc.module.__name__))
        metafunc.parametrize("reader", readers, indirect=True)


@pytest.fixture(autouse=True)
def reader(request: pytest.FixtureRequest) -> Iterator[None]:
    """Has the brokers' settings say what reads."""
    brokers = [
        request.getfixturevalue(name)
        for name in ("broker", "cluster")
        if name in request.fixturenames
    ]
    for each in brokers:
        each.read_by = READERS[request.param]
    yield
    for each in brokers:
        each.read_by = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing = missing_tools()
    if missing:
        terminalreporter.write_line(
            f"NO REAL BROKER: {', '.join(missing)} not found; the tests in tests/kafka did not run."
            " Install a JDK and Maven.",
            red=True,
            bold=True,
        )


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A running broker, shared by all tests; one that stops it starts it again."""
    missing = missing_tools()
    if missing:
        reason = f"a real broker needs {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"))
    try:
        broker.start()
        yield broker
    finally:
        broker.close()


_serial = itertools.count()


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    """A name that no other topic of this broker has; `broker.create_topic` makes the topic."""
    node: pytest.Item = request.node
    return f"{re.sub(r'[^a-zA-Z0-9]+', '-', node.name)[:100].strip('-')}-{next(_serial)}"


@pytest.fixture
def produce(broker: KafkaBroker) -> Produce:
    return producer_for(broker.plaintext)


@pytest.fixture(scope="session")
def whole_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """A running cluster of three brokers. A minute to start."""
    if missing_tools():
        pytest.skip("a real cluster needs Java and Maven")
    cluster = KafkaCluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()


@pytest.fixture
def cluster(whole_cluster: KafkaCluster) -> KafkaCluster:
    """The cluster, with all of its brokers there; a test that kills one starts it again."""
    whole_cluster.wait()
    return whole_cluster


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apicurio.Apicurio]:
    """A real registry, for all modules."""
    missing = apicurio.missing_tools()
    if missing:
        reason = f"a real registry needs {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    found = apicurio.Apicurio(tmp_path_factory.mktemp("apicurio"))
    yield found
    found.close()
