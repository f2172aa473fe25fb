"""Sink: a file is looked at, opened, locked and compared with what the state says of it, before it is changed."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from streamreg._core import crc32
from streamreg._exceptions import OutputError
from streamreg._file_lock import lock
from streamreg._plural import plural
from streamreg._sinks.append_file import AppendFile
from streamreg._sinks.file_place import kind_of, refuse_state
from streamreg._sinks.file_position import FilePosition
from streamreg._sinks.output_file import OutputFile, output_errors
from streamreg._sinks.stream_file import StreamFile, open_stream

if TYPE_CHECKING:
    from streamreg._sinks.contract import Position, RunTerms

_log = logging.getLogger("streamreg")

Found: TypeAlias = Literal["refuse", "cut", "replace"]
"""What becomes of what a file holds that is to be a new one: the run is refused; or it is cut, if it begins like a file
of such an output; or it is cut whatever it is."""

_PIECE: Final = 1 << 20
_RECORDED: Final = (
    "but the state says that the run has written {}: put the file back as it was, or start anew with an empty state "
    "and new files"
)


def check_file(
    path: Path,
    header: bytes,
    position: Position | None,
    terms: RunTerms,
    found: Found = "refuse",
) -> None:
    """Before anything is opened or read: is the file what the state, or its absence, makes one expect?

    Args:
        path: the file.
        header: what a new one begins with.
        position: where the last run has left it; None if there was none.
        terms: of the run.
        found: what becomes of what a new one holds.

    Raises:
        OutputError: if it cannot be an output, another run has it, the run would overwrite something, or what it
            should go on from is not there.
        CorruptStateError: if the position is none of a file.
    """
    expected = None if position is None else FilePosition.of(position)
    kind = _kind(path, terms)
    if kind == "none" and expected is not None:
        raise OutputError(f"{path} is missing, {_recorded(expected.length)}")
    if kind != "plain":
        return
    with output_errors(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            lock(descriptor, str(path), OutputError, shared=True)
            if terms.thorough:
                _found(path, descriptor, header, expected, terms.stopping, found)
            else:
                _refuse_early(path, descriptor, header, expected, found)
        finally:
            os.close(descriptor)


def open_file(
    path: Path,
    header: bytes,
    position: Position | None,
    terms: RunTerms,
    found: Found = "refuse",
) -> OutputFile | None:
    """A new file that begins with `header`, or that of an earlier run; None if the run is to end before it is open.

    A plain file is locked, and changed at the first flush only: then what stands past its position goes.

    Raises:
        OutputError: as `check_file`, or if it cannot be written, or was changed since the last run.
        CorruptStateError: if the position is none of a file.
    """
    expected = None if position is None else FilePosition.of(position)
    with output_errors(path):
        if _kind(path, terms) == "stream":
            return _open_stream(path, header, terms)
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK | (os.O_CREAT if expected is None else 0)
        descriptor = os.open(path, flags, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OutputError(f"{path} has just become something else than a file")
            lock(descriptor, str(path), OutputError)
            at = _found(path, descriptor, header, expected, terms.stopping, found)
        except BaseException:
            os.close(descriptor)
            raise
        if at is None:
            os.close(descriptor)
            return None
        if found == "replace" and expected is None and (size := os.fstat(descriptor).st_size):
            _log.warning("%s: what is there is replaced: %s", path, plural(size, "byte"))
    return AppendFile(path, descriptor, at, header if expected is None else b"")


def _recorded(length: int) -> str:
    return _RECORDED.format(plural(length, "byte"))


def _kind(path: Path, terms: RunTerms) -> str:
    kind = kind_of(path)
    if terms.state is not None:
        refuse_state(path, terms.state)
        if kind == "stream":
            raise OutputError(
                f"{path} is a pipe or a device, which cannot be cut back to where a state says: write to a plain file, "
                "or run without a state"
            )
    return kind


def _open_stream(path: Path, header: bytes, terms: RunTerms) -> StreamFile | None:
    descriptor = open_stream(path, terms)
    if descriptor is None:
        return None
    _log.warning(
        "%s: a pipe or a device, which no state goes on with: after a crash all rows come again, from the first one",
        path,
    )
    try:
        if stat.S_ISFIFO(
            os.fstat(descriptor).st_mode
        ):  # Of a terminal any number of runs may have a part.
            lock(descriptor, str(path), OutputError)
        return StreamFile(path, descriptor, header, terms)
    except BaseException:
        os.close(descriptor)
        raise


def _found(
    path: Path,
    descriptor: int,
    header: bytes,
    expected: FilePosition | None,
    stopping: Callable[[], bool],
    found: Found,
) -> FilePosition | None:
    """Where the file stands, its content compared with what is expected; None if the run is to end meanwhile."""
    _refuse_early(path, descriptor, header, expected, found)
    if expected is None:
        return FilePosition(0)
    checksum = _checksum(path, descriptor, expected.length, stopping)
    if checksum is None:
        return None
    if expected.checksum not in (None, checksum):
        raise OutputError(
            f"{path} is not what the run has written: it was changed in its first {plural(expected.length, 'byte')}, "
            "or it is the file of another run, or of another time. Put the file back as it was, or start anew with an "
            "empty state and new files"
        )
    return FilePosition(expected.length, checksum)


def _refuse_early(
    path: Path, descriptor: int, header: bytes, expected: FilePosition | None, found: Found
) -> None:
    """What can be seen without reading all of the file.

    Of a new output less than its header is what a run leaves that dies while it makes its files.
    """
    if expected is not None:
        length = os.fstat(descriptor).st_size
        if length < expected.length:
            raise OutputError(f"{path} has {plural(length, 'byte')}, {_recorded(expected.length)}")
        return
    if found == "replace":
        return
    begins = os.pread(descriptor, len(header) + 1, 0)
    if not (header.startswith(begins) or (found == "cut" and begins.startswith(header))):
        raise OutputError(
            f"{path} exists, and there is no state to continue it from: move the file away, or write to "
            "another path (a run with state=… continues its files)"
        )


def _checksum(path: Path, descriptor: int, length: int, stopping: Callable[[], bool]) -> int | None:
    """That of the first bytes of a file; None if the run is to end meanwhile."""
    checksum = done = 0
    while done < length:
        if stopping():
            return None
        piece = os.pread(descriptor, min(length - done, _PIECE), done)
        if not piece:
            raise OutputError(f"{path} has {plural(done, 'byte')}, {_recorded(length)}")
        checksum = crc32(piece, checksum)
        done += len(piece)
    return checksum
