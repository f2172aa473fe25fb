"""A disk that is full: one clear line, nothing is lost, and the run goes on when there is room again.

The disk is a bound on the size of each file, which the system holds for every user, root too.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.support.changelog import inserted
from tests.support.process import ROOT, Process

ROWS = 3000
JOB = ROOT / "tests" / "support" / "full_disk_job.py"


def run(folder: Path, sink: str, most: int) -> tuple[int, str]:
    """The exit code, and the last thing that was said."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    given = {"PYTHONPATH": path, "ROWS": str(ROWS), "SINK": sink, "MOST_BYTES": str(most)}
    with Process(JOB, folder, given) as job:
        code = job.exit_code(60)
        return code, job.said


def rows_of(sink: str) -> list[float]:
    match sink:
        case "csv" | "state":
            return [float(x) for x, _ in inserted("rows.csv", "x", "y")]
        case "sqlite":
            with closing(sqlite3.connect("out.db")) as database:
                return [x for (x,) in database.execute("SELECT x FROM rows")]
        case _:
            found: list[float] = DeltaTable("lake").to_pyarrow_table()["x"].to_pylist()
            return found


@pytest.mark.parametrize(
    ("sink", "most", "words"),
    [
        ("csv", 40_000, "OutputError: rows.csv: File too large"),
        ("sqlite", 60_000, "OutputError: out.db:rows: disk I/O error (is the disk full?)"),
        ("delta", 900, "OutputError: lake: "),
        (
            "state",
            30_000,
            "StateError: state state: disk I/O error (is the disk full?): free some space there, and start again: the "
            "run goes on from its last epoch",
        ),
    ],
)
def test_a_full_disk(folder: Path, sink: str, most: int, words: str) -> None:
    """The run ends with one line that names what is full; with room it goes on, and all rows are there once."""
    code, said = run(folder, sink, most)
    assert code == 1, said
    *kept, line = said.splitlines()
    assert words in line
    # What a table has not taken is in the state.
    assert all("the next run of this state delivers them" in each for each in kept)
    code, said = run(folder, sink, 0)
    assert code == 0, said
    assert sorted(rows_of(sink)) == [float(x) for x in range(ROWS)]
