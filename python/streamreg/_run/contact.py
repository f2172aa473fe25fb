"""Run: whether the source responds: what is logged when it no longer does, and when it does again."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from streamreg._run import lifecycle
from streamreg._sinks.waits import Wait
from streamreg._source.contract import BELIEVED_SECONDS

if TYPE_CHECKING:
    from streamreg._run.log_ends import LogEnds


_PAUSE_SECONDS: Final = BELIEVED_SECONDS / 2
"""Between two looks: a shorter pause makes no silence of the second before it."""


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

        self._looked_at: float | None = None
        """When it was looked last."""

        self._listens_since = -math.inf
        """Since when it is looked without a pause: in one nothing was asked, which is no silence."""

    @property
    def waits(self) -> Mapping[str, Wait]:
        """The topic, while it does not respond."""
        if not self._silent or self._since is None:
            return {}
        return {f"topic {self._topic!r}": Wait(self._since, "it does not respond")}

    def look(
        self, partitions: Collection[int], lag: int | None, troubled_at: float | None, now: float
    ) -> None:
        """Logs what has changed; `troubled_at` is when a reader has told of trouble last."""
        if troubled_at is not None and (self._last is None or troubled_at > self._last):
            self._last = troubled_at
            self._since = troubled_at if self._since is None else self._since
        if self._looked_at is not None and now - self._looked_at > _PAUSE_SECONDS:
            self._listens_since = now
        self._looked_at = now
        listened = self._silent or now - self._listens_since > BELIEVED_SECONDS
        silent = lag is None and listened and self._log_ends.silent(partitions, now)
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
