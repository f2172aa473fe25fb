"""Sink: a file that is appended to, and can be cut back to a length."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from streamreg._exceptions import OutputError

_HELD = 1 << 20
"""Bytes gathered before they are written."""
_RECORDED = (
    "but the state says that {} bytes were written: put the file back as it was, or start anew with an empty state "
    "and new files"
)


class AppendFile:
    """An output file. Its length is what the run has given it, flushed or not."""

    def __init__(self, path: Path, header: bytes = b"", *, resume_at: int | None = None) -> None:
        """A new file that begins with `header`, or one of an earlier run, cut to `resume_at` bytes.

        Raises:
            OutputError: if the file cannot be written.
        """
        self.path = path
        self.length = 0 if resume_at is None else resume_at
        self._held: list[bytes] = []
        self._held_size = 0
        with self._errors():
            # Unbuffered: after an error nothing is left that a later close would write again.
            self._file = path.open("wb" if resume_at is None else "r+b", buffering=0)
        try:
            if resume_at is None:
                self.append(header)
                self.flush()
            else:
                self._cut(resume_at)
        except OutputError:
            self._file.close()
            raise

    def _cut(self, length: int) -> None:
        with self._errors():
            self._file.truncate(length)
            self._file.seek(length)

    def append(self, data: bytes) -> None:
        """Raises OutputError if the disk does not take it."""
        self._held.append(data)
        self._held_size += len(data)
        self.length += len(data)
        if self._held_size >= _HELD:
            self.flush()

    def flush(self, *, durable: bool = False) -> None:
        """Hands everything to the operating system, and if `durable` waits until the disk has it.

        Raises:
            OutputError: if it is not taken.
        """
        left = memoryview(b"".join(self._held))
        self._held, self._held_size = [], 0
        with self._errors():
            while left:
                left = left[self._file.write(left) :]
            if durable:
                os.fsync(self._file.fileno())

    def close(self) -> None:
        """Lets go of the file; what was not flushed is not written."""
        self._file.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(f"{self.path}: {error.strerror}") from error


def refuse_existing(path: Path, header: bytes) -> None:
    """Raises OutputError if a file holds more than this header: a run would overwrite it.

    Less of it is what a run leaves that dies while it makes its files.
    """
    try:
        with path.open("rb") as file:
            found = file.read(len(header) + 1)
    except FileNotFoundError:
        if not path.absolute().parent.is_dir():
            raise OutputError(f"{path}: there is no directory {path.absolute().parent}") from None
        return
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}") from error
    if not header.startswith(found):
        raise OutputError(
            f"{path} exists, and there is no state to continue it from: move the file away, or write to "
            "another path (a run with state=… continues its files)"
        )


def refuse_shorter(path: Path, length: int) -> None:
    """Raises OutputError if a file is not there, or holds less than a run has recorded: rows are gone."""
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        raise OutputError(f"{path} is missing, {_RECORDED.format(length)}") from None
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror}") from error
    if found < length:
        raise OutputError(f"{path} has {found} bytes, {_RECORDED.format(length)}")


def sync_directory(directory: Path) -> None:
    """Waits until the disk has the names of the files in a directory: a new file without its name is lost.

    Raises:
        OutputError: if the disk does not take them.
    """
    try:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OutputError(f"{directory}: {error.strerror}") from error
