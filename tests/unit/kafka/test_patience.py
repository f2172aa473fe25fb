"""How long a cluster is waited for: a queue as long as it moves."""

from __future__ import annotations

import pytest

from streamreg._kafka import patience
from streamreg._kafka.patience import Patience, QueuePatience, never
from tests.support.clock import Clock, clock_of


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(monkeypatch, patience)


def test_a_queue_that_moves_is_waited_for_longer_than_any_patience(clock: Clock) -> None:
    queue = list(range(50))
    given_up = QueuePatience(lambda: Patience(never, 60.0, ()), queue)
    while queue:
        clock.now += 59.0
        queue.pop()
        assert not given_up()
    clock.now += 59.0
    assert not given_up()
    clock.now += 1.0
    assert given_up()


def test_a_queue_that_grows_alone_is_given_up(clock: Clock) -> None:
    queue = [0]
    given_up = QueuePatience(lambda: Patience(never, 60.0, ()), queue)
    clock.now += 30.0
    queue += [1, 2]
    assert not given_up()
    clock.now += 30.0
    assert given_up()


def test_a_run_that_is_to_end_waits_for_a_moment_after_each_progress(clock: Clock) -> None:
    queue = list(range(5))
    given_up = QueuePatience(lambda: Patience(lambda: True, 60.0, ()), queue)
    for _ in range(4):
        clock.now += 2.0
        queue.pop()
        assert not given_up()
    clock.now += patience.LAST_SECONDS
    assert given_up()


def test_a_lost_connection_is_given_up_soon_unless_something_moves(clock: Clock) -> None:
    queue = [0, 1]
    given_up = QueuePatience(lambda: Patience(never, 60.0, ["lost"]), queue)
    clock.now += 4.0
    queue.pop()
    assert not given_up()
    clock.now += 4.0
    assert not given_up()
    clock.now += 1.0
    assert given_up()
