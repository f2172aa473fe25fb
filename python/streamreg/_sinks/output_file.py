"""Sink: a file that is written in order. What is appended is gathered, and written in large pieces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from streamreg._exceptions import OutputError
from streamreg._os_error import said
from streamreg._sinks.file_position import FilePosition

_ELSEWHERE = "name a path where this process may write; relative ones start at the job file, or the current folder"
_HELD = 1 << 20
"""Bytes gathered before they are written."""


class OutputFile(ABC):
    """An output that is open."""

    def __init__(self, path: Path, position: FilePosition) -> None:
        self.path = path
        self.position = position
        """Where it stands with all that the run has given it, flushed or not."""
        self._held: list[bytes] = []
        self._held_size = 0

    def append(self, data: bytes) -> None:
        """Raises OutputError if the file does not take it."""
        self._held.append(data)
        self._held_size += len(data)
        self.position = self.position.after(data)
        if self._held_size >= _HELD:
            self.flush()

    def flush(self, *, durable: bool = False) -> None:
        """Hands everything to the operating system, and if `durable` waits until the disk has it.

        Raises:
            OutputError: if it is not taken, or the file is not as this run has left it.
        """
        # Given up first: after an error nothing is left that a later call would write again.
        data = b"".join(self._held)
        self._held, self._held_size = [], 0
        with output_errors(self.path):
            self._write(memoryview(data), durable=durable)

    @abstractmethod
    def _write(self, data: memoryview, *, durable: bool) -> None:
        """Writes all of it. Raises OSError, OutputError if it is not taken."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of the file; what was not flushed is not written."""


class output_errors:  # as those of contextlib are named
    """Raises what the system says of a file as OutputError."""

    # No generator: each flush would start one, which takes several times as long.

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OSError) and not isinstance(error, OutputError):
            raise OutputError(f"{self._path}: {said(error, _ELSEWHERE)}") from error
