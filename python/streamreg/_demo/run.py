"""Demo: the main job on an embedded broker with a producer beside it: what `streamreg demo` runs.

The producer is a thread, the broker lives in librdkafka's own threads, and the job is the very one
that `streamreg run` would run, in its own worker processes.
"""

import csv
import time
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from threading import Event, Thread

from streamreg._dataclass import dataclass
from streamreg._demo.points import NoisyLine, Plan, generate
from streamreg._exceptions import ConfigurationError, StreamregError
from streamreg._jobs import Job, Output, Source
from streamreg._jobs.run_job import run_job
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._kafka.producer import TopicWriter
from streamreg._kafka.topics import Topics
from streamreg._run.progress import Progress, Summary

TOPIC = "linear-regression"
INPUT = "regression_input.csv"
RESULTS = "regression_output_stream.csv"
REJECTS = "rejects.jsonl"

_EPOCH_MS = 250
# The broker looks for each request through all batches that it keeps: few large ones do not slow it down.
_LINGER_MS = 50
# A demo that makes no progress for so long is stuck, and says so.
_STALL_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a demo leaves."""

    summary: Summary
    sent: int
    """Points that the producer sent."""
    input: Path
    input_rows: int
    results: Path
    changes: int
    """Rows of the changelog of results."""
    last: dict[str, str] = field(default_factory=dict)
    """The last result, as it stands in the file; empty if there is none."""


def new_directory(wish: Path | None) -> Path:
    """A directory for the files, made now; nothing in it is ever overwritten.

    Args:
        wish: The directory to use, or None for the first free one of `streamreg-demo`,
            `streamreg-demo-2`, … here.

    Returns:
        The directory.

    Raises:
        ConfigurationError: If the wish is not a directory or has an earlier demo's files.
        OSError: If it cannot be made.
    """
    if wish is None:
        number = 1
        while True:
            path = Path("streamreg-demo" if number == 1 else f"streamreg-demo-{number}")
            try:
                path.mkdir()  # makes and claims it in one step
            except FileExistsError:
                number += 1
            else:
                return path
    if wish.exists() and not wish.is_dir():
        raise ConfigurationError(f"directory: {wish} is not a directory")
    wish.mkdir(parents=True, exist_ok=True)
    for name in (INPUT, RESULTS, REJECTS):
        if (wish / name).exists():
            raise ConfigurationError(f"directory: {wish / name} is there already; choose another")
    return wish


def run_demo(
    directory: Path,
    *,
    count: int,
    rate: float,
    processes: int | None,
    show: Callable[[Progress], None],
    listen: str | None = None,
) -> Outcome:
    """Runs the demo until every point is in the result, or Ctrl-C.

    Args:
        directory: Where the files go.
        count: Points to send.
        rate: Points a second; 0: as fast as possible.
        processes: Worker processes; None: the runtime's choice.
        show: Called with the progress, about once a second.
        listen: Where metrics and the live result are served, as "host:port"; None: nowhere.

    Returns:
        The summary of the demo.

    Raises:
        StreamregError: If the run or the producer fails, or nothing moves for twenty seconds.
    """
    plan = Plan(count=count, rate=rate, partition=None)
    with EmbeddedBroker() as broker:
        broker.create_topic(TOPIC)
        producer = _Producer(broker, plan)
        watch = _Watch(count, producer)
        job = _job(broker, directory, processes, listen)
        producer.start()
        try:
            summary = run_job(job, progress=show, stop=watch)
        finally:
            producer.stop.set()
            producer.join()
    if producer.error is not None:
        raise producer.error
    if watch.stalled:
        raise StreamregError(f"nothing was read for {_STALL_SECONDS:.0f} seconds")
    _, input_rows = _last_row(directory / INPUT)
    last, changes = _last_row(directory / RESULTS)
    return Outcome(
        summary=summary,
        sent=producer.sent,
        input=directory / INPUT,
        input_rows=input_rows,
        results=directory / RESULTS,
        changes=changes,
        last=last,
    )


def _job(broker: EmbeddedBroker, directory: Path, processes: int | None, listen: str | None) -> Job:
    settings = {key: str(value) for key, value in broker.settings.items()}
    return Job(
        source=Source(
            kafka={**settings, "group.id": "streamreg-demo"},
            topics=Topics((TOPIC,)),
            format="csv",
            autocommit_duration_ms=_EPOCH_MS,
        ),
        schema={"x": "float", "y": "float"},
        target="y",
        features=("x",),
        output=Output(
            regression=str(directory / RESULTS),
            input=str(directory / INPUT),
            columns={"intercept": "a", "x": "b"},
        ),
        processes=processes,
        rejects=str(directory / REJECTS),
        listen=None if listen is None else {"address": listen},
    )


class _Producer(Thread):
    """The stream of points, beside the run."""

    def __init__(self, broker: EmbeddedBroker, plan: Plan) -> None:
        super().__init__(name="streamreg-demo-producer", daemon=True)
        self._broker = broker
        self._plan = plan
        self.stop = Event()
        self.sent = 0
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            writer = TopicWriter({**self._broker.settings, "linger.ms": _LINGER_MS}, TOPIC)
            try:
                self.sent = generate(writer, NoisyLine(), self._plan, self.stop.is_set)
            finally:
                writer.close()
        except Exception as error:  # raised again by run_demo, in the thread that people see
            self.error = error


class _Watch:
    """Says when the run is over: all points are in, the producer failed, or nothing moves."""

    def __init__(self, count: int, producer: _Producer) -> None:
        self._count = count
        self._producer = producer
        self._seen = 0
        self._moved = time.monotonic()
        self.stalled = False

    def __call__(self, progress: Progress) -> bool:
        seen = progress.rows + progress.rejects
        now = time.monotonic()
        if seen != self._seen:
            self._seen, self._moved = seen, now
        self.stalled = now - self._moved > _STALL_SECONDS
        return seen >= self._count or self._producer.error is not None or self.stalled


def _last_row(path: Path) -> tuple[dict[str, str], int]:
    """The last row of a changelog, and how many rows it has."""
    last: dict[str, str] = {}
    rows = 0
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                last = row
                rows += 1
    return last, rows
