"""Runs a `Job`: the same few lines of streamreg that a user would write for it.

The one place where the command line meets the runtime, which is imported when a job is run and not
before: `--help` and `--check` need neither NumPy nor a Kafka client.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, TypedDict

from streamreg._config import Format, Job, Mode, Source, Time

_TYPES = {"float": float, "int": int, "bool": bool, "str": str, "bytes": bytes}


class _ReadOptions(TypedDict, total=False):
    format: Format
    mode: Mode
    autocommit_duration_ms: int
    header: tuple[str, ...]


class _WriteOptions(TypedDict, total=False):
    time: Time


class Progress(Protocol):
    """What the commands show of a running job."""

    @property
    def epoch(self) -> int:
        """The epoch that was closed last."""

    @property
    def rows(self) -> int:
        """Rows in the closed epochs."""

    @property
    def rejects(self) -> int:
        """Messages that did not fit the schema."""

    @property
    def rows_per_second(self) -> float:
        """The recent rate."""

    @property
    def lag(self) -> int | None:
        """Messages on the topic that are still to be read, if known."""

    @property
    def answers(self) -> Mapping[str, Mapping[str, float | int | None]]:
        """The last row of each output of answers: path, column, value."""


class Summary(Protocol):
    """What the commands show of a finished job."""

    @property
    def rows(self) -> int:
        """Rows in all epochs."""

    @property
    def rejects(self) -> Mapping[str, int]:
        """Messages that did not fit the schema, by kind."""

    @property
    def epochs(self) -> int:
        """Epochs closed."""


def run_job(
    job: Job,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[Progress], bool] | None = None,
) -> Summary:
    """Runs a job until its topic ends (`static`), `stop` says so, or SIGINT or SIGTERM comes.

    Args:
        job: What to read, fit and write.
        progress: Called about once a second and at each changed answer.
        stop: Called with the same; true closes the epoch and ends the run.

    Returns:
        The counts of the run.

    Raises:
        StreamregError: What the runtime raises.
    """
    import streamreg as sr

    schema = type("JobSchema", (sr.Schema,), {"__annotations__": _annotations(job)})
    table = sr.io.kafka.read(
        dict(job.source.kafka), job.source.topic, schema=schema, **_given(job.source)
    )
    options = _WriteOptions() if job.output.time is None else _WriteOptions(time=job.output.time)
    if job.output.input is not None:
        sr.io.csv.write(table, job.output.input, **options)
    fit = table.linear_regression(table[job.target], *(table[name] for name in job.features))
    names = {name: job.output.columns.get(name, name) for name in ("intercept", *job.features)}
    coefficients = fit.select(**{shown: fit[name] for name, shown in names.items()})
    sr.io.csv.write(coefficients, job.output.regression, **options)
    return sr.run(processes=job.processes, rejects=job.rejects, progress=progress, stop=stop)


def _annotations(job: Job) -> dict[str, type]:
    return {name: _TYPES[kind] for name, kind in job.schema.items()}


def _given(source: Source) -> _ReadOptions:
    """The reader's options that the job gives; the others keep the reader's own defaults."""
    options = _ReadOptions()
    if source.format is not None:
        options["format"] = source.format
    if source.mode is not None:
        options["mode"] = source.mode
    if source.autocommit_duration_ms is not None:
        options["autocommit_duration_ms"] = source.autocommit_duration_ms
    if source.header is not None:
        options["header"] = source.header
    return options
