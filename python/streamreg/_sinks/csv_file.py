"""Sink: a changelog as a CSV file: a header, then the rows with their time and diff."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._exceptions import OutputError
from streamreg._sinks.file_sink import FileSink, FileSpec
from streamreg._sinks.open_file import Found, check_file, open_file
from streamreg._sinks.part_position import PartsPosition
from streamreg._sinks.parts_file import check_parts, open_parts
from streamreg._sinks.parts_read_back import PartsReadBack
from streamreg._sinks.records import RecordError, records, shown

if TYPE_CHECKING:
    from streamreg._sinks.contract import Changes, ColumnSpec, Position, ReadBack, RunTerms, Sink
    from streamreg._sinks.rotation import Rotation

IfExists: TypeAlias = Literal["fail", "replace", "append"]
"""What becomes of a file that is there, where no state says that the run has written it."""


@dataclass(frozen=True)
class CsvFile(FileSpec):
    """A CSV file, in parts if there is a rotation."""

    if_exists: IfExists = "fail"
    rotation: Rotation | None = None

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

    def check(
        self, columns: Sequence[ColumnSpec], position: Position | None, terms: RunTerms
    ) -> None:
        if self.if_exists == "append" and terms.state is None:
            raise OutputError(
                f'{self.path}: if_exists="append" goes on with a file by the state that wrote it: run with state=…'
            )
        check = check_parts if self._in_parts(position) else check_file
        check(Path(self.path), self.beginning(columns), position, terms, self._found)

    def open(
        self, columns: Sequence[ColumnSpec], position: Position | None, terms: RunTerms
    ) -> Sink | None:
        path, header = Path(self.path), self.beginning(columns)
        if self._in_parts(position):
            return open_parts(
                path,
                header,
                position,
                terms,
                self._found,
                text_of=self.text_of,
                rotation=self.rotation,
            )
        file = open_file(path, header, position, terms, self._found)
        return None if file is None else FileSink(file, self.text_of)

    def is_new(self, columns: Sequence[ColumnSpec], terms: RunTerms) -> bool:
        try:
            check = check_parts if self._in_parts(None) else check_file
            check(Path(self.path), self.beginning(columns), None, terms, "refuse")
        except OutputError:
            return False
        return True

    def read_back(self, columns: Sequence[ColumnSpec], position: Position) -> ReadBack:
        if self._in_parts(position):
            return PartsReadBack(
                Path(self.path),
                PartsPosition.of(position),
                lambda pieces: self.changes_in(columns, pieces),
            )
        return super().read_back(columns, position)

    @property
    def _found(self) -> Found:
        return "replace" if self.if_exists == "replace" else "refuse"

    def _in_parts(self, position: Position | None) -> bool:
        """Whether it has parts, or has had some."""
        return self.rotation is not None or PartsPosition.is_such(position)

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
