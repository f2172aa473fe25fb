"""Run: what earlier runs have left is moved aside, with the time in its name; nothing is ever deleted."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._exceptions import OutputError, StateError
from streamreg._file_lock import lock
from streamreg._sinks.contract import RunTerms
from streamreg._sinks.file_sink import FileSpec
from streamreg._sinks.part_position import parts_beside
from streamreg._state.store import LOCK, begun

if TYPE_CHECKING:
    from streamreg._plan.output import OutputSpec
    from streamreg._sinks.rejects import RejectsSpec


def start_over(state: Path | None, outputs: Iterable[Path]) -> Mapping[Path, Path]:
    """Moves a state and outputs aside, so that the next run begins anew.

    Pipes and devices stay, and so does a directory that is no state. If one cannot be moved, all stay.

    Args:
        state: the directory of the state, if there is one.
        outputs: the files of the job; their finished parts belong to them.

    Returns:
        What has moved, and where to.

    Raises:
        StateError: if another run uses the state, or it cannot be moved.
        OutputError: if another run writes an output, or it cannot be moved.
    """
    found: dict[Path, type[OutputError | StateError]] = {
        path: OutputError
        for output in outputs
        for path in (output, *parts_beside(output).values())
        if _is_file(path)
    }
    if state is not None and begun(state):
        found[state] = StateError  # Last: without it the outputs would be those of no run.
    with contextlib.ExitStack() as locks:
        for path, error in found.items():
            held = path / LOCK if error is StateError else path
            locks.enter_context(
                _locked(held, f"state {path}" if held != path else str(path), error)
            )
        return moved(found)


def refuse_written(
    outputs: Iterable[OutputSpec], rejects: RejectsSpec | None, state: Path | None
) -> None:
    """Before anything is moved: can a new run begin with each table and topic, which stay where they are?

    Raises:
        OutputError: if one holds something, cannot be reached, or does not fit.
    """
    terms = RunTerms(state, thorough=True)
    try:
        for output in outputs:
            if not isinstance(output.sink, FileSpec):
                output.sink.check(output.columns, None, terms)
        if rejects is not None and rejects.kind == "topic":
            rejects.check(None, terms)
    except OutputError as error:
        raise OutputError(
            f"{error}. A fresh start leaves tables and topics as they are: drop this one, or name another in the job. "
            "Nothing was moved"
        ) from None


def moved(paths: Mapping[Path, type[OutputError | StateError]]) -> Mapping[Path, Path]:
    """Moves these aside; if one cannot be moved, all stay.

    Returns:
        Where each is now.

    Raises:
        OutputError, StateError: as is said of the path, if it cannot be moved.
    """
    done: dict[Path, Path] = {}
    for path, target in aside(paths).items():
        try:
            path.rename(target)
        except OSError as failed:
            for old, new in reversed(done.items()):
                new.rename(old)
            raise paths[path](
                f"{path} cannot be moved aside to {target}: {failed.strerror}: move it yourself; all is as it was"
            ) from failed
        done[path] = target
    return done


def aside(paths: Iterable[Path]) -> Mapping[Path, Path]:
    """For each path a name beside it with the time of now in UTC, which nothing has yet."""
    paths = list(paths)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    number = 1
    while True:
        mark = stamp if number == 1 else f"{stamp}-{number}"
        moves = {path: path.with_name(f"{path.stem}.{mark}{path.suffix}") for path in paths}
        if not any(os.path.lexists(target) for target in moves.values()):
            return moves
        number += 1


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


@contextlib.contextmanager
def _locked(path: Path, what: str, error: type[OutputError | StateError]) -> Iterator[None]:
    try:
        file = path.open("ab")
    except OSError as failed:
        raise error(f"{what}: {failed.strerror}") from failed
    with file:
        lock(file.fileno(), what, error)
        yield
