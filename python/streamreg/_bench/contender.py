"""Bench: a contender is a program of its own, in a folder of its own, given a `Job` on its standard input.

The programs lie in `jobs`, which is no package: each is run by its path, and those of peers import nothing of
streamreg, so that they also run in an environment without it. A program writes `input.csv` and `output.csv` as the
tutorial's program does, and prints what it found as its last line.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Literal

from streamreg._bench.broker import PARTITIONS
from streamreg._bench.memory import shared_out
from streamreg._bench.points import ResultValue, Settings
from streamreg._bench.timed_points import Windowing, WindowValues
from streamreg._dataclass import dataclass
from streamreg._demo.points import FORMATS, Format
from streamreg._exceptions import StreamregError
from streamreg._plural import plural
from streamreg._secrets import scrub

Reader = Literal["auto", "client"]
_JOBS = Path(__file__).with_name("jobs")
INPUT = "input.csv"
_OUTPUT = "output.csv"
_SAMPLE_SECONDS = 0.1
_LEAST_REST = 30
"""Times what looking took: it takes a processor from those who are measured."""
# What takes longer hangs: the slowest contender reads 40,000 rows a second.
_LEAST_SECONDS = 120.0
_LEAST_RATE = 10_000


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a contender is to do."""

    settings: Settings
    topic: str
    partitions: int = PARTITIONS
    format: Format
    rows: int
    parallel: int
    """Processes or threads that read."""
    autocommit_ms: int = 1000
    static: bool = True
    """Whether it ends at the end of the topic; otherwise it runs until it is interrupted."""
    changelog: bool = True
    """Whether `input.csv` is written."""
    collector: bool = True
    """Whether the bare client leaves Python's garbage collector on; without it, it has all the room it can use."""
    reader: Reader = "auto"
    """Who reads for streamreg."""
    windowing: Windowing | None = None
    """The windows over times, where rows have them; None: of all times, by sensor."""
    listen: str | None = None
    """Where streamreg serves what it does, as "host:port"; None: nowhere."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A program to be measured."""

    name: str
    program: str
    """Its file among the jobs."""
    python: str = sys.executable
    needs: str | None = None
    """The package that it shows."""
    formats: tuple[Format, ...] = FORMATS
    parallel: tuple[int, ...] = (1, 2)
    results: bool = True
    """Whether it solves anything: the bare client does not."""
    exact: bool = False
    """Whether its result must be right to the last bit."""
    changelog: bool = True
    """Whether it writes the changelog of the input."""
    collector: bool = True
    """See `Job`."""
    reader: Reader = "auto"
    """See `Job`."""
    windowing: Windowing | None = None
    """See `Job`."""
    listen: str | None = None
    """See `Job`."""

    def version(self) -> str | None:
        """That of the package it shows, where it would run; None if it is not installed there."""
        asks = f"import importlib.metadata as m; print(m.version({self.needs!r}))"
        done = subprocess.run(
            [self.python, "-c", asks], capture_output=True, text=True, check=False
        )
        return None if done.returncode else done.stdout.strip()


RAW = Contender(name="raw client", program="raw_job", results=False)
SPARED = replace(RAW, name="raw client, roomy", collector=False)
WRITING = Contender(name="raw client", program="raw_rows_job", results=False)
STREAMREG = Contender(name="streamreg", program="streamreg_job", exact=True)
RESULTS = replace(STREAMREG, name="streamreg, results only", changelog=False)
PATHWAY = Contender(name="Pathway", program="pathway_job", needs="pathway", formats=("json",))
QUIX = Contender(
    name="Quix Streams", program="quix_job", needs="quixstreams", formats=("json",), parallel=(1,)
)
BYTEWAX = Contender(
    name="Bytewax", program="bytewax_job", needs="bytewax", formats=("json",), parallel=(1,)
)
PEERS = (PATHWAY, QUIX, BYTEWAX)


@dataclass(frozen=True)
class Measured:
    """The measurements of one run."""

    whole: float
    """Rows a second, from the start of reading processes to the end of the last."""
    steady: float | None
    """The same without the start: from the first rows on; None where the contender does not report it."""
    memory: int | None
    """The most bytes that all its processes held at a time, shared pages once, looked at ten times a second at most."""
    processor: float | None = None
    """Seconds of the processor that all its processes took for the run; None where the contender does not report it."""


Wanted = ResultValue | WindowValues
"""What a contender must come to."""


class WrongError(StreamregError):
    """A contender failed, or its result is wrong."""


def measure(contender: Contender, job: Job, wanted: Wanted) -> Measured:
    """Runs a contender on a topic to its end, and checks what it wrote.

    Raises:
        WrongError: If it failed, or its files are not what they must be.
    """
    job = replace(
        job,
        changelog=contender.changelog,
        collector=contender.collector,
        reader=contender.reader,
        windowing=contender.windowing,
        listen=contender.listen,
    )
    with TemporaryDirectory(prefix="streamreg-bench-") as name:
        folder = Path(name)
        memory = 0
        with running(contender, job, folder) as process:
            limit = _LEAST_SECONDS + job.rows / _LEAST_RATE
            deadline = time.monotonic() + limit
            taken = 0.0
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(_SAMPLE_SECONDS, _LEAST_REST * taken))
                    break
                began = time.perf_counter()
                memory = max(memory, shared_out(process.pid) or 0)
                taken = time.perf_counter() - began
                if time.monotonic() > deadline:
                    raise WrongError(f"{contender.name} does not end within {limit:.0f} s")
        said = last_line(folder)
        if process.returncode or not said.startswith("{"):
            raise WrongError(f"{contender.name} failed:\n{complaint(folder, job)}")
        found = json.loads(said)
        if contender.results:
            _check(contender, folder, wanted)
        elif found["rows"] != wanted.rows:
            raise WrongError(
                f"{contender.name} read {plural(found['rows'], 'row')}, not {wanted.rows:,}"
            )
        rows, seconds = found.get("steady") or (0, 1.0)
        return Measured(
            whole=wanted.rows / found["seconds"],
            # Where most rows came at once there was nothing steady to be measured.
            steady=rows / seconds if rows > wanted.rows / 2 else None,
            memory=memory or None,
            processor=found.get("processor"),
        )


@contextlib.contextmanager
def running(contender: Contender, job: Job, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The contender at work; leaving the block ends it and all its children."""
    # By its path: a peer may need another environment, in which there is no streamreg.
    program = str(_JOBS / f"{contender.program}.py")
    with (folder / "stdout").open("wb") as said, (folder / "stderr").open("wb") as complained:
        process = subprocess.Popen(
            [contender.python, program],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=complained,
            start_new_session=True,
        )
    try:
        # Not as an argument: settings may hold passwords, and arguments are for all to see.
        _give(process.stdin, json.dumps(asdict(job)))
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _give(stdin: IO[bytes] | None, text: str) -> None:
    if stdin is not None:
        with contextlib.suppress(BrokenPipeError), stdin:
            stdin.write(text.encode())


def last_line(folder: Path) -> str:
    """What a contender said last on its standard output."""
    lines = (folder / "stdout").read_text(errors="replace").splitlines()
    return lines[-1] if lines else ""


def complaint(folder: Path, job: Job) -> str:
    """The end of what a contender said on its standard error, without secrets."""
    lines = (folder / "stderr").read_text(errors="replace").splitlines()
    return scrub("\n".join(lines[-20:]) or "it said nothing", job.settings)


def _check(contender: Contender, folder: Path, wanted: Wanted) -> None:
    if isinstance(wanted, WindowValues):
        mistake = wanted.mistake(folder / _OUTPUT, contender.exact)
        if mistake is not None:
            raise WrongError(f"{contender.name}: {mistake}")
        return
    if contender.changelog:
        with (folder / INPUT).open("rb") as file:
            rows = sum(1 for _ in file) - 1
        if rows != wanted.rows:
            raise WrongError(
                f"{contender.name}: {INPUT} has {plural(rows, 'row')}, not {wanted.rows:,}"
            )
    intercept, slope = _last_result(folder / _OUTPUT)
    right = (intercept, slope) == (wanted.intercept, wanted.slope)
    if not right and (contender.exact or not _near(intercept, slope, wanted)):
        raise WrongError(
            f"{contender.name}: the result is {intercept!r}, {slope!r}, not {wanted.intercept!r}, {wanted.slope!r}"
        )


def _near(intercept: float, slope: float, wanted: ResultValue) -> bool:
    """Doubles that are summed in another order may differ in their last digits; these points need few of them."""
    return abs(intercept - wanted.intercept) < 1e-6 and abs(slope - wanted.slope) < 1e-6


def _last_result(path: Path) -> tuple[float, float]:
    """The last row that appeared; the order within one time is the contender's own."""
    last: tuple[int, float, float] = (-1, 0.0, 0.0)
    with path.open(newline="") as file:
        for a, b, moment, diff in list(csv.reader(file))[1:]:
            if diff == "1" and int(moment) >= last[0]:
                last = (int(moment), float(a), float(b))
    return last[1:]
