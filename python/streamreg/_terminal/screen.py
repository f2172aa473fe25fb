"""Terminal: lines for people, written by a thread of their own: a screen that is frozen or gone holds up nobody.

A write to a terminal that was stopped by Ctrl-S, or to a pipe whose reader takes nothing, blocks for as long as that
lasts. The thread writes to a descriptor, not to the stream: at its end Python waits for the lock of a stream in which
somebody writes.
"""

from __future__ import annotations

import io
import os
import select
import signal
import sys
import threading
from collections import deque
from typing import TextIO

from streamreg._terminal.standard_streams import descriptor, drop_broken, has_reader, is_terminal
from streamreg._terminal.width import one_line

_RENEW = "\r\x1b[K"
"""Back to the start of the line, and nothing on it."""
_MOST_LINES = 1000
"""Lines that wait for a frozen screen; the oldest are dropped for new ones."""
_LAST_SECONDS = 1.0
"""How long the end waits for a screen to take the last line."""


class Screen:
    """A stream that takes lines, and shows one below them that is renewed where it is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        """The stream is not closed, and not used from another thread if it is none of the operating system's."""
        self.terminal = is_terminal(stream)
        self._stream = stream
        number = descriptor(stream)
        # Its own number: the program may close the stream, and open something else.
        self._descriptor = None if number is None else os.dup(number)
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._changed = threading.Condition()
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._status = ""
        self._renewed = False
        self._closing = False
        self._thread: threading.Thread | None = None
        if self._descriptor is not None:
            self._thread = threading.Thread(
                target=self._work, args=(self._descriptor,), name="streamreg-screen", daemon=True
            )
            self._thread.start()

    @property
    def columns(self) -> int:
        """How wide it is; 80 if that is not known."""
        if self._descriptor is None:
            return 80
        try:
            return os.get_terminal_size(self._descriptor).columns or 80
        except OSError:
            return 80

    def status(self, text: str) -> None:
        """Shows a line in place of the last such one; nothing where it could not be renewed."""
        if self.terminal:
            self._put(None, text)

    def line(self, text: str) -> None:
        """Adds a line above the one that is renewed."""
        self._put(text, None)

    def close(self, last: str | None = None) -> None:
        """Takes the renewed line away, with a last one in its place."""
        self._put(last, "")
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is None or self._descriptor is None:
            return
        self._thread.join(_LAST_SECONDS)
        if not self._thread.is_alive():
            os.close(self._descriptor)
            self._descriptor = None

    def _put(self, line: str | None, status: str | None) -> None:
        with self._changed:
            if line is not None:
                self._lines.append(line)
            if status is not None:
                self._status = status
                self._renewed = True
            self._changed.notify()
        if self._thread is None:
            self._stream.write(self._taken())
            self._stream.flush()

    def _work(self, number: int) -> None:
        # Signals belong to the main thread, which a signal taken here would not wake; and a write from the
        # background, which `stty tostop` forbids, would stop the whole run.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            while (text := self._next()) is not None:
                _write(number, text.encode(self._encoding, "backslashreplace"))
        except OSError:  # The terminal is gone: there is nobody to tell.
            return

    def _next(self) -> str | None:
        """Waits for something to write; None at the end."""
        with self._changed:
            while not (self._lines or self._renewed):
                if self._closing:
                    return None
                self._changed.wait()
            return self._taken()

    def _taken(self) -> str:
        lines = "".join(f"{line}\n" for line in self._lines)
        self._lines.clear()
        self._renewed = False
        return f"{_RENEW}{lines}{self._status}" if self.terminal else lines


def _write(number: int, data: bytes) -> None:
    """Writes all of it, however long that takes; OSError if nobody will read it."""
    room = select.poll()
    room.register(number, select.POLLOUT)
    while data:
        try:
            data = data[os.write(number, data) :]
        except BlockingIOError:  # Whoever shares the pipe has made it one that does not wait.
            room.poll()


def say(*texts: str) -> None:
    """Writes each text to stderr as one line, whatever it holds; where nobody reads it, to nobody."""
    lines = "\n".join(map(one_line, texts))
    stream = sys.stderr or io.StringIO()
    try:
        if has_reader(stream):
            Screen(stream).close(lines)
        else:
            print(lines, file=stream, flush=True)
    except OSError:
        drop_broken()
    except ValueError:  # the program has closed it
        return
