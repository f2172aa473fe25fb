"""Worker: the mailbox, a bounded fan-in from all workers to the parent.

One `multiprocessing` pipe per worker, waited on together. A queue shared by all workers would be one
object less, but its lock and its pipe are shared too: a worker killed while it writes leaves the lock held
and half a message in the pipe, and the others wait for ever (the multiprocessing documentation says so of
`Queue`). Here a crash breaks only that worker's own pipe, and shows as its end.

Bounded: a pipe holds a megabyte at most, and a worker waits in `send` until the parent has read. Its Kafka
client goes on in threads of its own meanwhile, up to the limits of its own queue.

The parent never waits for the rest of a frame: a worker may be stopped, or stuck, in the middle of writing one, and
the parent must be able to end all the same.
"""

from __future__ import annotations

import fcntl
import io
import logging
import math
import os
import pickle
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection

from streamreg._dataclass import dataclass
from streamreg._worker.partial import Partial


@dataclass(slots=True)
class Frame:
    """A partial on its way."""

    worker: int
    partial: Partial
    log_ends: Mapping[int, int]
    """Where the logs of its partitions end, as far as it is known."""

    reader: str = ""
    """As the batch has it."""

    timestamp: int | None = None
    """That of its last message, as the topic has it; None if there is none."""

    def __reduce__(self) -> tuple[type[Frame], tuple[object, ...]]:
        """By position, as a partial."""
        return Frame, (self.worker, self.partial, self.log_ends, self.reader, self.timestamp)


@dataclass(slots=True)
class Begun:
    """Where the batch begins that is worked on next: the offset of each of its partitions."""

    starts: dict[int, int]


@dataclass(slots=True)
class Turned:
    """That a worker turns, though nothing has come: of one that hangs nothing comes."""


@dataclass(slots=True)
class Notice:
    """A line about the connection, for people."""

    text: str


@dataclass(slots=True)
class Logged:
    """What a worker's client logs."""

    record: logging.LogRecord


@dataclass(slots=True)
class Failure:
    """The last message of a worker: the error that ends it."""

    error: Exception | None
    """An error meant for the user, as it is; None for any other."""

    traceback: str


Mail = Frame | Begun | Turned | Notice | Logged | Failure


_LENGTH = 8
"""Bytes in front of each mail that say how long it is."""
_PIPE = 1024 * 1024
"""Bytes that a pipe holds where the system lets it be so wide: a large frame, so that a worker writes it at one go."""


class Outbox:
    """A worker's end of the mailbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.sent_at = -math.inf
        """When something was sent last, by the monotonic clock."""

    def send(self, mail: Mail) -> None:
        """Waits while the mailbox is full. BrokenPipeError if the parent is gone."""
        # Length and mail in one piece: written by themselves, the first bytes would wake the parent for nothing.
        data = io.BytesIO(bytes(_LENGTH))
        data.seek(_LENGTH)
        pickle.dump(mail, data, protocol=pickle.HIGHEST_PROTOCOL)
        left = data.getbuffer()
        left[:_LENGTH] = (len(left) - _LENGTH).to_bytes(_LENGTH, "little")
        while left:
            left = left[os.write(self._connection.fileno(), left) :]
        self.sent_at = time.monotonic()


class Inbox:
    """The parent's end of one worker's pipe."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        os.set_blocking(connection.fileno(), False)
        if sys.platform == "linux":
            # In the usual 64 kilobytes a large frame takes a dozen turns of worker and parent.
            with suppress(OSError):  # The system grants a user so many wide pipes, and no more.
                fcntl.fcntl(connection.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
        self._expect(_LENGTH, mail=False)

    def _expect(self, size: int, *, mail: bool) -> None:
        self._data = bytearray(size)
        self._filled = 0
        self._is_mail = mail

    def receive(self) -> Mail | None:
        """The next mail; None if it is not whole yet, so that there is something to wait for.

        Raises:
            EOFError: at the end of a pipe whose worker is gone. A mail that it had not finished is dropped.
        """
        while self._fill():
            if self._is_mail:
                mail = pickle.loads(self._data)
                self._expect(_LENGTH, mail=False)
                assert isinstance(mail, Mail)
                return mail
            self._expect(int.from_bytes(self._data, "little"), mail=True)
        return None

    def _fill(self) -> bool:
        """Reads what is there, and nothing past the piece that is expected; whether that is whole now."""
        while self._filled < len(self._data):
            try:
                with memoryview(self._data) as data:
                    count = os.readv(self.connection.fileno(), [data[self._filled :]])
            except BlockingIOError:
                return False
            if not count:
                raise EOFError
            self._filled += count
        return True

    def close(self) -> None:
        self.connection.close()
