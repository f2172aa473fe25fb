"""A user's program as a process of its own, watched by a test."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
JOBS = Path(__file__).parent / "jobs"


class Program:
    """Runs a Python file in a folder; leaving the `with` block ends it and its children."""

    def __init__(self, source: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self.source = source
        self._said = folder / f"{source.stem}.log"
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, str(source)],
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group, to be signalled as a terminal does
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def said(self) -> str:
        """What the program has printed."""
        return f"{self.source.name} said:\n{self._said.read_text(errors='replace')}"

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Returns when the condition holds; fails if the program ends before, or time is up."""
        deadline = time.monotonic() + seconds
        while not condition():
            ended = self._process.poll()
            assert ended is None, f"the program ended early ({ended}); {self.said}"
            assert time.monotonic() < deadline, f"still not so after {seconds} s; {self.said}"
            time.sleep(0.01)

    def interrupt(self, seconds: float = 10) -> None:
        """Ctrl-C, which reaches every process of the group; the program must end cleanly."""
        os.killpg(self._process.pid, signal.SIGINT)
        self.finish(seconds)

    def finish(self, seconds: float) -> None:
        """Returns when the program has ended without an error."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it runs after {seconds} s; {self.said}") from None
        assert code == 0, f"exit code {code}; {self.said}"


def run_job(name: str, folder: Path, environment: Mapping[str, str], seconds: float = 120) -> None:
    """Runs a file of `jobs/` to its end."""
    with Program(JOBS / f"{name}.py", folder, environment) as program:
        program.finish(seconds)


def job_environment(
    *,
    settings: Mapping[str, str],
    topic: str,
    format: str = "csv",
    mode: str = "static",
    autocommit_ms: int = 500,
    processes: int = 1,
) -> dict[str, str]:
    """What the files of `jobs/` want to know."""
    return {
        "JOB_SETTINGS": json.dumps({"group.id": topic, **settings}),
        "JOB_TOPIC": topic,
        "JOB_FORMAT": format,
        "JOB_MODE": mode,
        "JOB_AUTOCOMMIT_MS": str(autocommit_ms),
        "STREAMREG_PROCESSES": str(processes),
    }
