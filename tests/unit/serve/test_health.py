"""Health: alive while the loop turns, ready while it reads and knows how far it is behind."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from streamreg._serve.address import Listen
from streamreg._serve.app import app_of
from streamreg._serve.feed import Feed
from streamreg._serve.health import MOST_AGE
from streamreg._serve.snapshot import BOUNDS, DurationCounter, Snapshot
from tests.support.served import Answer, ask


def snapshot(**changes: object) -> Snapshot:
    found = Snapshot(
        phase="reading",
        turned_at=time.monotonic(),
        unix=time.time(),
        started_at=time.time() - 5,
        topic="t",
        offsets={0: 5, 1: 7},
        log_ends={0: 9, 1: 7},
    )
    return replace(found, **changes)  # type: ignore[arg-type]  # its own fields


def asked(path: str, found: Snapshot | None) -> Answer:
    feed = Feed()
    if found is not None:
        feed.take(found)
    return ask(app_of(feed, Listen("127.0.0.1", 1)), path)


@pytest.mark.parametrize(
    ("age", "status"), [(0, 200), (MOST_AGE - 5, 200), (MOST_AGE + 1, 503), (1e6, 503)]
)
def test_a_loop_that_does_not_turn_is_not_alive(age: float, status: int) -> None:
    """However it stands with reading."""
    answer = asked("/healthz", snapshot(turned_at=time.monotonic() - age))
    assert answer.status == status
    assert answer.json()["alive"] == (status == 200)
    assert answer.json()["seconds_since_last_turn"] == pytest.approx(age, abs=5)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"phase": "starting"}, 503),
        ({"log_ends": {0: 9}}, 503),
        ({"offsets": {}, "log_ends": {}}, 200),
        ({"turned_at": time.monotonic() - MOST_AGE - 1}, 503),
        ({"silent_workers": (1,)}, 503),
        ({"outputs": {"one": None, "other": None}}, 200),
        ({"outputs": {"one": None, "other": time.monotonic()}}, 503),
    ],
)
def test_ready_is_who_reads_and_knows_its_lag(changes: dict[str, object], status: int) -> None:
    """Of all partitions, and now: what a loop that stands still said last counts no longer."""
    assert asked("/readyz", snapshot(**changes)).status == status
    ready = f"streamreg_ready {float(status == 200)}"
    assert ready in asked("/metrics", snapshot(**changes)).body.decode().splitlines()


def test_an_output_that_is_waited_for_is_shown() -> None:
    """By name, and for how long, where a token is asked for; to probes only that there is one."""
    found = snapshot(outputs={"one": None, "other": time.monotonic() - 30})
    answer = asked("/readyz", found).json()
    assert answer == {"ready": False, "reading": False, "lag_known": True, "outputs_taken": False}
    assert asked("/v1/status", found).json()["waiting"] == {"other": pytest.approx(30, abs=5)}
    lines = asked("/metrics", found).body.decode().splitlines()
    gauges = [line for line in lines if line.startswith("streamreg_output_waiting_seconds{")]
    assert gauges[0] == 'streamreg_output_waiting_seconds{output="one"} 0.0'
    assert float(gauges[1].split()[1]) == pytest.approx(30, abs=5)


def test_nothing_is_known_before_the_first_word() -> None:
    """Neither alive nor ready, and no status."""
    for path in ("/healthz", "/readyz", "/v1/status"):
        assert asked(path, None).status == 503
    assert asked("/metrics", None).status == 200


def test_lags() -> None:
    """By partition, and together where all are known; a log that was cut is no negative lag."""
    found = snapshot(log_ends={0: 9, 1: 3})
    assert ([found.lag(0), found.lag(1)], found.total_lag) == ([4, 0], 4)
    assert snapshot(log_ends={}).total_lag is None


def test_durations_are_counted_in_their_classes() -> None:
    """A bound belongs to the class that it ends; the last class has none."""
    counter = DurationCounter()
    for seconds in (0.0, BOUNDS[0], BOUNDS[0] * 1.5, BOUNDS[-1], BOUNDS[-1] + 1):
        counter.add(seconds)
    found = counter.durations()
    assert found.counts[0] == 2
    assert found.counts[1] == 1
    assert found.counts[-2:] == (1, 1)
    assert sum(found.counts) == 5
    assert found.total == sum((0.0, BOUNDS[0], BOUNDS[0] * 1.5, BOUNDS[-1], BOUNDS[-1] + 1))
