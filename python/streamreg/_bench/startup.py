"""Bench: how long an import takes in a fresh process, and a whole program that has nothing to do."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from streamreg._bench.broker import Broker
from streamreg._bench.contender import (
    STREAMREG,
    Job,
    WrongError,
    complaint,
    last_line,
    running,
)
from streamreg._bench.points import Tell
from streamreg._dataclass import dataclass

MODULES = ("streamreg", "numpy", "confluent_kafka")
_HEADERS = {"input.csv": "x,y,time,diff\n", "output.csv": "intercept,x,time,diff\n"}
_PROGRAM = """
import time
started = time.perf_counter()
import {module}
print(time.perf_counter() - started)
"""


@dataclass(frozen=True)
class Startup:
    """Median seconds."""

    imports: Mapping[str, float]
    """By module."""
    empty_run: float
    """Of a run of two processes over a topic without messages, from `sr.run()` to its end."""
    empty_program: float
    """Of the whole program with it: the interpreter, imports, and its end too."""


def startup(broker: Broker, rounds: int, tell: Tell) -> Startup:
    """Measures both.

    Raises:
        WrongError: if the program fails, or finds a row.
    """
    return Startup(imports(rounds, tell), *empty_run(broker, rounds, tell))


def empty_run(broker: Broker, rounds: int, tell: Tell) -> tuple[float, float]:
    """The median seconds of the run, and of its whole program; an unmeasured round warms the disk's cache.

    Raises:
        WrongError: if it fails, or finds a row.
    """
    runs, programs = [], []
    with broker.topic("empty") as topic:
        settings = {**broker.settings, **broker.reading}
        job = Job(settings=settings, topic=topic, format="json", rows=0, parallel=2)
        for number in range(rounds + 1):
            with TemporaryDirectory(prefix="streamreg-bench-") as name:
                folder = Path(name)
                began = time.perf_counter()
                with running(STREAMREG, job, folder) as process:
                    failed = process.wait()
                    seconds = time.perf_counter() - began
                if failed:
                    raise WrongError(f"an empty run has failed:\n{complaint(folder, job)}")
                written = {file: (folder / file).read_text() for file in _HEADERS}
                run_seconds = float(json.loads(last_line(folder))["seconds"])
            if written != _HEADERS:
                raise WrongError(f"an empty run has written {written}")
            if number:
                runs.append(run_seconds)
                programs.append(seconds)
    run, program = statistics.median(runs), statistics.median(programs)
    tell(f"an empty run of two processes: {run * 1000:.0f} ms, its program {program * 1000:.0f} ms")
    return run, program


def imports(rounds: int, tell: Tell) -> dict[str, float]:
    """The median seconds for each module; the processes take turns, and an unmeasured round warms the disk's cache."""
    found: dict[str, list[float]] = {module: [] for module in MODULES}
    for number in range(rounds + 1):
        for module, seconds in found.items():
            program = _PROGRAM.format(module=module)
            # -P: what lies in the current folder is not meant.
            done = subprocess.run(
                [sys.executable, "-P", "-c", program], check=True, capture_output=True, text=True
            )
            if number:
                seconds.append(float(done.stdout))
    middle = {module: statistics.median(seconds) for module, seconds in found.items()}
    for module, median in middle.items():
        tell(f"import {module}: {median * 1000:.0f} ms")
    return middle
