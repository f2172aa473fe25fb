"""A user's program as a process of its own, watched by a test."""

import json
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tests.support.kafka.produce import Produce
from tests.support.process import ROOT, Process

EXAMPLES = ROOT / "examples"
JOBS = Path(__file__).parents[2] / "kafka" / "jobs"


class Program(Process):
    """Runs a Python file in a folder, beside a real broker."""

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Returns when the condition holds; fails if the program ends before, or time is up."""
        super().wait_until(condition, seconds)

    def interrupt(self, seconds: float = 10) -> None:
        """Ctrl-C, which reaches every process of the group; the program must end cleanly."""
        self.signal(signal.SIGINT, group=True)
        self.finish(seconds)


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


def run_in_parts(
    name: str,
    folder: Path,
    environment: Mapping[str, str],
    produce: Produce,
    parts: Iterable[Sequence[bytes | str]],
) -> None:
    """Sends each part of the messages to both partitions of the job's topic, and reads it in a run of its own."""
    for part in parts:
        for partition in (0, 1):
            produce(environment["JOB_TOPIC"], part[partition::2], partition)
        run_job(name, folder, environment)
