"""Questions to a cluster whose brokers come and go, by a client that answers as the test says."""

import threading
import time
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streamreg._exceptions import SourceError
from streamreg._kafka import client as kafka_client
from streamreg._kafka import cluster_metadata, requests
from streamreg._kafka.requests import Steps, TopicRequests, waited
from streamreg._kafka.topics import Topics
from streamreg._source.contract import Watermarks

SETTINGS = {"bootstrap.servers": "broker:9092"}
PLACE = ("topic", 0)


def ignored(error: KafkaError) -> None:
    """Until somebody listens."""


class Client:
    """An admin client of a topic with one partition; what a test lets wait, waits until something is asked anew."""

    def __init__(self) -> None:
        self.leaders = iter([1])
        self.lists = 0
        self.answers_after = 0
        """Looks at the metadata after which a question to the controller is answered."""
        self.dead = {1: False}
        """Whether a leader is."""
        self.waiting: list[Future[Any]] = []
        self.errors: list[KafkaError] = []
        self._leader = 1
        self.offsets = 0
        self.on_error: Callable[[KafkaError], None] = ignored
        """Replaced by whoever makes the client."""

    def list_topics(self, topic: str, timeout: float) -> SimpleNamespace:
        self.lists += 1
        self._leader = next(self.leaders, self._leader)
        if self.lists > self.answers_after:
            for future in self.waiting:
                future.set_result(SimpleNamespace(topic_id="an id"))
            self.waiting.clear()
        found = SimpleNamespace(error=None, partitions={0: SimpleNamespace(leader=self._leader)})
        return SimpleNamespace(controller_id=1, brokers={1: None}, topics={topic: found})

    def describe_topics(self, topics: object) -> Mapping[str, Future[Any]]:
        future: Future[Any] = Future()
        self.waiting.append(future)
        if self.lists > self.answers_after:
            self.waiting.pop().set_result(SimpleNamespace(topic_id="an id"))
        return {"topic": future}

    def list_offsets(
        self, places: Mapping[TopicPartition, object], isolation_level: object
    ) -> Mapping[TopicPartition, Future[Any]]:
        self.offsets += 1
        [at] = places
        future: Future[Any] = Future()
        if not self.dead.get(self._leader, False):
            future.set_result(SimpleNamespace(offset=7))
        return {at: future}

    def poll(self, timeout: float) -> None:
        while self.errors:
            self.on_error(self.errors.pop())


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client()

    def admin(_: object, on_error: Callable[[KafkaError], None]) -> Client:
        made.on_error = on_error
        return made

    monkeypatch.setattr(kafka_client, "admin", admin)
    monkeypatch.setattr(cluster_metadata, "_REFRESH", 0.0)
    return made


def asked() -> TopicRequests:
    return TopicRequests(SETTINGS, Topics(("topic",)), set())


def result(steps: Steps[Any]) -> Any:  # noqa: ANN401  # of any request
    """None if it does not come within ten seconds."""
    deadline = time.monotonic() + 10
    return waited(steps, lambda: time.monotonic() > deadline)


def test_a_dead_controller_is_not_waited_for(client: Client) -> None:
    """The client goes on when it hears of another; it hears of it, for the metadata is asked for meanwhile."""
    client.answers_after = 3
    said: list[str] = []
    found = result(asked().describe(said.append))["topic"]
    assert (found.id, list(found.partitions)) == ("an id", [0])
    assert client.lists > 3


def test_a_dead_leader_is_not_waited_for(client: Client) -> None:
    """A question goes to the next leader as soon as there is one, though the first is still waited for."""
    client.dead[1] = True
    client.leaders = iter([1, 1, -1, -1, 2])
    client.dead[-1] = True
    said: list[str] = []
    topic = asked()
    assert result(topic.describe(said.append))["topic"].id == "an id"
    assert result(topic.watermarks([PLACE], said.append)) == {PLACE: Watermarks(7, 7)}


def test_a_leader_that_stays_is_asked_once(client: Client) -> None:
    """A far broker that takes its time is not asked again and again."""
    client.dead[1] = True
    said: list[str] = []
    topic = asked()
    assert result(topic.describe(said.append))["topic"].id == "an id"
    deadline = time.monotonic() + 1
    assert waited(topic.ends([PLACE], said.append), lambda: time.monotonic() > deadline) is None
    assert client.offsets == 1


def test_trouble_is_told_once_in_all_questions(client: Client) -> None:
    """However many are asked while a broker is away, there is one line; and one where none says why it takes long."""
    said: list[str] = []
    topic = asked()
    away = KafkaError(KafkaError._TRANSPORT, "broker:9092/1: Connection refused")
    for _ in range(3):
        client.answers_after = client.lists + 2
        client.errors.append(away)
        assert result(topic.describe(said.append))["topic"].id == "an id"
    assert len(said) == 1
    assert "Connection refused" in said[0]


def test_a_cluster_that_says_nothing_is_told_of(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for long without a word."""
    monkeypatch.setattr(requests, "_PATIENCE", 0.0)
    said: list[str] = []
    topic = asked()
    for _ in range(2):
        client.answers_after = client.lists + 3
        assert result(topic.describe(said.append))["topic"].id == "an id"
    assert len(said) == 1
    assert "takes long to respond" in said[0]


def test_a_refusal_is_the_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What retrying cannot mend is not waited for."""

    def refused(topic: str, timeout: float) -> SimpleNamespace:
        raise KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))

    monkeypatch.setattr(client, "list_topics", refused)
    with pytest.raises(SourceError, match="ACLs READ and DESCRIBE"):
        result(asked().describe(lambda text: None))


def refusing(monkeypatch: pytest.MonkeyPatch, client: Client) -> list[float]:
    """The client reaches no broker; returns for how many seconds it was to wait for one, each time."""
    pieces: list[float] = []

    def away(topic: str, timeout: float) -> SimpleNamespace:
        pieces.append(timeout)
        time.sleep(timeout)
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))

    monkeypatch.setattr(client, "list_topics", away)
    return pieces


def test_the_end_leaves_no_thread_and_no_client(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that still waits for a broker ends with whoever asks, and so does the client, though the error lives."""
    before = threading.active_count()
    pieces = refusing(monkeypatch, client)
    monkeypatch.setattr(cluster_metadata, "_PIECE", 0.05)
    held: list[weakref.ref[object]] = []

    class Held:
        """As the client, which the test holds itself."""

        def __init__(self) -> None:
            self.list_topics = client.list_topics
            held.append(weakref.ref(self))

        def poll(self, timeout: float) -> None:
            if len(pieces) > 2:
                client.on_error(KafkaError(KafkaError._SSL))

    def admin(_: object, on_error: Callable[[KafkaError], None]) -> Held:
        client.on_error = on_error
        return Held()

    monkeypatch.setattr(kafka_client, "admin", admin)
    topic = asked()
    with pytest.raises(SourceError, match=r"ssl\.ca\.location"):
        result(topic.describe(lambda text: None))
    assert threading.active_count() > before
    topic.close()
    assert threading.active_count() == before
    assert [one() for one in held] == [None]
    assert set(pieces) == {0.05}


def test_a_far_broker_is_asked_once_for_metadata(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look whose broker has the request and takes its time is made again once, and then waited for."""
    pieces: list[float] = []
    answer = client.list_topics

    def far(topic: str, timeout: float) -> SimpleNamespace:
        pieces.append(timeout)
        if timeout < 1:
            time.sleep(timeout)
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return answer(topic, timeout)

    monkeypatch.setattr(client, "list_topics", far)
    monkeypatch.setattr(cluster_metadata, "_PIECE", 0.05)
    assert result(asked().describe(lambda text: None))["topic"].id == "an id"
    assert pieces[0] == 0.05
    assert pieces[1] == pytest.approx(60.0, abs=5.0)
