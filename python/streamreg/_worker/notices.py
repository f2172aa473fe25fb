"""Worker: what readers say about the connection, as a run tells it: however many of them there are."""

from __future__ import annotations

import logging
import time

from streamreg._source.contract import ToldOnce, Trouble

_log = logging.getLogger("streamreg")


class Notices:
    """Takes the lines of all readers of a run."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._told: set[str] = set()
        """What those lines were about that are told once."""

        self.troubled_at: float | None = None
        """When there was trouble last, by the monotonic clock."""

    def __call__(self, text: str) -> None:
        """Tells a line, unless it is one that was told."""
        if isinstance(text, ToldOnce):
            if text.about in self._told:
                return
            self._told.add(text.about)
        if isinstance(text, Trouble):
            self.troubled_at = time.monotonic()
        _log.warning("%s", text)
