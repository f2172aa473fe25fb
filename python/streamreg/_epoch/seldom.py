"""Epoch: when something is told that may come in every epoch: at once, and then once a minute at most."""

from __future__ import annotations

import math
import time
from typing import Final

PAUSE_SECONDS: Final = 60.0


class Seldom:
    """Knows when it was told last."""

    def __init__(self) -> None:
        """It never was."""
        self._told_at = -math.inf

    @property
    def due(self) -> bool:
        """Whether it may be told again."""
        return time.monotonic() - self._told_at >= PAUSE_SECONDS

    def told(self) -> None:
        """It was told just now."""
        self._told_at = time.monotonic()
