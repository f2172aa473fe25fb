"""Workers that send nothing for long: what is logged of them, and what is no silence."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from streamreg._worker import worker
from streamreg._worker.mailbox import Frame, Mail, Turned
from streamreg._worker.partial import Partial
from streamreg._worker.silence import Silence

STARTED = {0: 0.0, 1: 0.0}
PIDS = {0: 70, 1: 71}


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "streamreg")


def listen(silence: Silence, first: int, last: int, *speaking: int) -> None:
    """A look every five seconds; these workers have something to say each time."""
    for now in range(first, last, 5):
        for index in speaking:
            silence.heard(index, now)
        silence.look(STARTED, PIDS, now)


def test_a_worker_that_sends_nothing_is_told_once_and_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not those beside it, nor before a minute has passed."""
    silence = Silence()
    listen(silence, 5, 20, 0, 1)
    listen(silence, 20, 80, 1)
    assert list(silence.since) == []
    listen(silence, 80, 200, 1)
    assert list(silence.since) == [0]
    listen(silence, 200, 300, 0, 1)
    assert list(silence.since) == []
    assert caplog.messages == [
        "worker 0, process 70, sends nothing, for 65 s: it hangs or was stopped, or one batch takes it so long",
        "worker 0 goes on, after 185 s",
    ]
    found = [getattr(record, "streamreg", {}) for record in caplog.records]
    assert found == [
        {"event": "away", "worker": 0, "process": 70, "seconds": 65},
        {"event": "recovery", "worker": 0, "seconds": 185},
    ]


@pytest.mark.parametrize("pause", [1000, 58])
def test_what_is_not_taken_is_no_silence(pause: int) -> None:
    """While the parent stands still, or waits for an output, it hears nobody."""
    silence = Silence()
    listen(silence, 5, 20, 0, 1)
    again = 15 + pause
    listen(silence, again, again + 60)
    assert list(silence.since) == []
    listen(silence, again + 60, again + 75)
    assert sorted(silence.since) == [0, 1]


def test_a_worker_that_died_is_not_silent(caplog: pytest.LogCaptureFixture) -> None:
    """Its successor has time to start."""
    silence = Silence()
    listen(silence, 5, 100, 1)
    assert list(silence.since) == [0]
    silence.look({1: 0.0}, PIDS, 100)
    silence.look({0: 100.0, 1: 0.0}, PIDS, 105)
    assert list(silence.since) == []
    assert len(caplog.messages) == 1


def test_a_worker_that_waits_for_messages_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every few seconds, and not beside the frames."""
    sent: list[Mail] = []
    waited = iter([Frame(0, Partial({}), {}), None, None, None, None])

    class Reading:
        def step(self, timeout: float) -> Frame | None:
            return next(waited)

    class Sending:
        sent_at = 0.0

        def send(self, mail: Mail) -> None:
            sent.append(mail)
            self.sent_at = clock[0]

    outbox = Sending()
    clock = [0.0]
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    for now in (0.0, 3.0, 6.0, 9.0, 12.0):
        clock[0] = now
        worker._step(Reading(), outbox)  # type: ignore[arg-type]  # what it asks of them
    assert [type(mail) for mail in sent] == [Frame, Turned, Turned]
