"""How long a task waits, and what is told where batches bring nothing."""

import logging

import pytest

from streamreg._spark import patience
from streamreg._spark.patience import PATIENCE, Patience, Wait
from tests.support.clock import Clock, clock_of


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(monkeypatch, patience)


def test_each_sign_of_a_message_is_waited_for_anew(clock: Clock) -> None:
    """Of one on its way, as of one that has come; the same sign is none a second time."""
    wait = Wait(5.0, 60.0)
    for signs in range(1, 10):
        clock.now += 4.0
        wait.heard(signs)
        assert not wait.over
    clock.now += 4.0
    wait.heard(9)
    wait.delivered()
    clock.now += 4.9
    wait.heard(9)
    assert not wait.over
    clock.now += 0.1
    assert wait.over


def test_signs_alone_are_not_waited_for_without_end(clock: Clock) -> None:
    """What connects again and again, and brings nothing, holds a batch up for as long as both readers may take."""
    wait = Wait(5.0, 60.0)
    for signs in range(30):
        clock.now += 4.0
        wait.heard(signs)
        assert wait.over == (clock.now >= 100.0 + 2 * 60.0)


def test_patience_doubles_while_nothing_comes(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Up to what the source may take, and is told of; it goes back with what comes."""
    own = Patience("points", 60.5)
    seen = []
    with caplog.at_level(logging.WARNING, "streamreg"):
        for _ in range(6):
            started, clock.now = clock.now, clock.now + own.seconds
            own.batch(started, 16000, came=False)
            seen.append(own.seconds)
    assert seen == [10.0, 20.0, 40.0, 60.5, 60.5, 60.5]
    first, *rest = (record.getMessage() for record in caplog.records)
    assert first == (
        "nothing was read of topic 'points' for 15 s, though 16000 messages and more wait there: tasks wait up to "
        "20 s for the next one now"
    )
    assert "for 75 s" in rest[0]
    for _ in range(5):
        own.batch(clock.now, 16000, came=True)
    assert own.seconds == PATIENCE


def test_one_batch_without_messages_is_not_told(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A broker that is elected anew is no trouble yet; and a source that sends at once is not waited for longer."""
    own = Patience("points", 0.0)
    with caplog.at_level(logging.WARNING, "streamreg"):
        for _ in range(3):
            own.batch(clock.now, 10, came=False)
            own.batch(clock.now, 10, came=True)
    assert own.seconds == PATIENCE
    assert caplog.records == []
