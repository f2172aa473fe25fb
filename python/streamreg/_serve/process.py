"""Serve, process: what runs in the process that serves: it takes the run's messages, and answers clients."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import signal
import threading
from collections.abc import Iterator
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from socket import socket
from typing import Final

import uvicorn

from streamreg._serve.address import Listen
from streamreg._serve.app import app_of
from streamreg._serve.connection import PatientProtocol
from streamreg._serve.feed import Feed
from streamreg._serve.messages import Message

_MOST_CONNECTIONS: Final = 512
_NICE: Final = 5
"""How much this process stands back where processors are scarce: the run comes first, whatever clients ask for."""

_END_SECONDS: Final = 1
"""How long clients are given to take the last they were sent."""


def main(messages: Connection, listening: socket, listen: Listen) -> None:
    """Serves until the run closes its end of the pipe, or dies."""
    os.nice(_NICE)
    handled = {signal.SIGINT, signal.SIGTERM}
    for number in handled:  # The run listens to signals, and tells this process when it has ended.
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    asyncio.run(_serve(messages, listening, listen))


async def _serve(messages: Connection, listening: socket, listen: Listen) -> None:
    feed = Feed()
    while feed.snapshot is None:  # Clients wait until something is known.
        if not await _take(messages, feed):
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
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_END_SECONDS,
    )
    server = _Server(config)
    reading = asyncio.create_task(_read(messages, feed, server))
    await server.serve(sockets=[listening])
    await reading


class _Server(uvicorn.Server):
    """One that leaves signals to the run."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


async def _read(messages: Connection, feed: Feed, server: uvicorn.Server) -> None:
    """Takes the messages, one after another: while one is worked on, the next waits in the pipe.

    What fails here ends the process, which the run starts again: it must not go on to serve what is old.
    """
    try:
        while await _take(messages, feed):
            pass
    finally:
        feed.end()
        server.should_exit = True


async def _take(messages: Connection, feed: Feed) -> bool:
    """Takes the next message; False if none will come."""
    try:
        message: Message = pickle.loads(await asyncio.to_thread(messages.recv_bytes))
    except (EOFError, OSError):
        return False
    feed.take(message)
    return True


def _end_with_parent() -> None:
    """Ends this process at once when the run's dies."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
