"""Commits of offsets, whatever the client answers and when: the newest stand at the end."""

from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streamreg._kafka import commits
from streamreg._kafka.commits import Commits
from tests.support.clock import Clock, clock_of

LOADING = KafkaError(KafkaError.COORDINATOR_LOAD_IN_PROGRESS)


class Client:
    """The part of a consumer that commits; results come when they are given, at the next poll."""

    def __init__(self) -> None:
        self.commits = Commits({"group.id": "g", "bootstrap.servers": "b"}, "t")
        self.sent: list[int] = []
        self.closed = False
        self.results: list[KafkaError | None] = []
        self.refusal: KafkaError | None = None

    def commit(self, *, offsets: Sequence[TopicPartition], asynchronous: bool) -> None:
        assert asynchronous
        if self.refusal is not None:
            raise KafkaException(self.refusal)
        self.sent.append(offsets[0].offset)

    def poll(self, seconds: float) -> None:
        if self.results:
            self.commits.on_commit(self.results.pop(0), [])

    def close(self) -> None:
        self.closed = True

    def wanted(self, offset: int) -> None:
        self.commits.commit(self._self, [TopicPartition("t", 0, offset)])

    def serve(self, *results: KafkaError | None) -> None:
        self.results += results
        self.commits.serve(self._self)

    def end(self, *results: KafkaError | None) -> None:
        self.results += results
        self.commits.close(self._self, 0.1)

    @property
    def _self(self) -> Any:  # noqa: ANN401  # it stands in the place of a consumer
        return self


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(monkeypatch, commits)


def test_a_commit_waits_for_the_one_before(client: Client) -> None:
    """The client may send again what failed: two under way could end in the order of their attempts."""
    for offset in (0, 3, 7):
        client.wanted(offset)
    assert client.sent == [0]
    client.serve()
    assert client.sent == [0]
    client.serve(None)
    assert client.sent == [0, 7]
    client.serve(None)
    assert client.sent == [0, 7]


def test_the_end_sends_what_waits(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A run that ends while its first commit is under way commits its last offsets too."""
    client.wanted(0)
    client.wanted(3)
    client.end(None, None)
    assert (client.sent, client.closed) == ([0, 3], True)
    assert not caplog.text


def test_what_failed_is_sent_again_later(client: Client, clock: Clock) -> None:
    """Two seconds later, and what is newest by then."""
    client.wanted(0)
    client.serve(LOADING)
    client.wanted(3)
    client.serve()
    assert client.sent == [0]
    clock.now += 2
    client.serve()
    assert client.sent == [0, 3]
    client.serve(LOADING)
    clock.now += 2
    client.serve()
    assert client.sent == [0, 3, 3]


def test_what_failed_is_tried_once_more_at_the_end(client: Client) -> None:
    """Without the pause, and only once: a group that takes no commits does not hold the end up."""
    client.wanted(3)
    client.serve(LOADING)
    client.end(LOADING)
    assert (client.sent, client.closed) == ([3, 3], True)


def test_the_end_sends_what_waits_where_the_one_before_fails(client: Client) -> None:
    """The newest offsets are tried, whatever became of older ones meanwhile."""
    client.wanted(0)
    client.wanted(3)
    client.end(LOADING, None)
    assert (client.sent, client.closed) == ([0, 3], True)


def test_failures_are_told_once_until_one_succeeds(
    client: Client, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Also those that the client raises at once."""
    client.refusal = KafkaError(KafkaError._STATE)
    for _ in range(3):
        client.wanted(3)
        clock.now += 2
    assert caplog.text.count("offsets not committed") == 1
    client.refusal = None
    client.serve()
    client.serve(None)
    assert client.sent == [3]
    client.refusal = KafkaError(KafkaError._STATE)
    client.wanted(4)
    assert caplog.text.count("offsets not committed") == 2


def test_an_end_that_waits_too_long_says_so(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """A commit without an answer does not hold the end up."""
    client.wanted(3)
    client.end()
    assert client.closed
    assert "the last offsets are not committed yet" in caplog.text
