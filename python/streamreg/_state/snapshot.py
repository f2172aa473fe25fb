"""Snapshot: a state as it is at this moment, read beside the run that uses it.

Nothing is locked and nothing is written, so that a run neither waits nor fails because someone looks. A run keeps
its database in WAL mode, where a reader sees the last committed transaction while the next one is being written.
"""

from __future__ import annotations

from pathlib import Path

from streamreg._core import Changelog
from streamreg._exceptions import StateError
from streamreg._state.checkpoint import Checkpoint
from streamreg._state.keyed_rows import ONLY_KEY
from streamreg._state.store import FILE, begun, log_of, look

_ATTEMPTS = 5
"""Runs that begin or end in just the moment of a reading are few."""


def read(directory: Path) -> Checkpoint:
    """The last checkpoint of a state directory.

    Raises:
        StateError: if there is none, or it is damaged, or of a newer version of the format.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        if not begun(directory):
            raise StateError(f"state {directory}: there is none: no run has kept its state here")
        before = _traces(directory)
        try:
            found, _ = look(directory, at_rest=before[0] is None)
        except StateError:
            if attempt < _ATTEMPTS and _traces(directory) != before:
                continue
            raise
        # At rest means that nobody wrote meanwhile.
        if before[0] is not None or _traces(directory) == before:
            break
    if found is None:
        raise StateError(
            f"state {directory}: it holds no checkpoint yet: its run has not begun to read"
        )
    return found


def last_row(changelog: bytes) -> bytes | None:
    """The row that a changelog's state holds, as CSV text; None if there is none.

    Raises:
        CorruptStateError: if the bytes are no such state.
        MismatchError: if a newer streamreg wrote them.
    """
    return Changelog.from_bytes(changelog).row(ONLY_KEY)


def _traces(directory: Path) -> tuple[int | None, int | None]:
    """What changes when a run begins, writes or ends: the times of the log and of the database."""
    return _changed(log_of(directory)), _changed(directory / FILE)


def _changed(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
