"""Spark, on the driver: what tasks say of their connection, told once: each batch opens readers anew."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable
from typing import Final

_log = logging.getLogger("streamreg")

_QUIET: Final = 30.0
"""Seconds for which a notice must be gone before it counts as new."""
_PLACE: Final = re.compile(r"\b(?:topic [^',]+, )?partition \d+, offset \d+")
"""Where something was met in a log. It stays there, so that it is told once in a run, by what it is."""
_SECONDS: Final = re.compile(r"\bfor \d+ seconds\b")


class Notices:
    """What was told in a run."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}
        """Notices as far as they do not differ each time, and until when each is not told again."""

    def tell(self, notices: Iterable[str]) -> None:
        """Those of one batch: what is new among them, and not what the batch before had too."""
        now = time.monotonic()
        found: dict[str, str] = {}
        for text in notices:
            found.setdefault(_SECONDS.sub("for some time", _PLACE.sub("a place", text)), text)
        self._told = {
            key: until for key, until in self._told.items() if key in found or now < until
        }
        for key, text in found.items():
            if key not in self._told:
                _log.warning("%s", text)
            self._told[key] = float("inf") if _PLACE.search(text) else now + _QUIET
