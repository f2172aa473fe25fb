"""Requests to the cluster: what is asked of a broker that is dead is asked again of another."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from streamreg._kafka import settings as kafka_settings
from streamreg._kafka.requests import TopicRequests, waited

ID = "SwznlIvURJWv44Rr98W-YA"


class Cluster:
    """A client of two brokers: it believes that the dead one is the controller until it looks twice."""

    def __init__(self, looks: int) -> None:
        self._looks = looks
        self.described = 0

    def list_topics(self, topic: str, timeout: float) -> SimpleNamespace:
        self._looks -= 1
        found = SimpleNamespace(error=None, partitions={0: None})
        return SimpleNamespace(topics={topic: found}, controller_id=1, brokers={1: None})

    def describe_topics(self, topics: object) -> dict[str, Future[Any]]:
        self.described += 1
        future: Future[Any] = Future()
        if self._looks <= 0:
            future.set_result(SimpleNamespace(topic_id=ID))
        return {"t": future}

    def poll(self, timeout: float) -> None:
        """There are no callbacks."""


@pytest.mark.timeout(60)
@pytest.mark.parametrize("looks", [1, 2, 3])
def test_a_request_to_a_dead_broker_is_made_again(
    monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    """Nobody waits for `socket.timeout.ms`: the cluster is looked at, and the request made beside the first."""
    cluster = Cluster(looks)
    monkeypatch.setattr(kafka_settings, "admin", lambda settings, on_error: cluster)
    said: list[str] = []
    found = waited(TopicRequests({}, "t").describe(said.append), lambda: False)
    assert found is not None
    assert found.id == ID
    assert cluster.described == looks
    assert said == []
