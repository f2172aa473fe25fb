"""Worker: what readers say about the connection, as a run tells it: however many of them there are."""

from __future__ import annotations

import logging
import math
import time

from streamreg._source.contract import ToldOnce

_log = logging.getLogger("streamreg")


class Notices:
    """Takes the lines of all readers of a run."""

    def __init__(self, quiet: float = 0.0) -> None:
        """`quiet` is the seconds for which a line is not told again."""
        self._quiet = quiet
        self._until: dict[str, float] = {}
        """When a line may be told again, by what it is about."""

    def __call__(self, text: str) -> None:
        """Tells a line, unless it was told."""
        now = time.monotonic()
        about, quiet = (text.about, math.inf) if isinstance(text, ToldOnce) else (text, self._quiet)
        if now < self._until.get(about, now):
            return
        self._until[about] = now + quiet
        _log.warning("%s", text)
