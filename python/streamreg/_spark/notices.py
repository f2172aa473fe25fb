"""Spark, on the driver: what tasks say of their connection, told once: each batch opens readers anew."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Iterable
from typing import Final

from streamreg._event import event
from streamreg._source.contract import ToldOnce, Trouble

_log = logging.getLogger("streamreg")

_QUIET: Final = 30.0
"""Seconds for which a notice must be gone before it counts as new."""
_SECONDS: Final = re.compile(r"\bfor \d+ seconds\b")


class Notices:
    """What was told in a run."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        """What notices are about, and until when each is not told again."""

        self.troubled_at: float | None = None
        """When there was trouble last, by the monotonic clock."""

    def tell(self, notices: Iterable[str]) -> None:
        """Those of one batch: what is new among them, and not what the batch before had too."""
        now = time.monotonic()
        found: dict[str, str] = {}
        for text in notices:
            about = (
                text.about if isinstance(text, ToldOnce) else _SECONDS.sub("for some time", text)
            )
            found.setdefault(about, text)
        self._told = {
            about: until for about, until in self._told.items() if about in found or now < until
        }
        for about, text in found.items():
            if isinstance(text, Trouble):
                self.troubled_at = now
            if about not in self._told:
                _log.warning("%s", text, extra=event("connection"))
            self._told[about] = math.inf if isinstance(text, ToldOnce) else now + _QUIET
