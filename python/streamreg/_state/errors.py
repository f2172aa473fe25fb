"""State: errors of SQLite and of the system on a state directory's files, as StateError."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from streamreg._exceptions import StateError
from streamreg._os_error import MAKE_ROOM, said

_ADVICE = (
    "restore the directory from a backup, or start anew with an empty one and new output files"
)

_FULL = f"{MAKE_ROOM}: the run goes on from its last epoch"

_ELSEWHERE = (
    "name a directory where this process may write, by [state] directory of a job file "
    '("${STATE_DIRECTORY}/state" under systemd) or state= of a program'
)


@contextlib.contextmanager
def errors(directory: Path) -> Iterator[None]:
    """Turns errors of SQLite and of the system into StateError."""
    try:
        yield
    except OSError as error:
        raise refused(directory, error) from error
    except sqlite3.OperationalError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        # The schema is another one; or the file ends where there should be more, as newer releases of SQLite say it.
        if code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_IOERR_SHORT_READ):
            raise damaged(directory, str(error)) from error
        # Disk full, read-only directory and the like. A full disk may show as any failed I/O.
        hint = ""
        if code & 0xFF == sqlite3.SQLITE_IOERR:
            hint = f" (is the disk full?): {_FULL}"
        elif code & 0xFF == sqlite3.SQLITE_FULL:
            hint = f": {_FULL}"
        raise StateError(f"state {directory}: {error}{hint}") from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        # A message of SQLite with damaged text cannot be decoded.
        raise damaged(directory, str(error)) from error


def refused(directory: Path, error: OSError) -> StateError:
    """The error for a directory that the system does not let a state be kept in."""
    return StateError(f"state {directory}: {said(error, _ELSEWHERE)}")


def damaged(directory: Path, why: str) -> StateError:
    """The error for a state that is not what a run has left."""
    return StateError(f"state {directory} is damaged ({why}): {_ADVICE}")
