"""Shared by the tests of the whole flow: a folder, a number of processes, a broker without a server."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.postgres import PostgresServer, binaries


@pytest.fixture(params=[0, 1, 3], ids=lambda number: f"processes={number}")
def processes(request: pytest.FixtureRequest) -> int:
    """The same flow inline, with one worker process, and with three."""
    number: int = request.param
    return number


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STREAMREG_PROCESSES", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def broker() -> Iterator[EmbeddedBroker]:
    """Speaks Kafka's protocol on a port of this machine; each of its topics has four partitions."""
    with EmbeddedBroker() as embedded:
        yield embedded


_serial = itertools.count()


@pytest.fixture
def topic(broker: EmbeddedBroker) -> str:
    """An empty topic."""
    name = f"topic-{next(_serial)}"
    broker.create_topic(name)
    return name


@pytest.fixture(scope="session")
def whole_server() -> Iterator[PostgresServer]:
    programs = binaries()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("a real server needs Debian's postgresql")
        pytest.skip("a real server needs Debian's postgresql")
    server = PostgresServer(programs)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def server(whole_server: PostgresServer) -> PostgresServer:
    """With an empty schema."""
    whole_server.do("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return whole_server
