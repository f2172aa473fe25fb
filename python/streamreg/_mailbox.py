"""Mailbox: the bounded fan-in from all workers to the parent.

One `multiprocessing` pipe per worker, waited on together. A queue shared by all workers would be one
object less, but its lock and its pipe are shared too: a worker killed while it writes leaves the lock held
and half a message in the pipe, and the others wait for ever (the multiprocessing documentation says so of
`Queue`). Here a death tears only the dead worker's own pipe, and shows as its end.

Bounded: a pipe holds some kilobytes, and a worker waits in `send` until the parent has read. Its Kafka
client goes on in threads of its own meanwhile, up to the limits of its own queue.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from streamreg._source import Headers, Location


@dataclass(frozen=True, slots=True)
class Reject:
    """A message that does not fit: where, why, and what it held."""

    location: Location
    kind: str
    column: str | None
    detail: str
    value: bytes
    key: bytes | None = None
    headers: Headers = ()


@dataclass(slots=True)
class Partial:
    """What one batch of messages comes to: a function of these messages alone."""

    progress: dict[int, tuple[int, int]]
    rows: int = 0
    outputs: list[bytes] = field(default_factory=list)
    """Packed CSV rows, one per row output of the plan."""

    states: list[bytes] = field(default_factory=list)
    """Exact partial states, one per reduction of the plan."""

    rejects: list[Reject] = field(default_factory=list)
    tombstones: int = 0


@dataclass(slots=True)
class Frame:
    """A partial on its way."""

    worker: int
    partial: Partial
    lag: int | None


@dataclass(slots=True)
class Notice:
    """A line about the connection, for people."""

    text: str


@dataclass(slots=True)
class Failure:
    """The worker's last word: the error that ends it."""

    error: Exception | None
    """An error meant for the user, as it is; None for any other."""

    traceback: str


Mail = Frame | Notice | Failure


class Outbox:
    """A worker's end of the mailbox."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, mail: Mail) -> None:
        """Waits while the mailbox is full. BrokenPipeError if the parent is gone."""
        self._connection.send_bytes(pickle.dumps(mail, protocol=pickle.HIGHEST_PROTOCOL))


class Inbox:
    """The parent's end of one worker's pipe."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def receive(self) -> Mail | None:
        """The next message; None at the end of a pipe whose worker is gone.

        What a worker was writing when it died is no message: the pipe ends within it.
        """
        try:
            mail = pickle.loads(self.connection.recv_bytes())
        except (EOFError, ConnectionResetError):
            return None
        assert isinstance(mail, Frame | Notice | Failure)
        return mail

    def close(self) -> None:
        self.connection.close()
