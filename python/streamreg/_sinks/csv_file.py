"""Sink: a changelog as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamreg._sinks.append_file import (
    AppendFile,
    refuse_existing,
    refuse_shorter,
    sync_directory,
)

if TYPE_CHECKING:
    from streamreg._sinks.contract import Changes, ColumnSpec


class CsvSink:
    """An open file; its position is its length in bytes."""

    def __init__(self, file: AppendFile) -> None:
        self._file = file

    @property
    def position(self) -> int:
        return self._file.length

    def append(self, changes: Changes) -> None:
        self._file.append(changes.lines)

    def flush(self, *, durable: bool) -> None:
        self._file.flush(durable=durable)

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class CsvFile:
    """A CSV file: a header, then the rows with their time and diff."""

    path: str

    @property
    def name(self) -> str:
        return self.path

    @property
    def place(self) -> str:
        return str(Path(self.path).resolve())

    def identity(self) -> Mapping[str, Any]:
        return {"sink": "csv"}

    def check(self, columns: Sequence[ColumnSpec], position: int | None) -> None:
        if position is None:
            refuse_existing(Path(self.path), changelog_header(columns))
        else:
            refuse_shorter(Path(self.path), position)

    def open(
        self, columns: Sequence[ColumnSpec], position: int | None, *, durable: bool
    ) -> CsvSink:
        path = Path(self.path)
        file = AppendFile(path, changelog_header(columns), resume_at=position)
        if durable and position is None:
            # A new file must be there with its first line, and its name too, before a state speaks of it.
            file.flush(durable=True)
            sync_directory(path.absolute().parent)
        return CsvSink(file)


def changelog_header(columns: Sequence[ColumnSpec]) -> bytes:
    """The first line of a changelog file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(
        [*(column.name for column in columns), "time", "diff"]
    )
    return line.getvalue().encode()
