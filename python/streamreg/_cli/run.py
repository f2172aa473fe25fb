"""`streamreg run JOB.toml`: checks a job file, and runs it."""

import argparse
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._cli.arguments import UsageError, processes
from streamreg._cli.log import FORMATS, LEVELS, line, log_a_run
from streamreg._jobs import Job, example, load_job
from streamreg._jobs.engine import ENGINES, JobEngine
from streamreg._jobs.run_job import run_job
from streamreg._terminal.end_signals import end_at_once
from streamreg._terminal.screen import say

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands

_EPILOG = """\
The job file is TOML. `streamreg run --example` prints one that explains every key; this is enough:

  [source]
  topic = "linear-regression"
  [source.kafka]
  bootstrap.servers = "localhost:9092"
  sasl.password = "${KAFKA_PASSWORD}"    # from the environment
  [schema]
  x = "float"
  y = "float"
  [regression]
  target = "y"
  features = ["x"]
  [output]
  regression = "regression_output_stream.csv"

example:
  streamreg run --example > job.toml
  streamreg run job.toml --check
  streamreg run job.toml --processes 4
  streamreg run job.toml --fresh
  streamreg run job.toml --listen 127.0.0.1:9464
  streamreg run job.toml --engine spark --master spark://host:7077
  streamreg run job.toml --log-format json

With path = "data/*.csv" in place of topic and [source.kafka] it reads files. Relative paths in the
job file start at its folder.

The run goes on until Ctrl-C or, with mode = "static", the topic's end; its files are complete then.
A topic that has ended with rejects and not one row ends it with exit code 1.
Where stderr is no terminal, it gets a log: one line each with time (UTC) and level.
"""


def add_parser(commands: "Commands", common: argparse.ArgumentParser) -> None:
    """Adds the command to the program's parser."""
    parser = commands.add_parser(
        "run",
        parents=[common],
        help="run the regression that a job file describes",
        description="Keeps the regression that a job file describes up to date.",
        epilog=_EPILOG,
    )
    parser.add_argument("job", nargs="?", type=Path, metavar="JOB.toml", help="the job file")
    parser.add_argument(
        "--processes",
        type=processes,
        metavar="N",
        help="processes that read, instead of the job file's",
    )
    parser.add_argument(
        "--engine",
        choices=("local", *ENGINES),
        help="where messages are read and processed, instead of where the job file says: local is this machine, spark "
        "a cluster (needs streamreg[spark])",
    )
    parser.add_argument(
        "--master",
        metavar="URL",
        help="of Spark, such as local[4] or spark://host:7077 (default: as spark-submit says)",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="start over: the state and the files there are get the time in their names, and new ones are made; "
        "tables and topics stay: drop them, or name others in the job file",
    )
    parser.add_argument(
        "--drop-undelivered",
        action="store_true",
        help="give up, for good, the changes that wait in the state for a table or topic which the job file does not "
        "name any more: where it will never take one of them",
    )
    parser.add_argument(
        "--check", action="store_true", help="only say whether the job file is valid"
    )
    parser.add_argument(
        "--example",
        action="store_true",
        help="print a job file that explains every key",
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        help="serve metrics, health and the live result there, instead of where the job file says; "
        "beyond this machine only with a token, from STREAMREG_TOKEN (needs streamreg[serve])",
    )
    parser.add_argument(
        "--log-format",
        choices=FORMATS,
        help="how lines of the log look (default: text; on a terminal, one line that is renewed)",
    )
    parser.add_argument(
        "--log-level",
        choices=LEVELS,
        help="what is logged: this, and worse; debug: the client's log too (default: info)",
    )
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace, settings: dict[str, object]) -> int:
    """Runs the command; its client's settings go into `settings` as soon as they are known."""
    if arguments.example:
        print(example(), end="")
        return 0
    if arguments.job is None:
        raise UsageError("name a job file, or --example (see streamreg run --help)")
    lines = None
    if not arguments.check:
        lines = log_a_run(arguments.log_format, arguments.log_level, debug=arguments.debug)
    # What is wrong with a job file is for people, unless it is asked for lines that programs read.
    arguments.lines = None if arguments.log_format is None else lines
    job = load_job(arguments.job)
    if arguments.listen is not None:
        job = replace(job, listen={**(job.listen or {}), "address": arguments.listen})
    settings["token"] = (job.listen or {}).get("token")
    settings.update(job.source.kafka)

    job = replace(job, engine=_engine(job, arguments))
    if arguments.check:
        from streamreg._jobs.run_job import check_job

        check_job(job)
        say(f"{arguments.job}: valid")
        return 0
    from streamreg._jobs.client import check_client

    check_client(job.source.kafka, str(arguments.job))
    arguments.lines = lines
    if arguments.processes is not None:
        job = replace(job, processes=arguments.processes)
    if arguments.fresh:
        _start_over(job, arguments)
    else:
        from streamreg._jobs.paths import refuse_old_place

        refuse_old_place(job)
    end_at_once()  # what a second signal means; the run listens to the first
    summary = run_job(job, drop_undelivered=arguments.drop_undelivered)
    return 1 if summary.nothing_fitted and summary.ended_by == "source" else 0


def _engine(job: Job, arguments: argparse.Namespace) -> JobEngine | None:
    """That of the job, but for what the command line says."""
    engine = job.engine
    if arguments.engine == "local":
        engine = None
    elif arguments.engine is not None and (engine is None or engine.name != arguments.engine):
        engine = JobEngine(arguments.engine)
    if engine is None:
        if arguments.master is not None:
            raise UsageError("--master is of --engine spark")
        return None
    if arguments.processes is not None:
        raise UsageError("--processes is of one machine: leave it out with an engine")
    if arguments.master is None:
        return engine
    return replace(engine, given={**engine.given, "master": arguments.master})


def _start_over(job: Job, arguments: argparse.Namespace) -> None:
    """Moves aside what earlier runs have left, and says so."""
    from contextlib import closing

    from streamreg._jobs.run_job import plan_job
    from streamreg._run.aside import refuse_written, start_over
    from streamreg._run.rejects import rejects_spec

    state = None if job.state is None else Path(job.state)
    plan = plan_job(job)
    with closing(plan.source):
        refuse_written(plan.outputs, rejects_spec(job.rejects, plan.source), state)
    outputs = [*job.output.files, *([job.rejects_file] if job.rejects_file else [])]
    for path, target in start_over(state, map(Path, outputs)).items():
        say(line(arguments.lines, logging.WARNING, f"{path} is {target} now"))
