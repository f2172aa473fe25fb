"""A state whose disk is full: the error says what to do, by whatever name SQLite or the system calls it."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._state.errors import errors

ADVICE = "free some space there, and start again"


def of_sqlite(text: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    "error",
    [
        of_sqlite("database or disk is full", sqlite3.SQLITE_FULL),
        of_sqlite("disk I/O error", sqlite3.SQLITE_IOERR_WRITE),
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)),
    ],
)
def test_a_full_disk(error: Exception) -> None:
    """Room is all that it takes."""
    with pytest.raises(sr.StateError, match=ADVICE), errors(Path("state")):
        raise error
