"""Serve, process: what runs in the process that serves: it takes the run's messages, and answers clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from socket import socket
from typing import Final

import uvicorn

from streamreg._serve.address import Listen
from streamreg._serve.app import app_of
from streamreg._serve.connection import AT_ONCE, PatientProtocol
from streamreg._serve.feed import Feed
from streamreg._serve.messages import Message

_NICE: Final = 5
"""How much this process stands back where processors are scarce: the run comes first, whatever clients ask for."""

_SWITCH_SECONDS: Final = 0.001
"""How long a thread that draws a figure keeps Python from the loop, which answers everyone else."""

_MOST_AT_ONCE: Final = 64
"""Messages that are taken together."""

_RECEIVER: Final = ThreadPoolExecutor(1, "receiver")
"""One thread receives all: each has memory of its own, which what is kept of messages would scatter over all of it."""

_END_SECONDS: Final = 1
"""How long clients are given to take the last they were sent."""


def main(messages: Connection, listening: socket, listen: Listen, look_seconds: float) -> None:
    """Serves until the run closes its end of the pipe, or dies; who follows it then may stay for so long."""
    # A sandbox may forbid it, such as that of the unit for systemd: then the two are equal.
    with contextlib.suppress(PermissionError):
        os.nice(_NICE)
    sys.setswitchinterval(_SWITCH_SECONDS)
    handled = {signal.SIGINT, signal.SIGTERM}
    for number in handled:  # The run listens to signals, and tells this process when it has ended.
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    asyncio.run(_serve(messages, listening, listen, look_seconds))


async def _serve(
    messages: Connection, listening: socket, listen: Listen, look_seconds: float
) -> None:
    feed = Feed(look_seconds=look_seconds)
    while feed.snapshot is None:  # Clients wait until something is known.
        if not await take(messages, feed):
            return
    config = uvicorn.Config(
        app_of(feed, listen),
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=AT_ONCE,
        timeout_graceful_shutdown=_END_SECONDS,
    )

    def tell() -> None:
        with contextlib.suppress(OSError):  # The run has ended meanwhile.
            messages.send_bytes(b"serves")

    server = _Server(config, tell)
    reading = asyncio.create_task(_read(messages, feed, server))
    await server.serve(sockets=[listening])
    await reading


class _Server(uvicorn.Server):
    """One that leaves signals to the run, and tells it when clients are answered."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[], object]) -> None:
        super().__init__(config)
        self._tell = tell

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begins to listen."""
        await super().startup(sockets)
        self._tell()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


async def _read(messages: Connection, feed: Feed, server: uvicorn.Server) -> None:
    """Takes the messages in their order: while some are worked on, the next wait in the pipe.

    What fails here ends the process, which the run starts again: it must not go on to serve what is old, and the run
    has not ended.
    """
    try:
        while await take(messages, feed):
            pass
        feed.end()
        await feed.followers.leave()
    finally:
        server.should_exit = True


async def take(messages: Connection, feed: Feed) -> bool:
    """Takes the messages that have come, and waits where none has; False if none will come."""
    found = await asyncio.get_running_loop().run_in_executor(_RECEIVER, _received, messages)
    for message in found:
        feed.take(message)
        await asyncio.sleep(0)  # Clients have their turn.
    return bool(found)


def _received(messages: Connection) -> list[Message]:
    """All that have come, not one at a time: the way from thread to thread is long where processors are scarce.

    One after the other, what is served would lag more and more behind a run that goes on.
    """
    found: list[Message] = []
    with contextlib.suppress(EOFError, OSError):  # The next call finds the end again.
        while len(found) < _MOST_AT_ONCE and (not found or messages.poll()):
            found.append(pickle.loads(messages.recv_bytes()))
    return found


def _end_with_parent() -> None:
    """Ends this process at once when the run's dies."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
