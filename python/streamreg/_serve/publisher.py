"""Serve, publisher: the run's end of what serves: it hands on what its loop tells, and never makes it wait.

The loop puts references to what it has anyway into a queue; a thread writes them to the pipe of a process, which
answers clients. A process that takes too little misses changes, and is given all tables anew when it has caught up; one
that dies is started again.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final

from streamreg._event import event
from streamreg._exceptions import ConfigurationError
from streamreg._process import quick_imports
from streamreg._serve.address import Listen, ListenArgument, bound, listen_of, url_of
from streamreg._serve.closed_rows import ClosedRows
from streamreg._serve.messages import EpochChanges, Layout, Message, Recent, Standing
from streamreg._serve.recent import RecentKeeper
from streamreg._worker.spawn import CONTEXT, start

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess
    from socket import socket

    from streamreg._rejects.reject import Reject
    from streamreg._serve.snapshot import Snapshot

_log = logging.getLogger("streamreg")

MOST_WAITING: Final = 64 << 20
"""Bytes that may wait for the process that serves."""

_PACE: Final = 0.05
"""Seconds between two looks at the queue: the loop wakes nobody."""

_RECENT_PACE: Final = 0.5
"""Seconds between two messages with the newest rows."""

_END_SECONDS: Final = 5.0
_FIRST_PAUSE: Final = 0.5
_MOST_PAUSE: Final = 30.0
"""Seconds before the process is started again; doubled for each further one, up to the most."""


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
        self._pipe = _Pipe(listen, self._socket)

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
            self._pipe.recent = recent
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
            self._pipe.put(self._generation, message, message.size)
            self._skipped = self._pipe.waiting > MOST_WAITING

    def show(self, snapshot: Snapshot) -> None:
        """What the run is doing now."""
        self._pipe.snapshot = snapshot
        if self._layout is not None and not self._in_sync():
            self._sync()

    def server(self) -> int | None:
        """The id of the process that serves, if it runs."""
        return self._pipe.pid

    def close(self) -> None:
        """Nothing more will be told: what was is sent, and clients are told of the end.

        Who follows the status is waited for, until it has seen what the run came to (`live.LOOK_SECONDS`).
        """
        with contextlib.closing(self._socket):
            self._pipe.close()

    def _clear(self) -> None:
        count = 0 if self._layout is None else len(self._layout.tables)
        self._changes = [[] for _ in range(count)]
        self._closed = [() for _ in range(count)]

    def _in_sync(self) -> bool:
        """Whether the process has all that came before."""
        return self._generation == self._pipe.generation and not self._skipped

    def _sync(self) -> None:
        """Gives the process all tables as they stand, if it has taken what waited."""
        generation = self._pipe.generation
        if not generation or (self._pipe.waiting and generation == self._generation):
            return
        if self._layout is None:
            raise AssertionError("begin comes first")
        standing = Standing(self._epoch, self._rows(), self._kept.rows(), self._sums, self._unix_ms)
        if generation != self._generation:
            self._pipe.put(generation, self._layout, 0)
        self._pipe.put(generation, standing, standing.size)
        self._generation, self._skipped = generation, False


class _Pipe:
    """The queue, the thread that empties it, and the process at its end."""

    def __init__(self, listen: Listen, listening: socket) -> None:
        self.snapshot: Snapshot | None = None
        self.recent: Recent | None = None
        self.generation = 0
        """Of the process that runs; 0 before the first."""

        self.pid: int | None = None
        self._queue: deque[tuple[int, Message, int]] = deque()
        self._put = self._taken = 0
        self._listen = listen
        self._socket = listening
        self._closing = threading.Event()
        self._process: SpawnProcess | None = None
        self._thread = threading.Thread(target=self._work, name="streamreg-publisher", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Bytes that wait. Each of the two counts is written by one thread."""
        return self._put - self._taken

    def put(self, generation: int, message: Message, size: int) -> None:
        """For the process of this generation alone."""
        self._put += size
        self._queue.append((generation, message, size))

    def close(self) -> None:
        """Sends what waits, as long as it is taken, and ends the process."""
        self._closing.set()
        try:
            self._thread.join(_END_SECONDS)
            if self._process is not None:
                self._process.join(0 if self._thread.is_alive() else _END_SECONDS)
        finally:  # A second Ctrl-C waits for nobody.
            if self._process is not None:
                self._process.kill()
                self._process.join()
        self._thread.join()

    def _work(self) -> None:
        pause = _FIRST_PAUSE
        while not self._closing.is_set():
            started = time.monotonic()
            try:
                with self._started() as pipe:
                    self._feed(pipe)
            except OSError as error:  # It is dead, or none can be started.
                if self._closing.is_set():
                    return
                if time.monotonic() - started > _MOST_PAUSE:
                    pause = _FIRST_PAUSE
                _log.warning(
                    "what serves %s has ended (%s): it is started again in %.1f s, the run goes on",
                    self._listen.host,
                    error.strerror or error,
                    pause,
                    extra=event("server_died", again_in=pause),
                )
                self._closing.wait(pause)
                pause = min(2 * pause, _MOST_PAUSE)

    def _started(self) -> Connection:
        messages, pipe = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(
            target=_serve,
            args=(messages, self._socket, self._listen),
            name="streamreg-server",
            daemon=True,
        )
        try:
            start(process)
        finally:
            messages.close()
        self._process, self.pid = process, process.pid
        self.generation += 1
        if self.generation > 1:
            _log.info("a new process serves %s", self._listen.host, extra=event("server_recovery"))
        return pipe

    def _feed(self, pipe: Connection) -> None:
        """Writes what comes, until the end. Raises OSError if nobody takes it any more."""
        shown: Snapshot | None = None
        told: Recent | None = None
        due = 0.0
        while True:
            closing = self._closing.wait(_PACE)
            # Sent after what had come before it: no snapshot tells of an epoch that the tables lack.
            snapshot, recent = self.snapshot, self.recent
            while self._queue:
                generation, message, size = self._queue.popleft()
                if generation == self.generation:
                    pipe.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
                self._taken += size
            if snapshot is not None and snapshot is not shown:
                pipe.send_bytes(pickle.dumps(snapshot, pickle.HIGHEST_PROTOCOL))
                shown = snapshot
            if recent is not None and recent is not told and (time.monotonic() >= due or closing):
                pipe.send_bytes(pickle.dumps(recent, pickle.HIGHEST_PROTOCOL))
                told, due = recent, time.monotonic() + _RECENT_PACE
            if closing:
                return


def _serve(messages: Connection, listening: socket, listen: Listen) -> None:
    # Here, in the child: the run itself needs none of this.
    with quick_imports():
        from streamreg._serve import process

    process.main(messages, listening, listen)
