"""Runs a `Job`: the same few lines of streamreg that a user would write for it.

The one place where the command line meets the runtime, which is imported when a job is run or
checked and not before: `--help` needs neither NumPy nor a Kafka client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, TypedDict

from streamreg._exceptions import ConfigurationError, ProgramError
from streamreg._jobs import Durability, Job, JobError
from streamreg._types import OPTIONAL, is_optional

if TYPE_CHECKING:
    from streamreg._jobs.target import Target
    from streamreg._language.outputs import Output
    from streamreg._language.table import Table
    from streamreg._plan.plan import Plan
    from streamreg._run.progress import Progress, Summary
    from streamreg._spark.engine import SparkEngine

_TYPES = {
    "float": float,
    "int": int,
    "decimal": Decimal,
    "bool": bool,
    "str": str,
    "bytes": bytes,
    "datetime": datetime,
    "timedelta": timedelta,
}


class _RunOptions(TypedDict, total=False):
    durability: Durability


def run_job(
    job: Job,
    *,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[Progress], bool] | None = None,
    drop_undelivered: bool = False,
) -> Summary:
    """Runs a job until its topic ends (`static`), `stop` says so, or SIGINT or SIGTERM comes.

    Args:
        job: What to read, fit and write.
        progress: Called about once a second and at each changed result.
        stop: Called with the same; true closes the epoch and ends the run.
        drop_undelivered: Whether to give up what waits for destinations that the job does not name any more.

    Returns:
        The counts of the run.

    Raises:
        JobError: If the job can only be wrong.
        StreamregError: What else the runtime raises.
    """
    import streamreg as sr

    outputs = _write_tables(job)
    options = _RunOptions() if job.durability is None else _RunOptions(durability=job.durability)
    engine = _engine(job)
    return sr.run(
        outputs=outputs,
        # Those of one machine: the same file runs on either.
        processes=job.processes if engine is None else None,
        state=job.state,
        rejects=job.rejects,
        max_rejects=job.max_rejects,
        progress=progress,
        stop=stop,
        listen=job.listen,
        engine=engine,
        drop_undelivered=drop_undelivered,
        **options,
    )


def plan_job(job: Job) -> Plan:
    """What a run of the job would execute.

    Raises:
        JobError: If the job can only be wrong.
        StreamregError: What else the runtime raises.
    """
    from streamreg._compile.compile import compile as compile_plan
    from streamreg._language import outputs

    chosen = _write_tables(job)
    with _of_file(job), outputs.taken(chosen):
        return compile_plan(chosen)


def check_job(job: Job) -> Plan:
    """Looks at all that can be known of a job without a connection, as a run of it would.

    Returns:
        What a run of it would execute.

    Raises:
        JobError: With what is wrong.
        StreamregError: What else the runtime raises.
    """
    from streamreg._jobs.client import check_client
    from streamreg._run.rejects import rejects_spec

    check_client(job.source.kafka, job.name)
    plan = plan_job(job)
    with _of_file(job):
        rejects_spec(job.rejects, plan.source)
        if job.listen is not None:
            # Late: most jobs do not listen.
            from streamreg._serve.address import listen_of

            listen_of(job.listen)
        engine = _engine(job)
        if engine is not None:
            engine.check(plan.input)
    for at, target in enumerate(job.output.targets, 1):
        if target.sink == "kafka":
            check_client(target.options["rdkafka_settings"], job.name, f"output.{at}.kafka")
    return plan


def _engine(job: Job) -> SparkEngine | None:
    """Where it runs, if not by processes of this machine."""
    import streamreg as sr

    if job.engine is None:
        return None
    engine: SparkEngine = getattr(sr.engines, job.engine.name)(**job.engine.given)
    return engine


@contextmanager
def _of_file(job: Job) -> Iterator[None]:
    """What is wrong with a program is so with the file that it is made of."""
    try:
        yield
    except JobError:
        raise
    except (ConfigurationError, ProgramError) as error:
        raise JobError(job.name, [str(error)]) from error


def _write_tables(job: Job) -> list[Output]:
    with _of_file(job):
        table = _table(job)
        fit = _fit(table, job)
        if job.output.targets:
            return _write_targets(job, table, fit)
        return _write_files(job, table, fit)


def _write_files(job: Job, table: Table, fit: Table) -> list[Output]:
    import streamreg as sr

    options = dict(job.output.file_options)
    if job.output.time is not None:
        options["time"] = job.output.time
    outputs = []
    if job.output.input is not None:
        outputs.append(sr.io.csv.write(table, job.output.input, **options))
    if job.output.regression is not None:
        result = _renamed(fit, job.output.columns)
        outputs.append(sr.io.csv.write(result, job.output.regression, **options))
    if job.output.scores is not None:
        outputs.append(sr.io.csv.write(fit.predict_on(table), job.output.scores, **options))
    return outputs


def _table(job: Job) -> Table:
    import streamreg as sr

    source = job.source
    schema = type("JobSchema", (sr.Schema,), _namespace(job))
    if not source.path:
        names = list(source.topics.names) or None
        return sr.io.kafka.read(dict(source.kafka), names, schema=schema, **source.given)
    read = sr.io.jsonlines.read if source.format == "json" else sr.io.csv.read
    return read(source.path, schema=schema, folder=job.folder, **source.given)


def _write_targets(job: Job, table: Table, fit: Table) -> list[Output]:
    outputs: list[Output] = []
    problems: list[str] = []
    for at, target in enumerate(job.output.targets, 1):
        try:
            outputs.append(_write_target(target, table, fit))
        except (ConfigurationError, ProgramError) as error:
            problems.append(f"output.{at}: {error}")
    if problems:
        raise JobError(job.name, problems)
    return outputs


def _write_target(target: Target, table: Table, fit: Table) -> Output:
    import streamreg as sr

    match target.of:
        case "regression":
            written = _renamed(fit, target.columns)
        case "scores":
            written = fit.predict_on(table)
        case "input":
            written = table
    output: Output = getattr(sr.io, target.sink).write(written, **target.options)
    return output


def _renamed(fit: Table, columns: Mapping[str, str]) -> Table:
    return fit.select(**{columns.get(column.name, column.name): column for column in fit})


def _fit(table: Table, job: Job) -> Table:
    """The regression: of all rows, of those of each key, or of those of each window."""
    target, features = table[job.target], [table[name] for name in job.features]
    keys = [table[name] for name in job.by]
    fit: Callable[..., Table] = table.linear_regression
    if job.window is None:
        fit = partial(fit, by=keys)
    else:
        by = job.window
        fit = table.windowby(
            table[by.time], window=by.window, instance=keys, behavior=by.behavior
        ).linear_regression
    return fit(
        target,
        *features,
        weights=None if job.weights is None else table[job.weights],
        intercept=job.options.intercept,
        ridge=job.options.ridge,
        statistics=job.options.statistics,
        singular=job.options.singular,
        level=job.options.level,
        half_life=None if job.forget is None else job.forget.half_life,
        time=None if job.forget is None else table[job.forget.time],
    )


def _namespace(job: Job) -> dict[str, object]:
    """What the body of the schema's class would define."""
    import streamreg as sr

    namespace: dict[str, object] = {}
    annotations: dict[str, object] = {}
    for name, source in job.schema.items():
        kind, _, option = source.removesuffix(OPTIONAL).partition(" ")
        annotations[name] = _TYPES[kind] | None if is_optional(source) else _TYPES[kind]
        if option:
            key, _, value = option.partition("=")
            namespace[name] = sr.column(**{key: value})  # type: ignore[arg-type]  # the job was checked
    return {**namespace, "__annotations__": annotations}
