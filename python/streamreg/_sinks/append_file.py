"""Sink: a file on a disk, which is appended to, and can be cut back to a length.

Nobody else may write it, move it or cut it while a run has it: at each flush it is compared with what the run has left,
before anything is written and before the checkpoint that would speak of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from streamreg._exceptions import OutputError
from streamreg._file_lock import lock
from streamreg._plural import plural
from streamreg._sinks.file_position import FilePosition
from streamreg._sinks.output_file import OutputFile, output_errors

_ADVICE: Final = (
    "nothing more was written to it. A file of a run cannot be rotated by others (the option rotate does it), cut or "
    "edited. Put it back as it was, and a run with a state goes on; or start anew with new files, and an empty state"
)


class AppendFile(OutputFile):
    """A file that is open and locked."""

    def __init__(
        self, path: Path, descriptor: int, position: FilePosition, header: bytes = b""
    ) -> None:
        """A file that is as an earlier run has left it at `position`, or is new; then `header` is its beginning.

        It is changed at the first flush: what stands past the position goes then.

        Args:
            path: the file.
            descriptor: it, open and locked. It belongs to this object from now on.
            position: up to where it is this run's.
            header: what it begins with if it is new.
        """
        super().__init__(path, position)
        # A program may go to another directory later.
        self.place = path.absolute()
        # Unbuffered: what the system does not take is never written later.
        self._file = os.fdopen(descriptor, "r+b", buffering=0)
        self._written = position.length
        self._cut_to: int | None = position.length
        self._new = not position.length
        self.append(header)

    def _cut(self, length: int) -> None:
        self._file.truncate(length)
        self._file.seek(length)

    def _write(self, data: memoryview, *, durable: bool) -> None:
        if self._cut_to is not None:
            self._compare(cut=False)
            self._cut(self._cut_to)
            self._cut_to = None
            if durable and self._new:
                # A new file must be there, and its name too, before a state speaks of it.
                sync_directory(self.place.parent)
        self._compare()
        while data:
            count = self._file.write(data)
            self._written += count
            data = data[count:]
        self._compare_length(os.fstat(self._file.fileno()).st_size)
        if durable:
            os.fsync(self._file.fileno())

    def _compare(self, *, cut: bool = True) -> None:
        """Raises OutputError if the file is not where, or what, this run has left; a first flush has yet to cut it."""
        own = os.fstat(self._file.fileno())
        try:
            named = os.stat(self.place)
        except (FileNotFoundError, NotADirectoryError):
            raise OutputError(
                f"{self.path} was deleted or renamed while this run had it: {_ADVICE}"
            ) from None
        if (own.st_dev, own.st_ino) != (named.st_dev, named.st_ino):
            raise OutputError(
                f"{self.path} was replaced by another file while this run had it: {_ADVICE}"
            )
        if cut or own.st_size < self._written:
            self._compare_length(own.st_size)

    def _compare_length(self, length: int) -> None:
        if length != self._written:
            what = "was cut" if length < self._written else "was written to by somebody else"
            raise OutputError(
                f"{self.path} {what} while this run had it: "
                f"it has {plural(length, 'byte')}, not {self._written:,}; {_ADVICE}"
            )

    def followed(self, name: str, header: bytes, *, durable: bool) -> AppendFile:
        """Closes it, gives it another name in its directory, and opens the one that begins in its place.

        Raises:
            OutputError: if it is not as this run has left it, something else has that name, or another run comes first.
        """
        target = self.place.with_name(name)
        self.flush(durable=durable)
        refuse_taken(target)
        with output_errors(self.path):
            self.place.rename(target)
            if durable:
                sync_directory(self.place.parent)
            descriptor = os.open(
                self.place, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666
            )
            try:
                lock(descriptor, str(self.path), OutputError)
            except BaseException:
                os.close(descriptor)
                raise
        self.close()
        following = AppendFile(self.path, descriptor, FilePosition(0), header)
        following.place = self.place
        following.flush(durable=durable)
        return following

    def close(self) -> None:
        self._file.close()


def refuse_taken(target: Path) -> None:
    """Raises OutputError if there is something where a finished part is to be."""
    if os.path.lexists(target):
        raise OutputError(
            f"{target} is in the way: a part that is finished gets this name: move what is there away"
        )


def sync_directory(directory: Path) -> None:
    """Waits until the disk has the names of the files in a directory: a new file without its name is lost.

    Raises:
        OutputError: if the disk does not take them.
    """
    with output_errors(directory):
        sync(directory)


def sync(path: Path) -> None:
    """Waits until the disk has a file, or the names of those in a directory. Raises OSError if it refuses."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
