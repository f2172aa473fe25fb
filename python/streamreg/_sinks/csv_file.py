"""Sink: a changelog as a CSV file: a header, then the rows with their time and diff."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from streamreg._sinks.file_sink import FileSpec
from streamreg._sinks.records import RecordError, records, shown

if TYPE_CHECKING:
    from streamreg._sinks.contract import Changes, ColumnSpec


@dataclass(frozen=True)
class CsvFile(FileSpec):
    """A CSV file."""

    sink: ClassVar[str] = "csv"
    call: ClassVar[str] = "io.csv.write"

    def beginning(self, columns: Sequence[ColumnSpec]) -> bytes:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(
            [*(column.name for column in columns), "time", "diff"]
        )
        return line.getvalue().encode()

    def text_of(self, changes: Changes) -> bytes:
        return changes.lines

    def changes_in(
        self, columns: Sequence[ColumnSpec], pieces: Iterator[bytes]
    ) -> Iterator[Sequence[bytes]]:
        (header,) = next(records([self.beginning(columns)], quotes=True))
        begun = False
        for found in records(pieces, quotes=True):
            lines = found
            if not begun and lines:
                if lines[0] != header:
                    raise RecordError(f"it begins with {shown(lines[0])}, not {shown(header)}")
                lines, begun = lines[1:], True
            yield lines
        if not begun:
            raise RecordError("its header is missing")
