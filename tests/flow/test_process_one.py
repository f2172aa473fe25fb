"""A run as process 1, as in a container: nobody else takes its signals, or what its workers leave."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import wait_until

PROGRAM = """
import os
import streamreg as sr

t = sr.demo.noisy_linear_stream(nb_rows=1_000_000, input_rate=50.0)
sr.io.csv.write(t.linear_regression(t.y, t.x), "fit.csv")
summary = sr.run(state="state", processes=1)
print(os.getpid(), summary.ended_by)
"""
ALONE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def may_be_first() -> bool:
    """Whether this process may start another as the first of its own."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_be_first(), reason="needs the right to make a namespace of processes")
def test_sigterm_ends_process_one(tmp_path: Path) -> None:
    """The kernel gives process 1 no signal that it does not ask for: SIGTERM closes the epoch and ends it cleanly."""
    (tmp_path / "program.py").write_text(PROGRAM)
    with subprocess.Popen(
        [*ALONE, sys.executable, "program.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as outer:
        fit = tmp_path / "fit.csv"
        wait_until(lambda: fit.exists() and fit.read_text().count("\n") > 2, 30)
        (first,) = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        os.kill(int(first), signal.SIGTERM)
        printed, _ = outer.communicate(timeout=30)
    assert outer.returncode == 0
    assert printed == "1 SIGTERM\n"
