"""Sink: a changelog as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streamreg._sinks.file_place import place_of
from streamreg._sinks.open_file import check_file, open_file

if TYPE_CHECKING:
    from streamreg._sinks.contract import Changes, ColumnSpec, Position, RunTerms
    from streamreg._sinks.output_file import OutputFile


CSV: Final = "csv"
"""What a state calls such a sink."""


class CsvSink:
    """An open file; its position is that of the file."""

    def __init__(self, file: OutputFile) -> None:
        self._file = file

    @property
    def position(self) -> Position:
        return self._file.position.to_json()

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
        return place_of(Path(self.path))

    def identity(self) -> Mapping[str, Any]:
        return {"sink": CSV}

    def check(
        self, columns: Sequence[ColumnSpec], position: Position | None, terms: RunTerms
    ) -> None:
        check_file(Path(self.path), changelog_header(columns), position, terms)

    def open(
        self, columns: Sequence[ColumnSpec], position: Position | None, terms: RunTerms
    ) -> CsvSink | None:
        file = open_file(Path(self.path), changelog_header(columns), position, terms)
        return None if file is None else CsvSink(file)


def changelog_header(columns: Sequence[ColumnSpec]) -> bytes:
    """The first line of a changelog file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(
        [*(column.name for column in columns), "time", "diff"]
    )
    return line.getvalue().encode()
