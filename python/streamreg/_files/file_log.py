"""Source, files: one file as a log: its bytes from an offset on, in pieces of whole records, as long as it is the same.

That it is, is told by the CRC-32 of all bytes before the offset, which stands in the state beside it. While it is open,
a file that becomes shorter, is replaced or goes away ends the run, and so does one whose last bytes are others.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from streamreg._core import crc32
from streamreg._dataclass import dataclass
from streamreg._exceptions import SourceError
from streamreg._files.numbered_files import AGAIN
from streamreg._files.records import MOST, Records, ends_of, first_record, records, undecided

if TYPE_CHECKING:
    from streamreg._files.layout import Layout
    from streamreg._source.contract import Range, Report
    from streamreg._source.messages import Origin

PIECE: Final = 1024 * 1024
"""Bytes read at a time."""
LONGEST: Final = 64 * PIECE
"""The most bytes of a line, which is in memory as a whole."""
_TAIL: Final = 64
"""Bytes before the offset that are compared whenever the file is read on."""
_LOOKS: Final = 2
"""How often a file has grown behind a quote that is open when that is told: a writer may be in the midst of it."""
_ADVICE: Final = dict.fromkeys(
    (errno.EMFILE, errno.ENFILE),
    ": files that may grow are kept open: raise the limit of open files (ulimit -n), or read fewer",
)
_NOT_TEXT: Final = {
    b"\x1f\x8b": "is compressed (gzip): uncompress it first",
    b"\x28\xb5\x2f\xfd": "is compressed (zstd): uncompress it first",
    b"BZh": "is compressed (bzip2): uncompress it first",
    b"\xfd7zXZ\0": "is compressed (xz): uncompress it first",
    b"\x04\x22\x4d\x18": "is compressed (lz4): uncompress it first",
    b"PK\x03\x04": "is an archive (zip): unpack it first",
    b"\xff\xfe": "is text in UTF-16: convert it to UTF-8",
    b"\xfe\xff": "is text in UTF-16: convert it to UTF-8",
    b"PAR1": "is a Parquet file, and no text: a program reads it by sr.io.parquet.read",
    b"Obj\x01": "is an Avro file, and no text",
}


@dataclass(frozen=True)
class Piece:
    """Whole records of a file."""

    start: int
    """The byte at which it begins."""

    end: int
    records: Records
    checksum: int
    """The CRC-32 of all bytes before `end`."""


class FileLog:
    """A file that is read from an offset on."""

    def __init__(
        self, path: str, origin: Origin, layout: Layout, range: Range, report: Report
    ) -> None:
        """Looks at nothing yet. `path` is where it is, `origin` what people call it."""
        self._report = report
        self._path = path
        self._origin = origin
        self._layout = layout
        self._range = range
        self._file: int | None = None
        self._at = range.start
        self._checksum = 0
        self._checked = 0
        self._tail = b""
        self._rest = b""
        """What comes before the range and may be no whole record: what follows decides."""

        self._waits_at = -1
        self._open_at = -1
        self._open_looks = 0
        self.length = 0
        """How long it was when it was last looked at."""

        self.names: list[str] | None = None
        """What its header names, if it has one and that was read."""

    @property
    def done(self) -> bool:
        """Whether all of the range was read."""
        return self._range.end is not None and self._at >= self._range.end

    @property
    def grows(self) -> bool:
        """Whether it is read for ever."""
        return self._range.end is None

    def next(self, until: float) -> Piece | None:
        """The next records; None if there is none yet.

        Works until that time of the monotonic clock, if it is to compare what comes before the range.

        Raises:
            SourceError: if it cannot be read, or is not what was read before.
        """
        try:
            if self._file is None:
                self._file = self._open()
            limit = self._limit(self._file)
            if self._checked < self._range.start:
                self._compare(self._file, until)
                if self._checked < self._range.start:
                    return None
            if self.done or limit <= self._at or limit == self._waits_at:
                return None
            if self._rest and not self._begins(self._file, limit):
                self._waits_at = limit
                return None
            if self._layout.wanted is not None and self.names is None:
                header = self._read_header(self._file, limit)
                if header is None:
                    self._waits_at = limit
                    return None
                if not self._at:
                    return self._taken(header, Records([], None, 0))
            return self._next(self._file, limit)
        except OSError as error:
            raise SourceError(
                f"{self._origin} cannot be read: {error.strerror}{_ADVICE.get(error.errno or 0, '')}"
            ) from error

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            raise self._gone() from None
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise SourceError(
                    f"{self._origin} is no regular file: only such ones can be read again"
                )
            beginning = os.pread(file, max(map(len, _NOT_TEXT)), 0)
            for mark, what in _NOT_TEXT.items():
                if beginning.startswith(mark):
                    raise SourceError(f"{self._origin} {what}")
        except BaseException:
            os.close(file)
            raise
        return file

    def _limit(self, file: int) -> int:
        """Up to where there is something to read. Raises SourceError if the file is another one, or shorter."""
        held = os.fstat(file)
        if self._range.end is None:
            try:
                named = os.stat(self._path)
            except FileNotFoundError:
                raise self._gone() from None
            if (named.st_dev, named.st_ino) != (held.st_dev, held.st_ino):
                raise SourceError(
                    f"{self._origin} was replaced by another one while it was being read: {AGAIN}. "
                    "A new file needs a new name"
                )
        self.length = held.st_size
        end = held.st_size if self._range.end is None else self._range.end
        if held.st_size < (self._at if self._range.end is None else end):
            raise self._other(
                f"ends at byte {held.st_size}, but was read or is to be read up to {max(self._at, end)}"
            )
        return end

    def _gone(self) -> SourceError:
        return SourceError(f"{self._origin} is not there any more: {AGAIN}")

    def _other(self, how: str) -> SourceError:
        return SourceError(f"{self._origin} is not the one that was read: it {how}: {AGAIN}")

    def _compare(self, file: int, until: float) -> None:
        """Computes the checksum of what comes before the range, and compares it at the end; follows its records."""
        start = self._range.start
        while self._checked < start:
            data = self._read(file, self._checked, min(PIECE, start - self._checked))
            if self._layout.between is not None:
                before = self._checked - len(self._rest)
                self._rest = undecided(self._rest + data, before, delimiter=self._layout.between)
            self._checksum = crc32(data, self._checksum)
            self._checked += len(data)
            self._tail = data[-_TAIL:]
            if self._checked < start and time.monotonic() >= until:
                return
        if self._range.leader_epoch not in (None, self._checksum):
            raise self._other(f"has other content before byte {start}")
        if b'"' not in self._rest:
            self._rest = b""
        if not self._tail.endswith(b"\n"):
            # The last record had no line end: it was taken as it stood.
            more = os.pread(file, 1, start)
            if more not in (b"", b"\n", b"\r"):
                raise self._goes_on()

    def _goes_on(self) -> SourceError:
        return self._other(
            f"goes on in the record that was read as its last one, up to byte {self._range.start}"
        )

    def _begins(self, file: int, limit: int) -> bool:
        """Whether a record still begins where the range does; not known yet where a quote before it is open.

        A quote that nothing had closed by the end of the file has cost its line; what follows now may close it.

        Raises:
            SourceError: if none does.
        """
        start, size, at = self._range.start, PIECE, len(self._rest)
        delimiter = self._layout.delimiter
        while True:
            more = self._read(file, start, min(size, limit - start))
            at_end = start + len(more) == limit
            final = at_end and self._range.end is not None
            ends = ends_of(self._rest + more, start - at, delimiter=delimiter, final=final)
            # A last record that had no line end is followed by that.
            if any(end - start in (0, 1, 2) and not more[: end - start].strip() for end in ends):
                self._rest = b""
                return True
            if ends and ends[-1] > start:
                raise self._goes_on()
            if at_end:
                return False
            size *= 2

    def _read(self, file: int, start: int, size: int) -> bytes:
        """So many bytes. Raises SourceError if there are fewer."""
        data = os.pread(file, size, start)
        while len(data) < size:
            more = os.pread(file, size - len(data), start + len(data))
            if not more:
                raise self._other(f"ends at byte {start + len(data)}, but was longer")
            data += more
        return data

    def _read_header(self, file: int, limit: int) -> bytes | None:
        """All bytes up to the end of the first record, whose names are kept; None if it is not whole yet.

        Raises:
            SourceError: if it is no header for the columns.
        """
        final = self._range.end is not None
        size = PIECE
        while True:
            data = self._read(file, 0, min(size, limit))
            found = first_record(
                data, delimiter=self._layout.between, final=final and len(data) == limit
            )
            if found is not None:
                self.names = self._layout.names(found[0], self._origin)
                return data[: found[1]]
            if len(data) == limit:
                if final:
                    raise self._layout.no_header(self._origin)
                return None
            size = self._longer(size, 0)

    def _next(self, file: int, limit: int) -> Piece | None:
        before = len(self._tail)
        size = PIECE
        while True:
            data = self._read(file, self._at - before, before + min(size, limit - self._at))
            if not data.startswith(self._tail):
                raise self._other(f"has other content before byte {self._at}")
            data = data[before:]
            at_end = self._at + len(data) == limit
            final = at_end and self._range.end is not None
            found, length = records(data, self._at, delimiter=self._layout.between, final=final)
            if final and self._layout.between is not None and b'"' in data:
                self._tell_unclosed(data)
            if length:
                return self._taken(data[:length], found)
            if at_end:
                self._waits_at = limit
                if b"\n" in data:
                    self._tell_open()
                return None
            size = self._longer(size, self._at)

    def _tell_open(self) -> None:
        """Says, if a record had lines more than once and is not whole, that a quote holds up what follows."""
        self._open_looks = self._open_looks + 1 if self._open_at == self._at else 1
        self._open_at = self._at
        if self._open_looks == _LOOKS:
            self._report(
                f"{self._origin}: the record at byte {self._at} has a quote that is not closed yet: what follows waits "
                f"for that, until {MOST >> 20} MiB have come"
            )

    def _tell_unclosed(self, data: bytes) -> None:
        """Says, of the end of a file, that a quote is open there: it may have been read in the midst of a record."""
        rest = undecided(data, self._at, delimiter=self._layout.delimiter)
        at = self._at + len(data) - len(rest)
        if b"\n" in rest:
            self._report(
                f"{self._origin}: the record at byte {at} has a quote that is not closed by the end of "
                'the file, so that its line is a reject: a file that is still written to needs mode="streaming"'
            )

    def _longer(self, size: int, at: int) -> int:
        if size >= LONGEST:
            raise SourceError(
                f"{self._origin}: the line at byte {at} has no end within {LONGEST >> 20} MiB"
            )
        return size * 2

    def _taken(self, data: bytes, found: Records) -> Piece:
        start = self._at
        self._at += len(data)
        self._checksum = crc32(data, self._checksum)
        self._tail = (self._tail + data[-_TAIL:])[-_TAIL:]
        return Piece(start, self._at, found, self._checksum)


def checksum_of(path: str, end: int, stopping: Callable[[], bool]) -> int | None:
    """The CRC-32 of the first bytes of a file; None if it is shorter, or if `stopping`."""
    checksum, at = 0, 0
    with open(path, "rb") as file:
        while at < end and not stopping():
            data = file.read(min(PIECE, end - at))
            if not data:
                return None
            checksum = crc32(data, checksum)
            at += len(data)
    return checksum if at == end else None
