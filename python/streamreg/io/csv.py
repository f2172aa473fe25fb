"""CSV changelog files."""

from __future__ import annotations

import os
from typing import Literal

from streamreg._exceptions import ConfigurationError
from streamreg._language import outputs
from streamreg._language.outputs import Output
from streamreg._language.table import Table
from streamreg._sinks.csv_file import CsvFile

__all__ = ["write"]


def __dir__() -> list[str]:
    return __all__


def write(
    table: Table, path: str | os.PathLike[str], *, time: Literal["epoch", "unix_ms"] = "epoch"
) -> Output:
    """Writes every change of a table to a CSV file, from the next `run` on.

    The file has the table's columns, then `time` and `diff`. A row that appears has the diff 1, a row that goes
    away -1; within one time a retraction stands before the insertion that replaces it. Floats are in shortest
    round-trip form, a missing value is an empty cell, quotes stand only where RFC 4180 needs them.

    Args:
        table: the table to write.
        path: the file; `run` refuses one that holds rows already.
        time: what the column `time` holds: "epoch", the number of the epoch, from 0; or "unix_ms", the wall clock
            at which the epoch began, in milliseconds since 1970-01-01 UTC.

    Returns:
        The output, for `run(outputs=[…])`, where a program has several runs. A `run` without that takes all that were
        defined since the last one. A second output for the same file replaces the first, until it is run.

    Raises:
        ConfigurationError: if the path is none.
        ProgramError: if the table has a column `time` or `diff`.
    """
    if not isinstance(path, str | os.PathLike) or not isinstance(name := os.fspath(path), str):
        raise ConfigurationError(f"path: expected the path of a file, found {path!r}")
    if not name:
        raise ConfigurationError("path: expected the path of a file, found an empty one")
    return outputs.write(table, CsvFile(name), time)
