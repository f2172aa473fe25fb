"""CSV changelog files."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Literal, get_args

from streamreg._exceptions import ConfigurationError
from streamreg._language import outputs
from streamreg._language.outputs import Output
from streamreg._language.table import Table
from streamreg._sinks.csv_file import CsvFile, IfExists
from streamreg._sinks.rotation import Rotation

__all__ = ["write"]


def __dir__() -> list[str]:
    return __all__


def write(
    table: Table,
    path: str | os.PathLike[str],
    *,
    time: Literal["epoch", "unix_ms"] = "epoch",
    if_exists: Literal["fail", "replace", "append"] = "fail",
    rotate: str | timedelta | None = None,
) -> Output:
    """Writes every change of a table to a CSV file, from the next `run` on.

    The file has the table's columns, then `time` and `diff`. A row that appears has the diff 1, a row that goes
    away -1; within one time a retraction stands before the insertion that replaces it. Floats are in shortest
    round-trip form, a missing value is an empty cell, quotes stand only where RFC 4180 needs them.

    With `rotate` the file is one of several parts, each with the header. The epoch after which it is as large, or old
    (by the wall clocks at which its first epoch and this one began), finishes it: the time of its last change comes
    into its name, as in `line.000000123.csv`, it is never written again, and the next part begins in `line.csv`. A
    finished part may be moved away; `streamreg verify` needs all of them. Each row stands in one part, once, through
    any crash; an epoch is never split.

    Args:
        table: the table to write.
        path: the file, a pipe or a terminal ("/dev/stdout").
        time: what the column `time` holds: "epoch", the number of the epoch, from 0; or "unix_ms", the wall clock
            at which the epoch began, in milliseconds since 1970-01-01 UTC.
        if_exists: what `run` does with a file that holds something which its state has not written: "fail" refuses
            it; "replace" writes a new one in its place, and removes its finished parts; "append" refuses it too, and a
            run without a state from the start. A run with the state that wrote the file goes on with it in any case.
        rotate: when a part is finished: a size like "100 MB" or "1 GiB", an age like "1 day" or "6 hours", or a
            timedelta. It may change from run to run. Not for pipes.

    Returns:
        The output, for `run(outputs=[…])`, where a program has several runs. A `run` without that takes all that were
        defined since the last one. A second output for the same file replaces the first, until it is run.

    Raises:
        ConfigurationError: if the path is none, or an option has no such value.
        ProgramError: if the table has a column `time` or `diff`.
    """
    if not isinstance(path, str | os.PathLike) or not isinstance(name := os.fspath(path), str):
        raise ConfigurationError(f"path: expected the path of a file, found {path!r}")
    if not name:
        raise ConfigurationError("path: expected the path of a file, found an empty one")
    if if_exists not in get_args(IfExists):
        raise ConfigurationError(
            f'if_exists: expected "fail", "replace" or "append", found {if_exists!r}'
        )
    try:
        rotation = None if rotate is None else Rotation.of(rotate)
    except ValueError as error:
        raise ConfigurationError(f"rotate: {error}") from None
    return outputs.write(table, CsvFile(name, if_exists, rotation), time)
