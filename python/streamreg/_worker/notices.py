"""Worker: what readers say about the connection, as a run tells it: however many of them there are."""

from __future__ import annotations

import logging
import time
from typing import Final

from streamreg._event import event
from streamreg._source.contract import ToldOnce, Trouble

_log = logging.getLogger("streamreg")

_ECHO_SECONDS: Final = 5.0
"""For how long the same line is that of another reader, which has met the same."""


class Notices:
    """Takes the lines of all readers of a run."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._told: set[str] = set()
        """What those lines were about that are told once."""

        self._lately: dict[str, float] = {}
        """Lines, and when each came last."""

        self.troubled_at: float | None = None
        """When there was trouble last, by the monotonic clock."""

    def __call__(self, text: str) -> None:
        """Tells a line, unless it is one that was told, or that another reader has just said."""
        now = time.monotonic()
        if isinstance(text, ToldOnce):
            if text.about in self._told:
                return
            self._told.add(text.about)
        if isinstance(text, Trouble):
            self.troubled_at = now
        self._lately = {line: at for line, at in self._lately.items() if now - at < _ECHO_SECONDS}
        if text not in self._lately:
            _log.warning("%s", text, extra=event("connection"))
        self._lately[text] = now
