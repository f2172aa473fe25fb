"""Plots: the changes in a changelog in CSV, read in a stream; whoever writes it goes on undisturbed."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from streamreg._dataclass import dataclass
from streamreg._exceptions import OutputError
from streamreg._sinks.cells import cells_of, unquoted
from streamreg._sinks.part_position import parts_beside
from streamreg._sinks.records import RecordError, records

_PIECE: Final = 1 << 20

Change: TypeAlias = tuple[int, list[bytes], int, bool]
"""The number of its record, its cells as they are written, time and diff among them, its time, and whether a row comes
(else one goes)."""


@contextmanager
def opened_changelog(path: Path) -> Iterator[ChangelogFile]:
    """The file of a changelog, with its finished parts: up to where it stood when it was opened.

    Raises:
        OutputError: if it cannot be read, or is no changelog.
    """
    while True:
        parts = parts_beside(path)
        last, length = _opened(path)
        if parts_beside(path) == parts:  # Else what was opened may be a finished part by now.
            break
        last.close()
    with last, closing(_all(list(parts.values()), path, last, length)) as lines:
        header = [cell for line in next(lines, []) for cell in cells_of(line)]
        if header[-2:] != [b"time", b"diff"]:
            raise OutputError(f"{path}: no changelog: its header does not end with time,diff")
        yield ChangelogFile(path, [unquoted(cell).decode() for cell in header[:-2]], lines)


@dataclass(frozen=True)
class ChangelogFile:
    """What is read of one.

    Attributes:
        path: the file.
        names: its columns but time and diff.
        lines: its records but the header, some at a time, once.
    """

    path: Path
    names: Sequence[str]
    lines: Iterator[list[bytes]]

    def changes(self) -> Iterator[Change]:
        """The changes, once.

        Raises:
            OutputError: if the file cannot be read, or a record is none of a changelog.
        """
        count = len(self.names) + 2
        before = 1
        for lines in self.lines:
            for number, line in enumerate(lines, start=before + 1):
                cells = cells_of(line)
                try:
                    at, change = int(cells[-2]), int(cells[-1])
                except (IndexError, ValueError):
                    raise self._no_change(number) from None
                if len(cells) != count or change not in (1, -1):
                    raise self._no_change(number)
                if b'"' in line and b",".join(cells) != line:
                    raise self._no_change(number)
                yield number, cells, at, change == 1
            before += len(lines)

    def _no_change(self, number: int) -> OutputError:
        return OutputError(f"{self.path}: record {number} is none of a changelog")


def _all(
    parts: Sequence[Path], path: Path, last: BinaryIO, length: int
) -> Generator[list[bytes], None, None]:
    """All records: the header by itself, then those of all files without theirs."""
    header: bytes | None = None
    for part in parts:
        file, size = _opened(part)
        with file:
            header = yield from _behind(header, part, _records(part, file, size))
    yield from _behind(header, path, _records(path, last, length))


def _behind(
    header: bytes | None, path: Path, found: Iterator[list[bytes]]
) -> Generator[list[bytes], None, bytes | None]:
    """The records behind the header that a file has too; the first file's header as well. It returns the header."""
    for lines in found:
        if lines:
            first, *others = lines
            if header is None:
                yield [first]
            elif first != header:
                raise OutputError(f"{path}: no part of the changelog: its header is another one")
            yield others
            yield from found
            return first
    return header


def _opened(path: Path) -> tuple[BinaryIO, int]:
    """A file, and how long it is."""
    try:
        if stat.S_ISREG(path.stat().st_mode):  # A pipe would be waited for.
            file = path.open("rb")
            return file, os.fstat(file.fileno()).st_size
    except OSError as error:
        raise OutputError(f"{path}: it cannot be read: {error.strerror}") from error
    raise OutputError(f"{path}: it cannot be read: it is no regular file")


def _records(path: Path, file: BinaryIO, length: int) -> Iterator[list[bytes]]:
    """The records that are whole, some at a time: the last one may just be written."""
    try:
        yield from records(_pieces(path, file, length), quotes=True, whole=False)
    except RecordError as error:
        raise OutputError(f"{path}: no changelog: {error}") from error


def _pieces(path: Path, file: BinaryIO, length: int) -> Iterator[bytes]:
    text = codecs.getincrementaldecoder("utf-8")()
    try:
        while length > 0 and (piece := file.read(min(length, _PIECE))):
            length -= len(piece)
            text.decode(piece)
            yield piece
    except UnicodeDecodeError as error:
        raise OutputError(f"{path}: no changelog: it is not UTF-8") from error
    except OSError as error:
        raise OutputError(f"{path}: it cannot be read: {error.strerror}") from error
