"""Windows of streams that rest: partitions without messages, and streams that have gone quiet."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as state
from tests.support.changelog import changes, rejects
from tests.support.fake_spark import FakeEngine
from tests.support.plans import csv_output
from tests.support.produce import send
from tests.support.windows import Event, line

COLUMNS = ("window_start", "window_end", "intercept", "x", "n")
LETTERS = Path("rejects.jsonl")
IDLE = 0.3
HOW = pytest.mark.parametrize(
    "how",
    [
        lambda: {"processes": 0},
        lambda: {"processes": 2},
        lambda: {"engine": FakeEngine(shards=3)},
        lambda: {"engine": FakeEngine()},
    ],
    ids=["inline", "workers", "shards", "engine"],
)
"""By which processes a run is; its windows may be in shards."""


class Timed(sr.Schema):
    at: int
    x: float
    y: float


def record(at: int) -> bytes:
    return f"{at},{at}.0,{at % 7}.5".encode()


def row(*times: int) -> tuple[str, ...]:
    """What the window of 10 that holds these rows gives."""
    start = times[0] // 10 * 10
    return (
        str(start),
        str(start + 10),
        *line([Event(t, float(t), t % 7 + 0.5, "") for t in times]),
    )


def program(broker: EmbeddedBroker, topic: str, behavior: sr.temporal.Behavior) -> list[sr.Output]:
    t = sr.io.kafka.read(
        broker.settings, topic, schema=Timed, header=["at", "x", "y"], autocommit_duration_ms=10
    )
    w = t.windowby(t.at, window=sr.temporal.tumbling(10), behavior=behavior)
    return [csv_output(w.linear_regression(t.y, t.x, statistics=["n"]), "fit.csv")]


def written() -> list[tuple[str, ...]]:
    return [change.row for change in changes("fit.csv", *COLUMNS)]


def until(met: Callable[[], bool]) -> Callable[[sr.Progress], bool]:
    """Ends a run when it has come to something; fails when it does not."""
    deadline = time.monotonic() + 60

    def stop(progress: sr.Progress) -> bool:
        assert time.monotonic() < deadline
        return progress.rows > 0 and met()

    return stop


@HOW
def test_a_quiet_stream_closes_its_windows(
    broker: EmbeddedBroker, topic: str, folder: Path, how: Callable[[], dict[str, object]]
) -> None:
    """All windows close, and stay closed: what comes for them after that is late, also after a restart."""
    behavior = sr.temporal.exactly_once_behavior(idle_timeout=IDLE)

    def run(met: Callable[[], bool]) -> None:
        sr.run(
            outputs=program(broker, topic, behavior),
            state="state",
            rejects=LETTERS,
            stop=until(met),
            **how(),  # type: ignore[arg-type]  # by which processes
        )

    send(broker, topic, {0: [record(1), record(3), record(12)], 1: [record(4)]})
    first = {row(1, 3, 4), row(12)}
    run(lambda: set(written()) == first)
    assert len(written()) == 2
    # Partition 2 has never had a message; 13 is of a window that is closed, 25 of a new one.
    send(broker, topic, {1: [record(13), record(25)], 0: [record(26)]})
    second = first | {row(25, 26)}
    run(lambda: set(written()) == second)
    assert len(written()) == 3
    assert [(r["reason"], r["partition"], r["offset"]) for r in rejects(LETTERS)] == [
        ("late", 1, 1)
    ]
    outputs = program(broker, topic, behavior)
    checks = verify(
        compile_plan(outputs), state(Path("state")), LETTERS, report=print, tell=lambda *_: None
    )
    assert [check for check in checks if check.difference] == []


@HOW
def test_within_one_run_rows_come_late(
    broker: EmbeddedBroker, topic: str, folder: Path, how: Callable[[], dict[str, object]]
) -> None:
    """A worker that reads on after its partition was passed over reads again, and rejects what is late."""
    behavior = sr.temporal.exactly_once_behavior(idle_timeout=IDLE)
    sent = False
    send(broker, topic, {0: [record(1), record(12)], 1: [record(4)]})

    def met() -> bool:
        nonlocal sent
        found = set(written())
        if not sent and found == {row(1, 4), row(12)}:
            sent = True
            send(
                broker, topic, {1: [record(5), record(31), record(33)], 0: [record(14), record(32)]}
            )
        return found == {row(1, 4), row(12), row(31, 33, 32)} or found == {
            row(1, 4),
            row(12),
            row(32, 31, 33),
        }

    sr.run(
        outputs=program(broker, topic, behavior),
        state="state",
        rejects=LETTERS,
        stop=until(met),
        **how(),  # type: ignore[arg-type]  # by which processes
    )
    late = {(r["reason"], r["partition"], r["offset"]) for r in rejects(LETTERS)}
    assert late == {("late", 0, 2), ("late", 1, 1)}
    checks = verify(
        compile_plan(program(broker, topic, behavior)),
        state(Path("state")),
        LETTERS,
        report=print,
        tell=lambda *_: None,
    )
    assert [check for check in checks if check.difference] == []


@HOW
def test_an_idle_partition_holds_nothing_up(
    broker: EmbeddedBroker, topic: str, folder: Path, how: Callable[[], dict[str, object]]
) -> None:
    """Partitions without messages count as having passed as far as the others, and no further."""
    behavior = sr.temporal.exactly_once_behavior(idle_timeout=IDLE)
    ahead = 0

    def met() -> bool:
        nonlocal ahead
        # Never quiet: another row comes as soon as the last window is written.
        found = len(written())
        if ahead <= found and ahead < 5:
            ahead += 1
            send(broker, topic, {0: [record(10 * ahead + 2)]})
        return found >= 4

    send(broker, topic, {0: [record(2)]})
    sr.run(
        outputs=program(broker, topic, behavior),
        state="state",
        stop=until(met),
        **how(),  # type: ignore[arg-type]  # by which processes
    )
    assert written()[:4] == [row(2), row(12), row(22), row(32)]


def test_without_a_timeout_it_waits(broker: EmbeddedBroker, topic: str, folder: Path) -> None:
    """An empty partition keeps windows open for as long as there is no timeout."""
    behavior = sr.temporal.exactly_once_behavior()
    send(broker, topic, {0: [record(1), record(12), record(500)], 1: [record(400)]})
    started = time.monotonic()
    sr.run(
        outputs=program(broker, topic, behavior),
        processes=0,
        stop=until(lambda: time.monotonic() > started + 3 * IDLE),
    )
    assert written() == []
