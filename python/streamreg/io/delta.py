"""Delta Lake tables, on a disk or in an object store."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from streamreg._exceptions import ConfigurationError
from streamreg._language import outputs
from streamreg._language.keys import keys_for
from streamreg._language.outputs import Output
from streamreg._language.table import Table
from streamreg._path import checked_path
from streamreg._sinks.file_place import is_url
from streamreg._sinks.gathering import Gathering
from streamreg._sinks.rotation import Rotation

__all__ = ["write"]

_MOST_ROWS: Final = 2**31
_UNFIT: Final = re.compile(r"[][^|\\]|%[0-9A-Fa-f]{2}")
"""What Delta Lake's library, which makes a URL of a path, finds no more or takes for something else."""


def __dir__() -> list[str]:
    return __all__


def write(
    rows: Table,
    path: str | os.PathLike[str],
    *,
    mode: Literal["changelog", "current"] = "changelog",
    time: Literal["epoch", "unix_ms"] = "epoch",
    storage_options: Mapping[str, str] | None = None,
    rows_per_file: int = 1_000_000,
    interval: str | timedelta = "1 minute",
) -> Output:
    """Writes every change of a table to a Delta Lake table, from the next `run` on. Needs `streamreg[delta]`.

    Changes are gathered, so that files do not become many and small: a commit holds those of all epochs since the last
    one, and is made when there are `rows_per_file`, or 32 MB of text, when `interval` has passed, and at the end of the
    run. With a state what is gathered is in it, and each change is in the table once, whatever dies whenever: a commit
    carries the transaction identifier of the format (the run, and the time of its last epoch). Without a state the last
    changes may be missing if the run is killed, and no other run goes on with the table.

    The table is made if it is not there: float is double, int long, decimal decimal(38,18), text string, bytes binary,
    bool boolean, datetime timestamp, timedelta a string as in a CSV changelog; what is missing null. A number that does
    not fit ends the run and names the column. A table that is there must have such columns (decimals of any scale), be
    empty, and need no others. Others may optimize, vacuum and read the table meanwhile; while they commit, the run
    tries again. On a disk a file beside the directory (its name ends with `.lock`) says which run has the table.

    Args:
        rows: the table to write.
        path: the directory of the table, or a URL like "s3://bucket/line".
        mode: "changelog": every change is a row, with the columns `time` and `diff` behind the table's own.
            "current": the table as it stands, merged by its keys; for results of reductions and regressions.
        time: what the column `time` holds, as for `io.csv.write`.
        storage_options: those of delta-rs for the object store: region, endpoint, credentials.
        rows_per_file: how many changes are gathered at most.
        interval: for how long: like "1 minute" or "6 hours", or a timedelta.

    Returns:
        The output, for `run(outputs=[…])`, as of `io.csv.write`.

    Raises:
        ConfigurationError: if an argument cannot be used, or deltalake is not installed.
        ProgramError: if the table has a column `time` or `diff`; with mode="current", if its rows have no keys, or
            one is not among the columns.
    """
    try:
        # Late: it brings Delta Lake and Arrow.
        from streamreg._sinks.delta_table import DeltaLakeTable
    except ImportError as error:
        raise ConfigurationError(
            f"io.delta.write needs deltalake: pip install 'streamreg[delta]' ({error})"
        ) from error

    name = checked_path(path, "path", "a directory or a URL")
    if not (is_url(name) or Path(name).name):
        raise ConfigurationError(
            f"path: {name!r} has no name of its own, beside which the lock of the table could be: give its whole "
            "path, or use another directory"
        )
    if not is_url(name) and (unfit := _UNFIT.search(place := os.path.abspath(name))):
        raise ConfigurationError(
            f"path: {place}: Delta Lake's library cannot have {unfit[0]!r} in a path: use another directory"
        )
    options = {} if storage_options is None else storage_options
    if not isinstance(options, Mapping) or not all(
        isinstance(text, str) for pair in options.items() for text in pair
    ):
        raise ConfigurationError("storage_options: expected names and values, all of them text")
    if isinstance(rows_per_file, bool) or not (
        isinstance(rows_per_file, int) and 0 < rows_per_file < _MOST_ROWS
    ):
        raise ConfigurationError(
            f"rows_per_file: expected a number from 1 up, found {rows_per_file!r}"
        )
    sink = DeltaLakeTable(
        mode=mode,
        keys=keys_for(rows, mode, DeltaLakeTable.call),
        path=name,
        storage_options=dict(options),
        gathered=Gathering(rows_per_file, _seconds(interval)),
    )
    return outputs.write(rows, sink, time)


def _seconds(interval: str | timedelta) -> float:
    if interval == timedelta(0):
        return 0.0
    try:
        age = Rotation.of(interval).age
    except ValueError:
        age = None
    if age is None:
        raise ConfigurationError(
            f'interval: expected a time like "1 minute", or a timedelta, found {interval!r}'
        )
    return age / 1000
