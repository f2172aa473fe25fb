"""What tasks say of their connection is told once, although each batch opens readers anew."""

import logging

import pytest

from streamreg._source.contract import ToldOnce
from streamreg._spark import notices
from streamreg._spark.notices import Notices
from tests.support.clock import Clock, clock_of

DOWN = "topic 'points': no broker can be reached: check bootstrap.servers"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clock_of(monkeypatch, notices, 0.0)


def told(own: Notices, caplog: pytest.LogCaptureFixture, *texts: str) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.WARNING, "streamreg"):
        own.tell(texts)
    return [record.getMessage() for record in caplog.records]


def test_what_stands_in_the_log_is_told_once_in_a_run(
    now: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """By its reason, whatever the offset; another reason is told too."""
    own = Notices()

    def handed_over(offset: int, why: str) -> ToldOnce:
        return ToldOnce(f"read by the client: offset {offset}: {why}", why)

    first = [handed_over(7 + n, "a") for n in range(2)]
    assert told(own, caplog, *first) == first[:1]
    for offset in range(100):
        now.now += 60
        assert told(own, caplog, handed_over(offset, "a")) == []
    assert told(own, caplog, handed_over(8, "b")) == ["read by the client: offset 8: b"]


def test_trouble_that_lasts_is_told_once_and_anew_when_it_comes_back(
    now: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A batch without it, half a minute later, is its end."""
    own = Notices()
    assert told(own, caplog, DOWN) == [DOWN]
    for _ in range(10):
        now.now += 60
        assert told(own, caplog, DOWN) == []
    now.now += 20
    told(own, caplog)
    assert told(own, caplog, DOWN) == []
    now.now += 40
    told(own, caplog)
    assert told(own, caplog, DOWN) == [DOWN]


def test_seconds_that_grow_are_the_same_trouble(
    now: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """As those for which a broker sends nothing."""
    own = Notices()
    for seconds in (11, 13, 17):
        text = f"the broker sends nothing for {seconds} seconds"
        assert told(own, caplog, text) == ([text] if seconds == 11 else [])
