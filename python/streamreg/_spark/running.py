"""Spark, on the driver: jobs that run in a thread: the loop looks after signals and progress meanwhile."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from streamreg._worker.mailbox import Frame

T = TypeVar("T")

LOOK_SECONDS: Final = 30.0
"""Seconds in which some task of a job is to begin."""


class Running(Generic[T]):
    """A job under way."""

    def __init__(self, job: Callable[[], T], then: Callable[[T], Iterator[Frame]]) -> None:
        """`then` says what frames come of the result; it is called by whoever asks for them."""
        self._job = job
        self._then = then
        self._result: list[T] = []
        self._error: Exception | None = None
        self.seconds = 0.0
        self.look_at = time.monotonic() + LOOK_SECONDS
        """When it is to be looked at whether somebody works on it, by the monotonic clock."""

        self.ended, self._end = os.pipe()
        """Readable as soon as there is a result."""

    def run(self) -> None:
        """Does the job."""
        started = time.monotonic()
        try:
            self._result.append(self._job())
        except Exception as error:  # told to whoever asks for the result
            self._error = error
        finally:
            self.seconds = time.monotonic() - started
            os.close(self._end)

    def frames(self) -> Iterator[Frame]:
        """What comes of it; once, when it has ended. Raises what the job has raised."""
        os.close(self.ended)
        if self._error is not None:
            raise self._error
        return self._then(self._result.pop())

    def drop(self) -> None:
        """Nobody asks for the result any more."""
        os.close(self.ended)


class Runner:
    """The thread."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._work, name="streamreg-batches", daemon=True).start()

    def start(self, running: Running[T]) -> None:
        """Begins a job."""
        self._jobs.put(running.run)

    def close(self) -> None:
        """Ends the thread, when what it runs has ended."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (run := self._jobs.get()) is not None:
            run()
