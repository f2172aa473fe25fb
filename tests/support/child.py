"""The programs of `jobs/`, each as a process of its own."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from tests.support.process import ROOT, Process

JOBS = Path(__file__).parents[1] / "flow" / "jobs"


def lives(pid: int) -> bool:
    """Whether a process is there, and not dead with nobody who has asked for its exit code."""
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()[:1] not in ("", "Z")


class Child(Process):
    """Runs a file of `jobs/` in a folder; leaving the `with` block ends it and its children."""

    def __init__(self, job: str, folder: Path, **environment: object) -> None:
        path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        variables = {name: str(value) for name, value in environment.items()}
        super().__init__(
            JOBS / f"{job}.py", folder, {"PYTHONPATH": os.pathsep.join(path), **variables}
        )

    def named(self, name: str) -> set[int]:
        """The processes that have left a file `name.<pid>` in the folder."""
        return {int(path.suffix[1:]) for path in self.folder.glob(f"{name}.*")}


def killed_twice(job: str, table: Path, seed: int, **environment: object) -> None:
    """Runs a file of `jobs/` to its end, after it was killed twice, some time after it has written to `table`."""
    chance = random.Random(seed)

    def size() -> int:
        return table.stat().st_size if table.exists() else 0

    for _ in range(2):
        before = size()
        with Child(job, table.parent, **environment) as program:
            program.wait_until(lambda: size() > before)  # noqa: B023  # called here
            time.sleep(chance.uniform(0, 0.05))
            program.signal(signal.SIGKILL)
            assert program.exit_code() == -signal.SIGKILL
    with Child(job, table.parent, **environment) as program:
        program.finish()
