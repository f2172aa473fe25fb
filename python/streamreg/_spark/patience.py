"""Spark: how long a task waits for messages before it hands in what it has, and since when batches bring nothing."""

from __future__ import annotations

import logging
import time
from typing import Final

from streamreg._event import event

_log = logging.getLogger("streamreg")

PATIENCE: Final = 5.0
"""Seconds without a sign of a message after which a task hands in what it has: what is missing is read by the next
batch. So a broker that cannot be reached is told of, and holds up nothing else."""
_AGAIN: Final = 30.0
"""Seconds after which it is told again that nothing comes."""


class Wait:
    """What a task waits for: for so many seconds after each sign of a message, and not for ever without one."""

    def __init__(self, seconds: float, longest: float) -> None:
        """`longest` is for how long the source may send nothing before its reader counts it as lost."""
        self._seconds = seconds
        # A message may take its way in vain, and come by another reader.
        self._longest = max(2 * longest, seconds)
        self._signs = 0
        self.delivered()

    def delivered(self) -> None:
        """Messages have come."""
        now = time.monotonic()
        self._until, self._last = now + self._seconds, now + self._longest

    def heard(self, signs: int) -> None:
        """So many signs of messages on their way there have been by now."""
        if signs != self._signs:
            self._signs = signs
            self._until = time.monotonic() + self._seconds

    @property
    def over(self) -> bool:
        """Whether it has waited for long enough."""
        return time.monotonic() >= min(self._until, self._last)


class Patience:
    """How long the tasks of the next batch are to wait: longer after each batch that has brought nothing."""

    def __init__(self, topic: str, longest: float) -> None:
        """`longest` is what `Wait` has, the most that tasks wait."""
        self.seconds = PATIENCE
        self._topic = topic
        self._most = max(longest, PATIENCE)
        self._nothing_since: float | None = None
        self._tell_at = 0.0
        self._empty = 0

    def batch(self, started: float, asked: int, *, came: bool) -> None:
        """A batch that began then and asked for so many messages has brought some, or nothing."""
        if came:
            # Not all at once: what is slow now is slow next time.
            self.seconds = max(self.seconds / 2, PATIENCE)
            self._nothing_since, self._empty = None, 0
            return
        self.seconds = min(2 * self.seconds, self._most)
        self._empty += 1
        now = time.monotonic()
        if self._nothing_since is None:
            self._nothing_since = started
        if self._empty > 1 and now >= self._tell_at:
            self._tell_at = now + _AGAIN
            _log.warning(
                "nothing was read of topic %r for %.0f s, though %d messages and more wait there: tasks wait up to "
                "%.0f s for the next one now",
                self._topic,
                now - self._nothing_since,
                asked,
                self.seconds,
                extra=event("connection"),
            )
