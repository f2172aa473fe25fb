"""Doctor: the state that a run goes on from, and the files that it writes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._jobs import Job
from streamreg._jobs.paths import refuse_old_place
from streamreg._operate.doctor.outcomes import SkipError, TroubleError
from streamreg._plural import plural
from streamreg._run import job_change, resume
from streamreg._run.own_files import refuse_own_files
from streamreg._run.rejects import name_of, rejects_spec
from streamreg._sinks.contract import RunTerms
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.store import Store, begun, in_use

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._source.contract import Source, Watermarks

_LEAST_FREE = 64 << 20
_GIBI = 1 << 30


class Disk:
    """The checks that need no broker."""

    def __init__(self, job: Job, plan: Plan) -> None:
        """Looks at nothing yet."""
        self._job = job
        self._plan = plan
        self._rejects = rejects_spec(job.rejects, plan.source)
        self._changes: tuple[str, ...] = ()
        self._old_files: list[Path] = []

    @cached_property
    def checkpoint(self) -> Checkpoint | None:
        """Where the run goes on; None if it begins anew.

        Raises:
            StateError: If the state is in use, damaged, of a newer version or of another job.
        """
        if self._job.state is None or not begun(Path(self._job.state)):
            return None
        state = Path(self._job.state)
        with Store(state) as store:
            checkpoint = store.load()
        if checkpoint is None:
            return None
        terms = RunTerms(state)
        found = job_change.continued(checkpoint, self._plan, name_of(self._rejects))
        self._plan, self._changes = found.plan, found.changes
        self._old_files = job_change.to_be_moved(found, checkpoint, terms)
        return found.checkpoint

    def running(self) -> bool:
        """Whether a run has the state at the moment."""
        return self._job.state is not None and in_use(Path(self._job.state))

    def state(self, source: Source, watermarks: Mapping[int, Watermarks]) -> str:
        """Can the run resume from the state, and does the topic still hold what comes next?

        Args:
            source: What is read, as far as it was looked up.
            watermarks: What it holds; none if that is not known.
        """
        if self._job.state is None:
            raise SkipError("state.directory=false: every run begins anew")
        refuse_old_place(self._job)
        folder = Path(self._job.state)
        place = folder.absolute()
        while not place.exists():
            place = place.parent
        room = _room(place, "state.directory")
        if self.checkpoint is None:
            return f"{folder}: the run begins anew; {room}"
        if watermarks:
            resume.ranges(source, watermarks, self.checkpoint, {})
        changes = "".join(f"; the job was changed: {change}" for change in self._changes)
        return f"{folder}: the run goes on after {plural(self.checkpoint.rows, 'row')}{changes}; {room}"

    @property
    def outputs(self) -> Mapping[str, Callable[[], str]]:
        """By its name, what looks at an output, or at where rejects are kept.

        Can it be written, and is there nothing in it that a run would not go on from?
        """
        names = [output.name for output in self._plan.outputs]
        if self._rejects is not None:
            names.append(self._rejects.name)
        return {name: partial(self._output, name) for name in names}

    def _output(self, name: str) -> str:
        room = self._room_of(name)
        state = None if self._job.state is None else Path(self._job.state)
        refuse_own_files(self._plan, self._rejects, state, name)
        # After the checkpoint was read: that it is of an earlier job may change the plan.
        checkpoint = self.checkpoint
        checks = resume.output_checks(
            self._plan.outputs,
            self._rejects,
            checkpoint,
            RunTerms(state, thorough=True),
            besides=self._old_files,
        )
        checks[name]()
        return f"can be written; {room}" if room else "can be written"

    def _room_of(self, name: str) -> str:
        """How much room the file has that is called so, or holds what is; "" where there is none."""
        named = {path: f"output.{key}" for key, path in self._job.output.paths.items()}
        if self._job.rejects_file is not None:
            named[self._job.rejects_file] = "run.rejects"
        # A table of a database is called by both.
        file = name if name in named else name.rpartition(":")[0]
        if file not in named:
            return ""
        path = Path(file)
        folder = path.absolute().parent
        if not folder.is_dir():
            raise TroubleError(f"there is no directory {folder}: make it, or change {named[file]}")
        return _room(path if path.exists() else folder, named[file])


def _room(place: Path, key: str) -> str:
    """Raises TroubleError if nothing can be written there, or next to nothing."""
    if not os.access(place, os.W_OK):
        raise TroubleError(f"{place} cannot be written: change its permissions, or {key}")
    free = shutil.disk_usage(place).free
    if free < _LEAST_FREE:
        raise TroubleError(
            f"only {free >> 20} MiB are free for {place}: make room, or change {key}"
        )
    return f"{free / _GIBI:.1f} GiB free"
