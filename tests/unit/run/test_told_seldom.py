"""Rejects and excluded rows come in any epoch: the first are told at once, the others together, once a minute."""

from __future__ import annotations

import logging
from collections import Counter

import pytest

from streamreg._epoch import seldom
from streamreg._epoch.epoch_rejects import EpochRejects
from streamreg._epoch.excluded_rows import ExcludedRows
from streamreg._epoch.seldom import PAUSE_SECONDS
from streamreg._rejects.reject import Reject
from streamreg._source.messages import Location
from streamreg.testing import ListSource
from tests.support.clock import Clock, clock_of
from tests.support.plans import input_of


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Clock:
    caplog.set_level(logging.INFO, "streamreg")
    return clock_of(monkeypatch, seldom)


def test_rejects(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """A day of them at four epochs a second is a line a minute; nothing is lost, and a new kind is told at once."""
    rejects = EpochRejects(input_of(ListSource([[]]), {"x": "float"}), None, Counter(), None)

    def epoch(offset: int, kind: str) -> None:
        rejects.keep([Reject(Location(0, offset, None), kind, None, "", b"1")])
        rejects.count()
        rejects.tell(any_row=True)

    for offset in range(1000):
        epoch(offset, "late")
        clock.now += 0.25
    epoch(1000, "null")
    rejects.tell(any_row=True, end=True)
    epoch(1001, "late")
    assert len(caplog.messages) == 6
    rejects.tell(any_row=True)
    clock.now += PAUSE_SECONDS
    rejects.tell(any_row=True)
    rejects.tell(any_row=True, end=True)
    assert caplog.messages == [
        "1 reject (late 1); the first at partition 0 offset 0: late",
        "240 more rejects (late 240); the first at partition 0 offset 1: late",
        "240 more rejects (late 240); the first at partition 0 offset 241: late",
        "240 more rejects (late 240); the first at partition 0 offset 481: late",
        "240 more rejects (late 240); the first at partition 0 offset 721: late",
        "40 more rejects (late 39, null 1); the first at partition 0 offset 961: late",
        "1 more reject (late 1); the first at partition 0 offset 1001: late",
    ]
    told: Counter[str] = Counter()
    for record in caplog.records:
        told.update(getattr(record, "streamreg", {})["rejects"])
    assert told == rejects.counts == {"late": 1001, "null": 1}


def test_rejects_of_an_epoch_that_is_open_meanwhile(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """What is told of closed epochs leaves those of the open one to be told, from their own first on."""
    rejects = EpochRejects(input_of(ListSource([[]]), {"x": "float"}), None, Counter(), None)
    for offset in (0, 1):
        rejects.keep([Reject(Location(0, offset, None), "late", None, "", b"1")])
        if offset == 0:
            rejects.count()
    rejects.keep([Reject(Location(0, 2, None), "late", None, "", b"1")])
    rejects.tell(any_row=True)
    rejects.count()
    rejects.tell(any_row=True, end=True)
    assert caplog.messages == [
        "1 reject (late 1); the first at partition 0 offset 0: late",
        "2 more rejects (late 2); the first at partition 0 offset 1: late",
    ]


def test_excluded_rows(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    """Likewise, with the epochs that they were in."""
    excluded = ExcludedRows(5, can_miss=True)
    for epoch in range(400):
        excluded.add(epoch, 5 + epoch // 2)
        excluded.tell()
        clock.now += 0.25
    excluded.tell(end=True)
    excluded.tell(end=True)
    text = "excluded from a sum or regression: a value is missing or not finite"
    assert caplog.messages == [
        f"epoch 2: 1 row {text}",
        f"epochs 4 to 242: 120 rows {text}",
        f"epochs 244 to 398: 78 rows {text}",
    ]
    assert {record.levelname for record in caplog.records} == {"INFO"}
    assert excluded.count == 5 + 199
