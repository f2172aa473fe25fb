"""Stage 4 of a job file, its paths: relative ones start at the folder of the file, wherever it is run from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import StateError

if TYPE_CHECKING:
    from streamreg._jobs.job import Job

_CLIENT_FILES: Final = (".location", ".file", ".keytab")
"""How settings of the client end that name files: `ssl.ca.location`, `sasl.oauthbearer.assertion.private.key.file`."""
_NO_FILE: Final = "probe"
"""What librdkafka looks for the certificates of the system by, in place of a file."""


def folder_of(path: Path) -> str:
    """The folder that relative paths of a job file start at; "" is the current directory.

    A job that comes through a pipe, such as `/dev/stdin`, has none of its own.
    """
    return str(path.parent) if path.is_file() and path.parent != Path() else ""


def from_folder(folder: str, path: str) -> str:
    """A path of a job file of this folder. An absolute one, and the one that is empty for none, stay as they are."""
    return os.path.join(folder, path) if path else path


def client_files(folder: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings of the client, in which files are named too."""
    return {
        key: from_folder(folder, value)
        if key.endswith(_CLIENT_FILES) and value != _NO_FILE
        else value
        for key, value in settings.items()
    }


def refuse_old_place(job: Job) -> None:
    """Relative paths started at the current directory once: a state of this job that lies there is not passed over.

    Raises:
        StateError: if there is one, and none where it would be now.
    """
    if not job.state or not job.folder:
        return
    # Late: it brings NumPy and the core, which a job that lies here does not need for this.
    from streamreg._state.store import begun

    now = Path(job.state)
    old = Path(os.path.relpath(now, job.folder))
    if begun(now) or not begun(old) or not _is_of(job, old):
        return
    raise StateError(
        f"{old} in the current directory is the state of this job: relative paths of a job file start at its folder, "
        f"{job.folder}, and no longer at the current directory. Move the state and the outputs from here to "
        f"{job.folder} to go on with them; or start over there with streamreg run --fresh, which leaves them here"
    )


def _is_of(job: Job, state: Path) -> bool:
    """Whether a state is this job's: it reads the topic, and writes files of these names. A damaged one may be."""
    from streamreg._state.snapshot import read

    try:
        kept = read(state).job
    except StateError:
        return True
    names = {os.path.relpath(path, job.folder) for path in job.output.paths.values()}
    return kept["topic"] == job.source.name and names <= {
        os.path.normpath(name) for name in kept["outputs"]
    }
