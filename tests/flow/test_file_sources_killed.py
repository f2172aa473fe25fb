"""Runs over files that are killed: every record counts once, by file and byte."""

import random
import signal
import threading
from pathlib import Path

import pytest

from tests.support.child import Child
from tests.support.followed_files import put, texts
from tests.support.numbered import count_sound

ROWS = 300


@pytest.mark.parametrize(
    "step",
    [
        "before the first checkpoint",
        "a piece was read",
        "within the transaction",
        "before the commit record",
        "after the commit",
    ],
)
def test_killed_at_each_step(folder: Path, step: str) -> None:
    """At whatever step it dies, the next run goes on from the last checkpoint."""
    put(folder, texts(ROWS, 3))
    environment = {"STREAMREG_PROCESSES": 0, "ROWS": ROWS, "PIECE": 300}
    with Child(
        "files",
        folder,
        STEP=step,
        COUNT=1 if step.startswith("before the first") else 4,
        **environment,
    ) as program:
        assert program.exit_code() == -signal.SIGKILL, program.said
    with Child("files", folder, **environment) as program:
        program.finish()
    assert count_sound(folder, 3) == ROWS


@pytest.mark.parametrize("processes", [0, 2])
def test_killed_at_any_moment_while_files_grow(folder: Path, processes: int) -> None:
    """Files grow by pieces that end anywhere, some come while it runs: each row once, and the exact result."""
    chance = random.Random(processes)
    rows = 3 * ROWS
    contents = texts(rows, 3)
    put(folder, [b"", b""])
    stopped = threading.Event()
    killed = 0

    def write() -> None:
        files = [(folder / f"{at}.csv").open("ab", buffering=0) for at in range(3)]
        at = [0] * 3
        while any(at[p] < len(contents[p]) for p in range(3)) and not stopped.is_set():
            stopped.wait(0.001)
            p = chance.randrange(3)
            # No run comes to the end before all have been killed.
            size = min(chance.randint(1, 40), (killed + 1) * len(contents[p]) // 4 - at[p])
            files[p].write(contents[p][at[p] : at[p] + size])
            at[p] += size
        for file in files:
            file.close()

    environment = {"STREAMREG_PROCESSES": processes, "ROWS": rows, "MODE": "streaming"}
    writer = threading.Thread(target=write)
    writer.start()
    try:
        output = folder / "rows.csv"
        for _ in range(3):
            before = output.stat().st_size if output.exists() else 0
            with Child("files", folder, **environment) as program:
                # It must come further than the last one did, or nothing is tried.
                program.wait_until(
                    lambda: output.exists() and output.stat().st_size > before  # noqa: B023  # called here
                )
                program.signal(signal.SIGKILL)
                assert program.exit_code() == -signal.SIGKILL
            killed += 1
        with Child("files", folder, **environment) as program:
            program.finish(60)
    finally:
        stopped.set()
        writer.join()
    assert count_sound(folder, 3) == rows
