"""Run: what the parent's loop measures of itself and of its workers, kept by the loop alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from streamreg._run.log_ends import LogEnds
from streamreg._serve.snapshot import DurationCounter

if TYPE_CHECKING:
    from streamreg._state.checkpoint import Checkpoint
    from streamreg._worker.mailbox import Frame


class Measures:
    """Durations of epochs and checkpoints, and what frames tell beside their partials."""

    def __init__(self) -> None:
        """Nothing was measured."""
        self.epoch_seconds = DurationCounter()
        self.checkpoint_seconds = DurationCounter()
        self.log_ends = LogEnds()
        """Where the logs end, as far as it is known."""

        self.readers: dict[int, str] = {}
        """By worker what has read its last messages, where a source has several readers."""

        self.last_message: int | None = None
        """The timestamp of the newest message, in milliseconds since 1970."""

        self.last_merged: float | None = None
        """When a message was merged last, in seconds since 1970."""

    def take(self, frame: Frame) -> None:
        """A frame was merged."""
        if frame.reader:
            self.readers[frame.worker] = frame.reader
        if frame.timestamp is not None:
            self.last_message = max(frame.timestamp, self.last_message or frame.timestamp)
        self.last_merged = time.time()

    def timed(self, save: Callable[[Checkpoint], None]) -> Callable[[Checkpoint], None]:
        """What saves a checkpoint, and counts how long it takes."""

        def timed(checkpoint: Checkpoint) -> None:
            started = time.monotonic()
            save(checkpoint)
            self.checkpoint_seconds.add(time.monotonic() - started)

        return timed
