"""Tables read from CSV files, and changelogs written to such."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal, get_args

from streamreg._exceptions import ConfigurationError
from streamreg._language import outputs
from streamreg._language.outputs import Output
from streamreg._language.schema import Schema, schema_columns
from streamreg._language.table import Table
from streamreg._path import checked_path
from streamreg._sinks.csv_file import CsvFile, IfExists
from streamreg._sinks.rotation import Rotation

__all__ = ["read", "write"]


def __dir__() -> list[str]:
    return __all__


def read(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    schema: type[Schema],
    mode: Literal["streaming", "static"] = "streaming",
    header: Sequence[str] | None = None,
    delimiter: str | None = None,
    autocommit_duration_ms: int = 1500,
    refresh_seconds: float = 5.0,
    folder: str = "",
) -> Table:
    """A table of the records (RFC 4180) in CSV files.

    Files are in UTF-8, and not compressed. A record ends with LF or CRLF, which may stand within quotes too; lines
    without anything are skipped, and so is a byte order mark at the beginning. A record that does not fit the schema is
    a reject, as a message of a topic is; its place is the file and the byte at which it begins.

    With a state each record counts once, by file and byte, through any crash. Files may grow at their end, and no
    otherwise: one that was changed before that, is shorter, was replaced by another one, renamed or removed
    ends the run with SourceError, at a restart by the checksum of all that was read of it. So each new file needs a new
    name, and writers that rotate files should begin a file with the date in its name. A file is read by one worker
    process.

    Args:
        path: a file, a pattern (`data/*.csv`; `**` stands for any folders), or several of them.
        schema: the columns and their types, as for `io.kafka.read`.
        mode: "streaming" follows files that grow, and finds new ones that a pattern matches; a record counts when its
            line end is there. "static" reads to the ends found at the start, then finishes; the last record needs no
            line end.
        header: names of the fields, if the files have no header. Otherwise the first record of each file names them, in
            any order and beside others; a file that lacks a column of the schema ends the run.
        delimiter: as for `io.kafka.read`.
        autocommit_duration_ms: as for `io.kafka.read`.
        refresh_seconds: how often new files are looked for, in streaming mode.
        folder: where relative paths start, by default at the current directory; a state does not know it, so that all
            may be moved together.

    Raises:
        ConfigurationError: naming the argument that cannot be used.
    """
    # Late: they bring NumPy, whose import is slow.
    from streamreg._files.arguments import checked_files
    from streamreg._files.layout import Layout
    from streamreg._files.source import FileSource
    from streamreg._formats.csv_files import CsvOfFiles
    from streamreg._formats.registry import input_of

    format = CsvOfFiles(header, "," if delimiter is None else delimiter)
    columns = schema_columns(schema)
    wanted = tuple(columns) if format.header is None else None
    layout = Layout(quotes=True, delimiter=format.delimiter, wanted=wanted)
    source = FileSource(
        *checked_files(path, mode, autocommit_duration_ms, refresh_seconds), folder, layout
    )
    return Table._from_input(input_of(source, columns, format, None, {}))


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
    name = checked_path(path, "path", "the path of a file")
    if not Path(name).name:
        raise ConfigurationError(
            f"path: expected the path of a file, found {name!r}, which is a directory"
        )
    if if_exists not in get_args(IfExists):
        raise ConfigurationError(
            f'if_exists: expected "fail", "replace" or "append", found {if_exists!r}'
        )
    try:
        rotation = None if rotate is None else Rotation.of(rotate)
    except ValueError as error:
        raise ConfigurationError(f"rotate: {error}") from None
    return outputs.write(table, CsvFile(name, if_exists, rotation), time)
