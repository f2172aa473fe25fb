"""A job file, from its bytes to a `Job`: read → environment → check → job, a module for each.

Nothing here knows Kafka or the runtime; `streamreg._jobs.run_job` runs what comes out.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from streamreg._jobs.example import example
from streamreg._jobs.forget import Forget
from streamreg._jobs.job import Durability, Job, JobError, read_job
from streamreg._jobs.paths import folder_of
from streamreg._jobs.read import parse, read_file
from streamreg._jobs.source import Format, Mode, Source
from streamreg._jobs.target import Output, Time

__all__ = [
    "Durability",
    "Forget",
    "Format",
    "Job",
    "JobError",
    "Mode",
    "Output",
    "Source",
    "Time",
    "example",
    "job_from_bytes",
    "load_job",
]


def load_job(path: Path, environ: Mapping[str, str] | None = None) -> Job:
    """The job that a file describes.

    Args:
        path: A TOML file.
        environ: The values for `${NAME}`; by default the environment of this process.

    Returns:
        The job, valid in itself.

    Raises:
        ConfigurationError: If the file cannot be read or is no TOML; as `JobError`, which lists
            every problem, if it is no job.
    """
    environ = os.environ if environ is None else environ
    return job_from_bytes(read_file(path), str(path), environ, folder_of(path))


def job_from_bytes(data: bytes, name: str, environ: Mapping[str, str], folder: str = "") -> Job:
    """As `load_job`, from bytes that were read elsewhere; `name` is what errors call them.

    Relative paths start at `folder`; "" is the current directory.
    """
    return read_job(parse(data, name), name, environ, folder)
