"""SIGINT and SIGTERM: the run ends within five seconds, with complete files."""

import signal
import time
from pathlib import Path

import pytest

from tests.support.child import Child, lives
from tests.support.kafka.siege import workers_of
from tests.support.numbered import count_sound

LONG = 100_000  # rows: more than are read while a test lasts
AT_GATE = 300.0
SECONDS = 5.0


def written(folder: Path) -> int:
    path = folder / "rows.csv"
    return path.stat().st_size if path.exists() else 0


@pytest.mark.parametrize(
    ("processes", "number", "group"),
    [
        (0, signal.SIGTERM, False),
        (1, signal.SIGINT, True),
        (3, signal.SIGINT, True),
        (3, signal.SIGINT, False),
        (3, signal.SIGTERM, True),
        (3, signal.SIGTERM, False),
    ],
)
def test_a_signal_ends_the_run(
    folder: Path, processes: int, number: signal.Signals, group: bool
) -> None:
    """To the parent alone or to the whole group: exit code 0, whole files, all workers gone."""
    with Child("slow", folder, STREAMREG_PROCESSES=processes, ROWS=LONG) as program:
        program.wait_until(lambda: written(folder) > 2000)
        began = time.monotonic()
        program.signal(number, group=group)
        program.finish(SECONDS)
        assert time.monotonic() - began < SECONDS
        assert f"ended by {number.name}" in program.said
        assert "Traceback" not in program.said
        assert not any(map(lives, program.named("worker")))
    assert count_sound(folder, 4) > 0


def test_a_ctrl_c_while_the_first_worker_starts(folder: Path) -> None:
    """It is not for the worker, which has not even got ready to ignore it: a clean end, and no traceback."""
    with Child("slow", folder, STREAMREG_PROCESSES=1, ROWS=LONG) as program:
        program.wait_until(lambda: bool(workers_of(program.pid)))
        program.signal(signal.SIGINT, group=True)
        program.finish(SECONDS)
        assert program.said == "ended by SIGINT\n"


def test_a_stuck_worker_does_not_hold_up_the_end(folder: Path) -> None:
    """One that does not come back from a function is killed; the others' rows are written."""
    with Child("gated", folder, STREAMREG_PROCESSES=3, GATE=AT_GATE) as program:
        program.wait_until(lambda: bool(program.named("gate")))
        program.signal(signal.SIGINT, group=True)
        program.finish(SECONDS)
        assert "ended by SIGINT" in program.said
        assert not any(map(lives, program.named("worker")))
    assert 0 < count_sound(folder, 3) < 600


def test_a_second_ctrl_c_does_not_wait(folder: Path, processes: int) -> None:
    """Whoever presses it twice is done at once, and files stay whole; no worker is left."""
    with Child("gated", folder, STREAMREG_PROCESSES=processes, GATE=AT_GATE) as program:
        program.wait_until(lambda: bool(program.named("gate")))
        began = time.monotonic()
        program.signal(signal.SIGINT, group=True)
        # Two that come together are one: the second is for a program that has seen the first.
        while program.running and time.monotonic() < began + SECONDS:
            time.sleep(0.2)
            program.signal(signal.SIGINT, group=True)
        assert program.exit_code(SECONDS) == -signal.SIGINT
        assert time.monotonic() - began < 2.5  # less than a worker is given to end
        assert "KeyboardInterrupt" in program.said
        assert not any(map(lives, program.named("worker")))
    assert count_sound(folder, 3) < 600
