"""Run: a changed job goes on with the state there is: which files are its own, and which are moved aside."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._exceptions import CorruptStateError, OutputError, StateError
from streamreg._run.aside import moved
from streamreg._sinks.file_position import FilePosition
from streamreg._sinks.file_read_back import FileReadBack, unread
from streamreg._sinks.file_sink import FileSpec
from streamreg._sinks.part_position import open_position, parts_beside
from streamreg._state import changed_job

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._sinks.contract import Position, RunTerms
    from streamreg._state.changed_job import Continued
    from streamreg._state.checkpoint import Checkpoint


def continued(
    checkpoint: Checkpoint, plan: Plan, rejects: str | None, *, drop_undelivered: bool = False
) -> Continued:
    """How a job goes on with a state. Nothing is changed or locked: a run may go on meanwhile.

    `drop_undelivered` gives up what waits for destinations that the job does not write any more.

    Raises:
        StateError: if it needs a new start.
    """
    specs = {output.name: output for output in plan.outputs}

    def fits(name: str, position: Position) -> bool:
        try:
            opened = open_position(position)
            if opened is not None:
                # A pipe would be waited for, and a state of an older format tells of no bytes.
                there = Path(name).is_file() or not os.path.lexists(name)
                if opened.checksum is None or not there:
                    return False
            if name in specs:
                written = specs[name].sink.read_back(specs[name].columns, position)
            else:
                written = FileReadBack(Path(name), FilePosition.of(position), unread)
            return written is not None and written.check_bytes() is not None
        except (OutputError, CorruptStateError):
            return False

    return changed_job.continued(checkpoint, plan, rejects, fits, drop_undelivered=drop_undelivered)


def unchanged(checkpoint: Checkpoint, plan: Plan, rejects: str | None) -> Continued:
    """The same for those who only look: the job must be as it was when it was run last, but for names of files.

    Raises:
        StateError: if it is another.
    """
    found = continued(checkpoint, plan, rejects)
    if found.changes:
        raise StateError(
            f"the job was changed since its last run: {'; '.join(found.changes)}. Run it first"
        )
    return found


def to_be_moved(found: Continued, before: Checkpoint, terms: RunTerms) -> list[Path]:
    """The files of outputs that begin anew, where they hold what the state says.

    Raises:
        OutputError: if one holds something else, or another run writes it.
        StateError: if one is no file, so that it cannot be moved.
    """
    specs = {output.name: output for output in found.plan.outputs}
    paths = []
    for name in found.aside:
        output = specs[name]
        if not isinstance(output.sink, FileSpec):
            raise StateError(
                f"{name} has other columns, which what is there cannot have: give it another name"
            )
        path = Path(output.sink.path)
        if not output.sink.is_new(output.columns, terms):
            output.sink.check(output.columns, before.positions[name], terms)
            paths += [path, *parts_beside(path).values()]
    return paths


def move(paths: list[Path], tell: Callable[[str], None]) -> None:
    """Moves files aside. Raises OutputError if one cannot be moved; then all stay."""
    there = filter(os.path.lexists, paths)
    for path, target in moved(dict.fromkeys(there, OutputError)).items():
        tell(f"{path} is {target} now")
