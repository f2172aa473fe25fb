"""Serve, publisher: the run's end of what serves: it hands on what its loop tells, and never makes it wait.

The loop puts references to what it has anyway into a queue; a thread writes them to the pipe of a process, which
answers clients (`server.py`). A process that takes too little misses changes, and is given all tables anew when it has
caught up; one that dies is started again.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from streamreg._event import event
from streamreg._exceptions import ConfigurationError
from streamreg._serve.address import ListenArgument, bound, listen_of, url_of
from streamreg._serve.closed_rows import ClosedRows
from streamreg._serve.messages import EpochChanges, Layout, Standing
from streamreg._serve.recent import RecentKeeper
from streamreg._serve.server import Server

if TYPE_CHECKING:
    from streamreg._rejects.reject import Reject
    from streamreg._serve.snapshot import Snapshot

_log = logging.getLogger("streamreg")

MOST_WAITING: Final = 64 << 20
"""Bytes that may wait for the process that serves."""


class Publisher:
    """Told by the loop of a run what changes; an `EpochWatcher`."""

    def __init__(self, argument: ListenArgument) -> None:
        """Listens from now on, so that nothing is read where that cannot be.

        Raises:
            ConfigurationError: if it cannot be listened there.
        """
        listen = listen_of(argument)
        if multiprocessing.current_process().daemon:
            raise ConfigurationError(
                "listen: this process is daemonic (as those of a multiprocessing.Pool, of Celery or of Airflow are) "
                "and may start none: leave listen out"
            )
        self._socket = bound(listen)
        self.url = url_of(self._socket)
        _log.info(
            "page, metrics, health and results: %s",
            self.url,
            extra=event("listen", url=self.url),
        )
        if not listen.loopback and listen.token is None:
            _log.warning("%s is served without a token, to everyone who can connect", self.url)
        self._layout: Layout | None = None
        self._rows: Callable[[], tuple[Sequence[bytes], ...]] = tuple
        self._sums: tuple[bytes | None, ...] = ()
        self._epoch = self._unix_ms = -1
        self._changes: list[list[bytes]] = []
        self._closed: list[Sequence[bytes]] = []
        self._kept = ClosedRows()
        self._recent = RecentKeeper(0)
        self._generation = 0
        """Of the process that was given all tables."""

        self._skipped = False
        self._server = Server(listen, self._socket)

    # --- told by the loop ----------------------------------------------------

    def begin(
        self,
        layout: Layout,
        rows: Callable[[], tuple[Sequence[bytes], ...]],
        closed: Sequence[Sequence[bytes]],
        sums: tuple[bytes | None, ...],
        epoch: int,
        unix_ms: int,
    ) -> None:
        """The flow starts: `rows` gives those of all tables, as of the last closed epoch, which was at `unix_ms`.

        `closed` are those of windows that earlier runs have closed, as far as they are known.
        """
        self._layout, self._rows, self._sums = layout, rows, sums
        self._epoch, self._unix_ms = epoch, unix_ms
        self._kept = ClosedRows(closed)
        self._recent = RecentKeeper(len(layout.rows))
        self._clear()
        self._sync()

    def changed(self, index: int, lines: bytes) -> None:
        """As an `EpochWatcher`."""
        if index < len(self._changes):
            self._changes[index].append(lines)

    def closed(self, index: int, rows: Sequence[bytes]) -> None:
        """As an `EpochWatcher`."""
        if index < len(self._closed):
            self._closed[index] = [*self._closed[index], *rows]

    def written(self, index: int, lines: bytes) -> None:
        """As an `EpochWatcher`."""
        self._recent.written(index, lines)

    def rejected(self, rejects: Sequence[Reject]) -> None:
        """As an `EpochWatcher`."""
        self._recent.rejected(rejects)

    def end_epoch(
        self, epoch: int, unix_ms: int, sums: Callable[[], tuple[bytes | None, ...]]
    ) -> None:
        """An epoch was closed; it is the one before if it had nothing but rejects."""
        recent = self._recent.newest()
        if recent is not None:
            self._server.recent = recent
        if epoch == self._epoch:
            return
        self._epoch, self._unix_ms, self._sums = epoch, unix_ms, sums()
        message = EpochChanges(
            epoch,
            unix_ms,
            tuple(b"".join(lines) for lines in self._changes),
            tuple(self._closed),
            self._sums,
        )
        self._kept.add(self._closed)
        self._clear()
        if self._in_sync():
            self._server.put(self._generation, message, message.size)
            self._skipped = self._server.waiting > MOST_WAITING

    def show(self, snapshot: Snapshot) -> None:
        """What the run is doing now."""
        self._server.snapshot = snapshot
        if self._layout is not None and not self._in_sync() and not self._changing:
            self._sync()

    @property
    def _changing(self) -> bool:
        """Whether an epoch is being closed: its changes are in the tables, and will be told when it is."""
        return any(self._changes) or any(self._closed)

    def server(self) -> int | None:
        """The id of the process that serves, if it runs."""
        return self._server.pid

    def close(self) -> None:
        """Nothing more will be told: what was is sent, and clients are told of the end.

        Who follows the status is waited for, until it has seen what the run came to (`followers.LOOK_SECONDS`).
        """
        with contextlib.closing(self._socket):
            self._server.close()

    def _clear(self) -> None:
        count = 0 if self._layout is None else len(self._layout.tables)
        self._changes = [[] for _ in range(count)]
        self._closed = [() for _ in range(count)]

    def _in_sync(self) -> bool:
        """Whether the process has all that came before."""
        return self._generation == self._server.generation and not self._skipped

    def _sync(self) -> None:
        """Gives the process all tables as they stand, if it has taken what waited."""
        generation = self._server.generation
        if not generation or (self._server.waiting and generation == self._generation):
            return
        if self._layout is None:
            raise AssertionError("begin comes first")
        standing = Standing(self._epoch, self._rows(), self._kept.rows(), self._sums, self._unix_ms)
        if generation != self._generation:
            self._server.put(generation, self._layout, 0)
        self._server.put(generation, standing, standing.size)
        self._generation, self._skipped = generation, False
