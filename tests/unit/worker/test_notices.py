"""What readers say of the connection: a run tells it, and some of it once."""

import pickle

import pytest

from streamreg._source.contract import ToldOnce, Trouble
from streamreg._worker import notices
from streamreg._worker.notices import Notices
from tests.support.clock import clock_of


def test_a_line_is_told_once_if_it_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many readers, in whatever processes, have it; other lines are told each time that they come anew."""
    clock = clock_of(monkeypatch, notices)
    tell = Notices()
    lines = [ToldOnce(f"handed over at offset {n}", "handed over at offset") for n in range(3)]
    for line in pickle.loads(pickle.dumps(lines)):
        tell(line)
        tell("away")
        clock.now += 60
    assert caplog.messages == ["handed over at offset 0", "away", "away", "away"]


def test_readers_that_meet_the_same_are_told_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that is away is so for each of them; each says so at the same moment, and that there was trouble."""
    clock = clock_of(monkeypatch, notices)
    tell = Notices()
    for _ in range(3):
        tell(Trouble("away"))
        tell("reads again")
        clock.now += 0.001
    assert caplog.messages == ["away", "reads again"]
    assert tell.troubled_at == pytest.approx(clock.now - 0.001)


def test_a_line_that_goes_on_coming_is_told_once_a_minute(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trouble that lasts is not forgotten in the log, and does not fill it."""
    clock = clock_of(monkeypatch, notices)
    tell = Notices()
    for _ in range(91):  # three minutes
        tell(Trouble("away"))
        clock.now += 2
    assert caplog.messages == ["away"] * 4
