"""The examples that need no broker run as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("notebook.py", "as if fitted to the last rows alone: True"),
        ("classification.py", "as if only the window had ever been seen: True"),
        ("anomalies.py", "every fault, and nothing else: True"),
        ("several_variables.py", "bit for bit the fit of all rows at once: True"),
        ("keys.py", "bit for bit the line through its readings: True"),
        ("decimals.py", "every coefficient as it was chosen: True"),
        ("open_state.py", "the last result of the changelog: True"),
        ("compacted_topic.py", "bit for bit the fit of the rows that stand: True"),
        ("windows.py", "late: 1"),
        ("last_rows.py", "the same from any order: True"),
        ("fading.py", "bit for bit the same from the last message to the first: True"),
    ],
)
def test_an_example_ends_with_its_promise(tmp_path: Path, name: str, line: str) -> None:
    """What the last line says is what the example is for."""
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == line
    assert not list(tmp_path.iterdir())
