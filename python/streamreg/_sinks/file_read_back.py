"""Sink: a file read back, up to where it stands; a run that writes it goes on undisturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from streamreg._plural import plural
from streamreg._sinks.file_position import FilePosition
from streamreg._sinks.records import RecordError, last_records, pieces


class FileReadBack:
    """The first bytes of a file."""

    def __init__(
        self,
        path: Path,
        position: FilePosition,
        records: Callable[[Iterator[bytes]], Iterator[Sequence[bytes]]],
    ) -> None:
        """`records` takes bytes, cut anywhere, apart into changes."""
        self._path = path
        self._position = position
        self._records = records

    @property
    def extent(self) -> str:
        return plural(self._position.length, "byte")

    @property
    def length(self) -> int:
        """In bytes."""
        return self._position.length

    def changes(self) -> Iterator[Sequence[bytes]]:
        return self._records(self._pieces())

    def last_changes(self, most: int) -> Sequence[bytes]:
        """The changes in the last bytes, at most so many, without reading what is before them.

        Raises:
            OutputError: if they cannot be read.
        """
        return last_records(self._path, self._position.length, most)

    def check_bytes(self) -> str:
        found = FilePosition(0)
        for piece in self._pieces():
            found = found.after(piece)
        if self._position.checksum is None:
            return "a state of an older format has no checksum of them"
        if found.checksum != self._position.checksum:
            raise RecordError("other bytes than the run has written: their checksum differs")
        return f"those that the run has written: {self.extent}"

    def _pieces(self) -> Iterator[bytes]:
        return pieces(self._path, self._position.length)


def unread(_pieces: Iterator[bytes]) -> Iterator[Sequence[bytes]]:
    """The changes of a file of which the bytes alone are compared: none."""
    yield from ()
