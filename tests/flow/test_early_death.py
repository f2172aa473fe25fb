"""A worker that dies before it has its task."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.kafka.siege import workers_of

MESSAGES = 100_000
PROGRAM = f"""\
import streamreg as sr
from streamreg.testing import read

class Numbered(sr.Schema):
    seq: int

# The messages are part of the task: a megabyte, far more than a pipe holds.
table = read([[b"%d" % seq for seq in range({MESSAGES})]], schema=Numbered, header=["seq"])
sr.io.csv.write(table.reduce(n=sr.reducers.count()), "count.csv")
sr.run(processes=1)
"""


def test_killed_before_it_has_read_its_task(tmp_path: Path) -> None:
    """The parent does not wait for it: a successor does the work. About two seconds."""
    deadline = time.monotonic() + 30
    with subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=tmp_path) as process:
        try:
            while not (workers := workers_of(process.pid)):
                assert process.poll() is None
                assert time.monotonic() < deadline
            os.kill(workers[0], signal.SIGKILL)
            assert process.wait(30) == 0
        finally:
            process.kill()
    *_, last = (tmp_path / "count.csv").read_text().splitlines()
    assert last == f"{MESSAGES},{MESSAGES // 1000 - 1},1"
