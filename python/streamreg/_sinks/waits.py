"""Sink: which outputs a run waits for, and since when: nothing is read while it does.

The sinks note it, and the run shows it: in its log, and to what serves it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import NamedTuple

from streamreg._event import event

_log = logging.getLogger("streamreg")


class Wait(NamedTuple):
    """That an output is waited for."""

    since: float
    """By the monotonic clock."""

    reason: str


class Waits:
    """The outputs of a run that can be waited for: destinations, pipes."""

    def __init__(self) -> None:
        """None is known yet."""
        self._waits: dict[str, Wait | None] = {}

    def add(self, output: str) -> None:
        """One that is not waited for now."""
        self._waits[output] = None

    def begin(self, output: str, reason: str, advice: str) -> None:
        """It does not take anything now; logs that once, with what comes of it."""
        if self._waits.get(output) is None:
            self._waits[output] = Wait(time.monotonic(), reason)
            _log.warning(
                "%s: %s: %s",
                output,
                reason,
                advice,
                extra=event("away", output=output, reason=reason),
            )

    def end(self, output: str, news: str) -> None:
        """It takes again what it is given; logs the news if it was waited for: a warning too, as the trouble was."""
        wait = self._waits.get(output)
        self._waits[output] = None
        if wait is not None:
            seconds = time.monotonic() - wait.since
            _log.warning(
                "%s: %s, after %.0f s",
                output,
                news,
                seconds,
                extra=event("recovery", output=output, seconds=round(seconds, 3)),
            )

    @property
    def since(self) -> Mapping[str, float | None]:
        """For each output since when it is waited for, by the monotonic clock; None: it is not."""
        return {name: None if wait is None else wait.since for name, wait in self._waits.items()}

    @property
    def found(self) -> Mapping[str, Wait]:
        """Those that are waited for."""
        return {name: wait for name, wait in self._waits.items() if wait is not None}
