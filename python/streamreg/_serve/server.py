"""Serve, server: a queue, the thread that empties it, and the process at its end, started again if it dies."""

from __future__ import annotations

import contextlib
import logging
import pickle
import threading
import time
from collections import deque
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final

from streamreg._event import event
from streamreg._process import quick_imports
from streamreg._serve.followers import LOOK_SECONDS
from streamreg._worker.spawn import CONTEXT, start

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess
    from socket import socket

    from streamreg._serve.address import Listen
    from streamreg._serve.messages import Message, Recent
    from streamreg._serve.snapshot import Snapshot

_log = logging.getLogger("streamreg")

_PACE: Final = 0.05
"""Seconds between two looks at the queue: the loop of the run wakes nobody."""

_RECENT_PACE: Final = 0.5
"""Seconds between two messages with the newest rows."""

_END_SECONDS: Final = 3.0
"""What it may take to end, besides the time that who follows the run may stay."""

_FIRST_PAUSE: Final = 0.5
_MOST_PAUSE: Final = 30.0
"""Seconds before the process is started again; doubled for each further one, up to the most."""


class Server:
    """What a process is sent that serves."""

    def __init__(self, listen: Listen, listening: socket) -> None:
        """Starts it."""
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
            seconds = LOOK_SECONDS + _END_SECONDS
            self._thread.join(seconds)
            if self._process is not None:
                self._process.join(0 if self._thread.is_alive() else seconds)
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
        messages, pipe = CONTEXT.Pipe()
        process = CONTEXT.Process(
            target=_serve,
            args=(messages, self._socket, self._listen, LOOK_SECONDS),
            name="streamreg-server",
            daemon=True,
        )
        try:
            start(process)
        finally:
            messages.close()
        self._process, self.pid = process, process.pid
        self.generation += 1
        return pipe

    def _feed(self, pipe: Connection) -> None:
        """Writes what comes, until the end. Raises OSError if nobody takes it any more."""
        shown: Snapshot | None = None
        told: Recent | None = None
        due = 0.0
        silent = True
        while True:
            closing = self._closing.wait(_PACE)
            if silent and pipe.poll():
                silent = False
                self._hear(pipe)
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

    def _hear(self, pipe: Connection) -> None:
        """The process says that it answers clients; or it has died, which the next message finds."""
        with contextlib.suppress(EOFError):
            pipe.recv_bytes()
            if self.generation > 1:
                _log.info(
                    "a new process serves %s", self._listen.host, extra=event("server_recovery")
                )


def _serve(messages: Connection, listening: socket, listen: Listen, look_seconds: float) -> None:
    # Here, in the child: the run itself needs none of this.
    with quick_imports():
        from streamreg._serve import process

    process.main(messages, listening, listen, look_seconds)
