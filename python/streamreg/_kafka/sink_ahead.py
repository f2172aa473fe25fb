"""Sink, Kafka: changes that are sent while their checkpoint is written, in a transaction that is committed after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamreg._kafka.in_thread import Threads
    from streamreg._kafka.settings import Setting
    from streamreg._sinks.contract import EpochChanges

TIMEOUT: Final = "transaction.timeout.ms"
"""The setting of how long a transaction may be open before the broker ends it."""

_TIMEOUT_MS: Final = 60_000
"""What it is by itself."""

_MOST: Final = 0.5
"""Up to which part of it a transaction may have waited for the checkpoint: what is left must do for its commit."""

_LOOK_SECONDS: Final = 0.1


class SentAhead:
    """Changes that a thread of their own sends."""

    def __init__(
        self,
        epochs: Sequence[EpochChanges],
        send: Callable[[], None],
        settings: Mapping[str, Setting],
        threads: Threads,
    ) -> None:
        """Begins at once, in one of `threads`; `send` opens the transaction."""
        self._epochs = epochs
        self._old_at = (
            time.monotonic() + _MOST * float(str(settings.get(TIMEOUT, _TIMEOUT_MS))) / 1000
        )
        self._sent = threads.start(send)

    def end(self, serve: Callable[[], None]) -> None:
        """Waits until all is sent, and calls `serve` meanwhile. Raises what `send` and it raise."""
        while not self._sent.done():
            wait([self._sent], _LOOK_SECONDS)
            serve()
        self._sent.result()

    def wait(self) -> None:
        """Waits until all is sent, or nothing more will be."""
        wait([self._sent])

    def holds(self, epochs: Sequence[EpochChanges]) -> bool:
        """Whether it is these, and their transaction is not about to be ended by the broker."""
        return [*self._epochs] == [*epochs] and time.monotonic() < self._old_at
