"""CSV changelog files."""

from __future__ import annotations

import os
from typing import Literal

from streamreg import _registry
from streamreg._exceptions import ProgramError
from streamreg.table import Table

__all__ = ["write"]


def write(
    table: Table, path: str | os.PathLike[str], *, time: Literal["epoch", "unix_ms"] = "epoch"
) -> None:
    """Writes every change of a table to a CSV file, from the next `run` on.

    The file has the table's columns, then `time` and `diff`. A row that appears has the diff 1, a row that goes
    away -1; within one time a retraction stands before the insertion that replaces it. Floats are in shortest
    round-trip form, a missing value is an empty cell, quotes stand only where RFC 4180 needs them.

    Args:
        table: the table to write.
        path: the file; `run` refuses one that holds rows already.
        time: what the column `time` holds: "epoch", the number of the epoch, from 0; or "unix_ms", the wall clock
            at which the epoch began, in milliseconds since 1970-01-01 UTC.

    Raises:
        ProgramError: if the table has a column `time` or `diff`, or another output writes this file.
    """
    if not isinstance(table, Table):
        raise ProgramError(f"io.csv.write: expected a table, found {type(table).__name__}")
    if time not in ("epoch", "unix_ms"):
        raise ProgramError(f'io.csv.write: time: expected "epoch" or "unix_ms", found {time!r}')
    from streamreg._plan import Output  # late: it brings NumPy, whose import is slow

    _registry.add(Output(table, os.fspath(path), time))


def __dir__() -> list[str]:
    return sorted(__all__)
