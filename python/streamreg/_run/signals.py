"""Signals: SIGINT and SIGTERM are noted when they come and acted on by the loop."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Self


class StopSignals:
    """While entered, SIGINT and SIGTERM set `received` and make `wake` readable.

    A second signal ends the process at once: it goes to the handlers that were
    there before. Python delivers signals to the main thread alone; entered in another thread, this listens to
    nothing.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self.wake, self._wake_writer = os.pipe()

    def __enter__(self) -> Self:
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            os.set_blocking(self._wake_writer, False)
            self._old_wake = signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
            self._old = {
                number: signal.signal(number, self._note)
                for number in (signal.SIGINT, signal.SIGTERM)
            }
        return self

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received = signal.Signals(number)
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._old.items():
            # None: not set from Python, and not to be set again by it.
            if handler is not None:
                signal.signal(number, handler)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._main:
            self._restore()
            signal.set_wakeup_fd(self._old_wake)
        os.close(self.wake)
        os.close(self._wake_writer)
