"""Sink: what all sinks to a file have in common: it is locked, compared, cut back to a position, and read back.

A kind of file derives from `FileSpec`, and says what a new one begins with, how changes stand in it, and how they are
found there again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from streamreg._dataclass import dataclass
from streamreg._exceptions import OutputError
from streamreg._sinks.file_place import place_of
from streamreg._sinks.file_position import FilePosition
from streamreg._sinks.file_read_back import FileReadBack
from streamreg._sinks.open_file import check_file, open_file
from streamreg._sinks.part_position import part_path

if TYPE_CHECKING:
    from streamreg._sinks.contract import Changes, ColumnSpec, Position, ReadBack, RunTerms, Sink
    from streamreg._sinks.output_file import OutputFile


class FileSink:
    """An open file; its position is that of the file."""

    def __init__(self, file: OutputFile, text_of: Callable[[Changes], bytes]) -> None:
        """`text_of` gives what is written of changes."""
        self._file = file
        self._text_of = text_of

    @property
    def position(self) -> Position:
        return self._file.position.to_json()

    def append(self, changes: Changes) -> None:
        self._file.append(self._text_of(changes))

    def flush(self, *, durable: bool) -> None:
        self._file.flush(durable=durable)

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True)
class FileSpec(ABC):
    """An output that is a file."""

    path: str

    kind: ClassVar[str] = "file"
    sink: ClassVar[str]
    """What a state calls such a sink."""

    call: ClassVar[str]

    @abstractmethod
    def beginning(self, columns: Sequence[ColumnSpec]) -> bytes:
        """What a new file begins with."""

    @abstractmethod
    def text_of(self, changes: Changes) -> bytes:
        """How changes stand in it."""

    @abstractmethod
    def changes_in(
        self, columns: Sequence[ColumnSpec], pieces: Iterator[bytes]
    ) -> Iterator[Sequence[bytes]]:
        """The changes in the bytes of a file, cut anywhere, as `ReadBack.changes` gives them.

        Raises:
            OutputError: if no run has written them.
        """

    @property
    def name(self) -> str:
        return self.path

    @property
    def place(self) -> str:
        return place_of(Path(self.path))

    def files(self) -> Sequence[Path]:
        return (Path(self.path), part_path(Path(self.path), 0))

    def identity(self) -> Mapping[str, Any]:
        return {"sink": self.sink}

    def check(
        self, columns: Sequence[ColumnSpec], position: Position | None, terms: RunTerms
    ) -> None:
        check_file(Path(self.path), self.beginning(columns), position, terms)

    def open(
        self, columns: Sequence[ColumnSpec], position: Position | None, terms: RunTerms
    ) -> Sink | None:
        file = open_file(Path(self.path), self.beginning(columns), position, terms)
        return None if file is None else FileSink(file, self.text_of)

    def is_new(self, columns: Sequence[ColumnSpec], terms: RunTerms) -> bool:
        """Whether there is no such output yet, or one that a run has left which died while it made it."""
        try:
            check_file(Path(self.path), self.beginning(columns), None, terms)
        except OutputError:
            return False
        return True

    def read_back(self, columns: Sequence[ColumnSpec], position: Position) -> ReadBack:
        return FileReadBack(
            Path(self.path),
            FilePosition.of(position),
            lambda pieces: self.changes_in(columns, pieces),
        )
