"""Shared by the tests of the whole flow: a folder, a number of processes, a broker without a server."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamreg._kafka.mock_broker import EmbeddedBroker


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
