"""Commit record, beside the checkpoint: which one was saved last, in a file of one line.

SQLite treats a log that is damaged, cut or missing as one that ends there: it falls back to an older checkpoint
without an error. So each commit is followed by a commit record: its number, and the checksum of all that it holds. A
crash between the two leaves the database one commit ahead of the record. A database behind the record, or with another
checksum, is damaged.

The line is written in place: it lies within one sector, and no process dies in the middle of so short a write.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path

from streamreg._dataclass import dataclass
from streamreg._exceptions import CorruptStateError

FILE = "checkpoint.seal"

# Without the time of the change, which would cost a second write each; macOS has none such.
_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


@dataclass(frozen=True)
class CommitRecord:
    """One of a state's checkpoints, known by its number, counted from 1, and its checksum."""

    number: int
    checksum: int


NONE = CommitRecord(0, 0)
"""Before the first checkpoint."""


@dataclass(frozen=True)
class CommitRecords:
    """The commit records inside a database: of its checkpoint, and of the one before."""

    last: CommitRecord
    before: CommitRecord

    def fits(self, *records: CommitRecord) -> bool:
        """Whether it agrees with these records; two, if it was read between them, beside a run that goes on."""
        return records[0].number <= self.last.number <= records[-1].number + 1 and all(
            record in (self.last, self.before)
            or record.number not in (self.last.number, self.before.number)
            for record in records
        )


NO_RECORDS = CommitRecords(NONE, NONE)
"""Those of an empty database."""


def read(directory: Path) -> CommitRecord:
    """The commit record of a state directory; NONE if nothing was committed yet.

    Raises:
        CorruptStateError: if it is damaged.
        OSError: if it cannot be read.
    """
    try:
        line = (directory / FILE).read_bytes()
    except FileNotFoundError:
        return NONE
    if not line:  # A run crashed between making the file and writing it.
        return NONE
    try:
        number, checksum, _ = line.split(b" ")
        record = CommitRecord(int(number), int(checksum, 16))
    except ValueError:
        record = NONE
    if line != _line(record):
        raise CorruptStateError(f"{FILE} is no commit record")
    return record


def _line(record: CommitRecord) -> bytes:
    """Of the same length for every record, so that one can be overwritten by another."""
    text = f"{record.number:020d} {record.checksum:08x}".encode()
    return text + b" %08x\n" % zlib.crc32(text)


class CommitRecordFile:
    """The commit record of a state directory that is in use."""

    def __init__(self, directory: Path, found: CommitRecord, *, sync: bool) -> None:
        """`found` is what it holds now; `sync` is whether to wait until the disk has each record."""
        self._path = directory / FILE
        self._last = found
        self._sync = sync
        self._descriptor: int | None = None

    def write(self, record: CommitRecord) -> None:
        """Writes this record, if it is not there yet. Raises OSError if the disk does not take it."""
        if record == self._last:
            return
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        os.pwrite(self._descriptor, _line(record), 0)
        if self._sync:
            _sync(self._descriptor)
        self._last = record

    def close(self) -> None:
        """Closes the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
