"""Windows that close leave nothing behind: a million in each behaviour, or as many as MANY_WINDOWS says."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.support.child import JOBS
from tests.support.process import ROOT, Process

MANY = int(os.environ.get("MANY_WINDOWS", 1_000_000))
MEBI = 1 << 20
MEMORY = 1.25
"""How many times the memory of a thousand windows those of all may take."""
STATE = 5 * MEBI
"""The log of the database is begun anew at four megabytes, after some ten thousand epochs; the rest are kilobytes."""

KINDS = {
    "tumbling": ("UPDATED", 1),
    "tumbling, once": ("FINAL", 1),
    "sliding, once": ("SLIDING FINAL", 2),
    "sessions, once": ("SESSION FINAL", 1),
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.timeout(100 + MANY // 1000)
@pytest.mark.parametrize("kind", KINDS)
def test_law_memory_and_state_are_bounded(folder: Path, kind: str) -> None:
    """Both are at the end where they were after a thousand windows, and each window has its row."""
    named, windows_a_row = KINDS[kind]
    # Sliding and sessions a tenth of it: they cost no less, and show the same.
    rows = MANY if windows_a_row == 1 and "SESSION" not in named else MANY // 10
    told = {**dict.fromkeys(named.split(), "1"), "WINDOWS": str(rows), "PYTHONPATH": str(ROOT)}
    with Process(JOBS / "many_windows.py", folder, told) as program:
        program.finish(90 + MANY // 1000)
        found = json.loads(program.said.splitlines()[-1])
    print(f"{kind}: {found}")
    assert found["rows"] == rows
    assert found["most"]["memory"] < MEMORY * found["first"]["memory"]
    assert found["most"]["state"] < found["first"]["state"] + STATE
    assert sum(path.stat().st_size for path in Path("state").iterdir()) < MEBI // 10
    with Path("fit.csv").open("rb") as lines:
        written = sum(1 for _ in lines) - 1
    if "FINAL" in named:
        # The last rows are still in open windows.
        assert windows_a_row * rows - 2 <= written <= windows_a_row * rows
    else:
        assert written == rows
