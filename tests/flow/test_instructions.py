"""Speed, as instructions for each row: what a change must not make much slower without being noticed.

Not seconds: on a busy machine they say nothing. Not the counters of the processor: most machines that run tests are
virtual and have none. Valgrind counts what a program executes, needs no rights, and comes to the same on a quiet and
on a busy machine. It sees neither caches nor waiting; those are for `make bench`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

JOB = Path(__file__).parent / "jobs" / "counted.py"
MORE_ROWS = 40_000
# Half as many again as there were when this was written: compilers, interpreters and their libraries differ.
MOST = {
    "csv, both files": 5200,
    "csv, results only": 3500,
    "json, both files": 6500,
    "moments of a line": 185,
    "moments of ten features": 2200,
}
MOST_OF_IMPORT = 360_000_000


@pytest.fixture(scope="module")
def sections(tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """The instructions between the marks, and after the last."""
    if shutil.which("valgrind") is None:
        pytest.skip("valgrind is not installed: instructions cannot be counted")
    folder = tmp_path_factory.mktemp("counted")
    subprocess.run(
        [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={folder}/counted",
            "--dump-before=getppid",
            sys.executable,
            str(JOB),
        ],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    parts = sorted(folder.glob("counted.*"), key=lambda path: int(path.suffix[1:]))
    found = [re.search(r"^summary: (\d+)$", path.read_text(), re.MULTILINE) for path in parts]
    return [int(total[1]) for total in found if total is not None]


def test_import_is_not_slow(sections: list[int]) -> None:
    """Importing the package takes few instructions."""
    assert sections[1] <= MOST_OF_IMPORT


@pytest.mark.parametrize("what", MOST)
def test_rows_are_not_slow(sections: list[int], what: str) -> None:
    """One row more takes few instructions, from the message in memory to the row in the file."""
    # Three runs of each, and each with what prepares it before: prepared, counted.
    first = 2 + 6 * list(MOST).index(what)
    few, many = sections[first + 3], sections[first + 5]
    assert (many - few) / MORE_ROWS <= MOST[what]
