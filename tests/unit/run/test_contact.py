"""Where logs end is known for a while; what is logged when nobody says it any more, and when it is said again."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from streamreg._run.contact import Contact
from streamreg._run.log_ends import LogEnds
from streamreg._source.contract import BELIEVED_SECONDS, Trouble
from streamreg._worker.notices import Notices

LATER = BELIEVED_SECONDS + 1


class Run:
    """A run with two partitions, one look a second."""

    def __init__(self) -> None:
        self.ends = LogEnds()
        self.contact = Contact("t", self.ends)
        self.troubled_at: float | None = None
        self.ends.learn({0: 5, 1: 7}, 0.0)

    def look(self, now: float) -> None:
        lag = 0 if len(self.ends.known(now)) == 2 else None
        self.contact.look((0, 1), lag, self.troubled_at, now)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    caplog.set_level(logging.INFO, "streamreg")
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.levelname} {record.getMessage()}")

    handler = Lines()
    logging.getLogger("streamreg").addHandler(handler)
    yield lines
    logging.getLogger("streamreg").removeHandler(handler)


def test_an_end_that_is_not_said_anew_is_not_known() -> None:
    """Of each partition by itself; what was said last stays, for whoever plans by it, and goes back nowhere."""
    ends = LogEnds()
    ends.learn({0: 5, 1: 7}, 0.0)
    ends.learn({1: 6}, LATER)
    assert ends.known(BELIEVED_SECONDS) == {0: 5, 1: 7}
    assert ends.known(LATER) == {1: 7}
    assert ends.last == {0: 5, 1: 7}


def test_a_silence_is_told_once_and_its_end(told: list[str]) -> None:
    """The end is when all partitions have said where they end."""
    run = Run()
    for now in range(1, 24):
        run.look(now)
    assert told == ["WARNING away: topic 't' does not respond, for 20 s: the lag is unknown"]
    run.ends.learn({0: 5}, 40)
    run.look(40)
    assert len(told) == 1
    run.ends.learn({1: 7}, 63)
    run.ends.learn({0: 5}, 63)
    run.look(63)
    run.look(64)
    assert told[1:] == ["WARNING recovery: topic 't' responds again, after 62 s: lag 0"]


@pytest.mark.parametrize("pause", [65, 20, 11])
def test_a_pause_of_the_run_is_no_silence(told: list[str], pause: int) -> None:
    """While nothing was asked nobody could respond; who then does not for as long is away."""
    run = Run()
    run.look(1)
    run.look(1 + pause)
    run.ends.learn({0: 5, 1: 7}, 2 + pause)
    run.look(2 + pause)
    again = 2 + 2 * pause
    run.look(again)
    run.look(again + 1)
    assert told == []
    for now in range(again + 2, again + int(LATER) + 2):
        run.look(now)
    assert told == ["WARNING away: topic 't' does not respond, for 20 s: the lag is unknown"]


def test_a_pause_amid_a_silence_does_not_end_it(told: list[str]) -> None:
    """It is told once, and its end with the whole of it."""
    run = Run()
    for now in (*range(1, 22), LATER + 65, LATER + 66):
        run.look(now)
    assert len(told) == 1
    assert list(run.contact.waits) == ["topic 't'"]
    run.ends.learn({0: 5, 1: 7}, LATER + 67)
    run.look(LATER + 67)
    assert told[1:] == ["WARNING recovery: topic 't' responds again, after 87 s: lag 0"]
    assert run.contact.waits == {}


def test_trouble_that_a_reader_tells_of_has_its_end_too(told: list[str]) -> None:
    """Though it was short; an end that was said before the trouble is no sign that it is over."""
    run = Run()
    run.troubled_at = 5.0
    run.look(6)
    assert told == []
    run.ends.learn({0: 5, 1: 7}, 8)
    run.look(8)
    run.look(9)
    assert told == ["WARNING recovery: topic 't' responds again, after 3 s: lag 0"]


def test_a_partition_that_is_new_is_no_silence(told: list[str]) -> None:
    """The lag is unknown until its end is known."""
    run = Run()
    run.contact.look((0, 1, 2), None, None, 1)
    run.ends.learn({2: 0}, 2)
    run.contact.look((0, 1, 2), 0, None, 2)
    assert told == []


def test_notices_know_trouble() -> None:
    """By what a reader calls so alone."""
    notices = Notices()
    notices("reading again")
    assert notices.troubled_at is None
    notices(Trouble("connection refused"))
    assert notices.troubled_at is not None
