"""Worker: what readers say about the connection, as a run tells it: however many of them there are."""

from __future__ import annotations

import logging
import math
import time
from typing import Final, NamedTuple

from streamreg._event import event
from streamreg._source.contract import ToldOnce, Trouble

_log = logging.getLogger("streamreg")

_ECHO_SECONDS: Final = 5.0
"""For how long the same line is that of another reader, which has met the same."""

_AGAIN_SECONDS: Final = 60.0
"""After which a line that goes on coming is told again."""


class _Seen(NamedTuple):
    """When a line was told last, and when it came last."""

    told: float = -math.inf
    came: float = -math.inf


class Notices:
    """Takes the lines of all readers of a run."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._told: set[str] = set()
        """What those lines were about that are told once."""

        self._lately: dict[str, _Seen] = {}

        self.troubled_at: float | None = None
        """When there was trouble last, by the monotonic clock."""

    def __call__(self, text: str) -> None:
        """Tells a line, unless it was told or is another reader's of just now; one that stays, once a minute."""
        now = time.monotonic()
        if isinstance(text, ToldOnce):
            if text.about in self._told:
                return
            self._told.add(text.about)
        if isinstance(text, Trouble):
            self.troubled_at = now
        self._lately = {
            line: seen for line, seen in self._lately.items() if now - seen.came < _ECHO_SECONDS
        }
        told = self._lately.get(text, _Seen()).told
        if now - told >= _AGAIN_SECONDS:
            _log.warning("%s", text, extra=event("connection"))
            told = now
        self._lately[text] = _Seen(told, now)
