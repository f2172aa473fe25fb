"""Run: whether the source responds: what is logged when it no longer does, and when it does again."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from streamreg._run import lifecycle
from streamreg._source.contract import BELIEVED_SECONDS

if TYPE_CHECKING:
    from streamreg._run.log_ends import LogEnds


class Contact:
    """Between trouble, of which a reader tells or a silence, and the moment when all ends of logs are said anew."""

    def __init__(self, topic: str, log_ends: LogEnds) -> None:
        """Nothing is known yet, and so nothing is lost."""
        self._topic = topic
        self._log_ends = log_ends
        self._silent = False
        self._since: float | None = None
        """When the trouble began of which no end is known yet."""

        self._last: float | None = None
        """When there was trouble last."""

    def look(
        self, partitions: Collection[int], lag: int | None, troubled_at: float | None, now: float
    ) -> None:
        """Logs what has changed; `troubled_at` is when a reader has told of trouble last."""
        if troubled_at is not None and (self._last is None or troubled_at > self._last):
            self._last = troubled_at
            self._since = troubled_at if self._since is None else self._since
        silent = lag is None and self._log_ends.silent(partitions, now)
        if silent:
            self._last = now
            if not self._silent:
                self._since = now - BELIEVED_SECONDS if self._since is None else self._since
                lifecycle.lost_contact(self._topic, now - self._since)
        self._silent = silent
        if self._since is None or self._last is None or lag is None:
            return
        if self._log_ends.all_said_after(self._last, partitions):
            lifecycle.has_contact(self._topic, now - self._since, lag)
            self._since = None
