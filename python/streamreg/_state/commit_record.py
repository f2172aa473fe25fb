"""CommitRecord, beside the checkpoint: which one was saved last, in a file of one line.

SQLite takes a log that is damaged, cut or gone for one that ends there: it falls back to an older checkpoint and says
nothing. So each commit is sealed behind it: its number, and the checksum of all that it holds. A death between the
two leaves the database one commit ahead of the seal. Behind the seal, or beside it, is damage.

The line is written in place: it lies within one sector, and no process dies in the middle of so short a write.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
    """What a database says of itself: its checkpoint, and the one before."""

    last: CommitRecord
    before: CommitRecord

    def fits(self, *seals: CommitRecord) -> bool:
        """Whether it is what the seals speak of; two, if it was read between them beside a run that goes on."""
        return seals[0].number <= self.last.number <= seals[-1].number + 1 and all(
            seal in (self.last, self.before)
            or seal.number not in (self.last.number, self.before.number)
            for seal in seals
        )


NO_RECORDS = CommitRecords(NONE, NONE)
"""What an empty database says."""


def read(directory: Path) -> CommitRecord:
    """The seal of a state directory; NONE if nothing was sealed yet.

    Raises:
        CorruptStateError: if it is damaged.
        OSError: if it cannot be read.
    """
    try:
        line = (directory / FILE).read_bytes()
    except FileNotFoundError:
        return NONE
    if not line:  # A run has died between making the file and writing it.
        return NONE
    try:
        number, checksum, _ = line.split(b" ")
        seal = CommitRecord(int(number), int(checksum, 16))
    except ValueError:
        seal = NONE
    if line != _line(seal):
        raise CorruptStateError(f"{FILE} is no seal")
    return seal


def _line(seal: CommitRecord) -> bytes:
    """Of the same length for every seal, so that one can stand in the place of another."""
    text = f"{seal.number:020d} {seal.checksum:08x}".encode()
    return text + b" %08x\n" % zlib.crc32(text)


class CommitRecordFile:
    """The seal of a state directory that is in use."""

    def __init__(self, directory: Path, found: CommitRecord, *, sync: bool) -> None:
        """`found` is what it says now; `sync` is whether to wait until the disk has each seal."""
        self._path = directory / FILE
        self._says = found
        self._sync = sync
        self._descriptor: int | None = None

    def write(self, seal: CommitRecord) -> None:
        """Makes it say this, if it does not. Raises OSError if the disk does not take it."""
        if seal == self._says:
            return
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        os.pwrite(self._descriptor, _line(seal), 0)
        if self._sync:
            _sync(self._descriptor)
        self._says = seal

    def close(self) -> None:
        """Lets go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
