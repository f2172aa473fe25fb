"""Kafka: calls of the client that block, made in threads of their own, for which whoever makes them waits at the end.

A client lives as long as a call of it. If the process ends meanwhile, OpenSSL is taken down under the client's own
threads, which then crash in the middle of a handshake.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from confluent_kafka import KafkaException

T = TypeVar("T")


class Threads:
    """The threads of one owner."""

    def __init__(self) -> None:
        """None runs yet."""
        self._lock = threading.Lock()
        self._running: list[threading.Thread] = []
        self._ending = threading.Event()

    def start(self, call: Callable[[], T]) -> Future[T]:
        """The result of a call that blocks."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(call())
            except KafkaException as error:
                # Without its frames, which hold the client: so would whoever hears of the error.
                future.set_exception(error.with_traceback(None))
            except BaseException as error:
                future.set_exception(error)

        thread = threading.Thread(target=run, daemon=True)
        with self._lock:  # A call may make others.
            thread.start()
            self._running = [one for one in self._running if one.is_alive()] + [thread]
        return future

    def ending(self) -> bool:
        """Whether a call is to end as soon as it can: nobody waits for its result any more."""
        return self._ending.is_set()

    def end(self, seconds: float) -> bool:
        """Has calls end, and waits for them so long at most; whether none is left."""
        self._ending.set()
        deadline = time.monotonic() + seconds
        with self._lock:
            running = self._running
        for thread in running:
            thread.join(max(deadline - time.monotonic(), 0.0))
        return not any(thread.is_alive() for thread in running)
