"""Sink: where messages are kept that did not fit: the contract, and a file; a topic is `_kafka/rejects_topic`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from streamreg._dataclass import dataclass
from streamreg._sinks.file_place import place_of
from streamreg._sinks.file_position import FilePosition
from streamreg._sinks.file_read_back import FileReadBack
from streamreg._sinks.open_file import check_file, open_file
from streamreg._sinks.records import records

if TYPE_CHECKING:
    from streamreg._sinks.contract import Position, ReadBack, RunTerms
    from streamreg._sinks.outbox import OutboxSink
    from streamreg._sinks.output_file import OutputFile


class OpenRejects(Protocol):
    """Takes rejects."""

    @property
    def outbox(self) -> OutboxSink | None:
        """Where they wait for a destination, if they do."""

    @property
    def position(self) -> Position:
        """As `contract.Sink.position`."""

    def append(self, line: bytes, number: int) -> None:
        """Takes a line of JSON (`dead_letters`), the reject of this number: in a state they count from 1 on.

        Raises:
            OutputError: if it cannot be written.
        """

    def flush(self, *, durable: bool) -> None:
        """As `contract.Sink.flush`."""

    def close(self) -> None:
        """Lets go of it."""


class RejectsSpec(Protocol):
    """Where rejects are kept, as a program says."""

    @property
    def kind(self) -> str:
        """What people call such a place."""

    @property
    def name(self) -> str:
        """What messages and the state call it."""

    @property
    def place(self) -> str:
        """As `contract.SinkSpec.place`."""

    def check(self, position: Position | None, terms: RunTerms) -> None:
        """As `contract.SinkSpec.check`."""

    def open(self, position: Position | None, terms: RunTerms) -> OpenRejects | None:
        """As `contract.SinkSpec.open`."""

    def read_back(self, position: Position) -> ReadBack:
        """The lines of all rejects up to a position."""

    def kept(self, line: bytes) -> bytes:
        """What reading back gives of a line that was appended."""


@dataclass(frozen=True)
class RejectsFile:
    """A dead-letter file, of a line for each."""

    path: Path
    kind: ClassVar[str] = "file"

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def place(self) -> str:
        return place_of(self.path)

    def check(self, position: Position | None, terms: RunTerms) -> None:
        check_file(self.path, b"", position, terms)

    def open(self, position: Position | None, terms: RunTerms) -> OpenRejectsFile | None:
        file = open_file(self.path, b"", position, terms)
        return None if file is None else OpenRejectsFile(file)

    def read_back(self, position: Position) -> FileReadBack:
        return FileReadBack(self.path, FilePosition.of(position), _lines)

    def kept(self, line: bytes) -> bytes:
        return line


def _lines(pieces: Iterator[bytes]) -> Iterator[Sequence[bytes]]:
    return records(pieces, quotes=False)


class OpenRejectsFile:
    """One that is open."""

    outbox: ClassVar[None] = None

    def __init__(self, file: OutputFile) -> None:
        """Owns the file."""
        self._file = file

    @property
    def position(self) -> Position:
        return self._file.position.to_json()

    def append(self, line: bytes, number: int) -> None:
        self._file.append(line)

    def flush(self, *, durable: bool) -> None:
        self._file.flush(durable=durable)

    def close(self) -> None:
        self._file.close()
