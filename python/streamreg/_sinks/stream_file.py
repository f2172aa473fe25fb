"""Sink: a pipe, a terminal or another device. It cannot be cut back, so that a run that writes to one has no state.

Nothing here waits in a call to the system that a signal would not end: neither for a reader, nor for one that is slow.
"""

from __future__ import annotations

import errno
import os
import queue
import select
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamreg._exceptions import OutputError
from streamreg._plural import plural
from streamreg._sinks.file_position import FilePosition
from streamreg._sinks.output_file import OutputFile

if TYPE_CHECKING:
    from streamreg._sinks.contract import RunTerms

_LOOK_SECONDS: Final = 0.1
"""How often it is looked whether the run is to end, while the other side keeps it waiting."""

_SLOW_SECONDS: Final = 10.0
"""How long a reader may take nothing until that is told."""

_LAST_SECONDS: Final = 2.0
"""How long a reader that takes nothing is waited for when the run is to end."""

_FLAGS: Final = os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY


class StreamFile(OutputFile):
    """A pipe or a device that is open."""

    def __init__(self, path: Path, descriptor: int, header: bytes, terms: RunTerms) -> None:
        """`descriptor` belongs to this object from now on."""
        super().__init__(path, FilePosition(0))
        os.set_blocking(descriptor, False)
        self._descriptor: int | None = descriptor
        self._stopping, self._waits = terms.stopping, terms.waits
        self._waits.add(str(path))
        self.append(header)

    def _write(self, data: memoryview, *, durable: bool) -> None:
        assert self._descriptor is not None
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        try:
            while data:
                try:
                    data = data[os.write(self._descriptor, data) :]
                except BlockingIOError:
                    self._wait(poll, len(data))
        except BrokenPipeError:
            raise OutputError(f"{self.path}: nobody reads it any more") from None

    def _wait(self, poll: select.poll, left: int) -> None:
        """Until the other side takes something, or has gone."""
        give_up_at: float | None = None
        slow_at = time.monotonic() + _SLOW_SECONDS
        while not (found := poll.poll(_LOOK_SECONDS * 1000)):
            if time.monotonic() >= slow_at:
                self._waits.begin(str(self.path), "its reader takes nothing", "waits until it does")
            if give_up_at is None and self._stopping():
                give_up_at = time.monotonic() + _LAST_SECONDS
            if give_up_at is not None and time.monotonic() >= give_up_at:
                raise OutputError(
                    f"{self.path}: its reader takes nothing, and the run is to end: missing at its end: "
                    f"{plural(left, 'byte')}"
                )
        if not any(events & (select.POLLERR | select.POLLHUP) for _, events in found):
            self._waits.end(str(self.path), "its reader takes what is written")

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def open_stream(path: Path, terms: RunTerms) -> int | None:
    """Opens a pipe or a device for writing, and waits for the reader of a pipe; None if the run is to end first.

    Raises:
        OSError: if it cannot be opened.
    """
    try:
        return os.open(path, _FLAGS | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO or not path.is_fifo():
            raise
    terms.waits.begin(str(path), "nobody reads this pipe", "waits for somebody who does")
    opened: queue.SimpleQueue[int | OSError] = queue.SimpleQueue()
    threading.Thread(target=_open_blocking, args=(path, opened), daemon=True).start()
    while True:
        try:
            found = opened.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            if terms.stopping():
                _release(path, opened)
                return None
            continue
        if isinstance(found, OSError):
            raise found
        terms.waits.end(str(path), "somebody reads this pipe")
        return found


def _open_blocking(path: Path, opened: queue.SimpleQueue[int | OSError]) -> None:
    """Waits in the system for a reader: nothing but a thread can be told at once when one comes."""
    try:
        opened.put(os.open(path, _FLAGS))
    except OSError as error:
        opened.put(error)


def _release(path: Path, opened: queue.SimpleQueue[int | OSError]) -> None:
    """Ends that wait, by being the reader for a moment."""
    try:
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # Somebody has removed the pipe: its thread ends with the process.
        return
    try:
        found = opened.get(timeout=_LAST_SECONDS)
    except queue.Empty:  # The pipe is another one by now.
        return
    finally:
        os.close(reader)
    if isinstance(found, int):
        os.close(found)
