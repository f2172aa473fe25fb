"""Worker: workers that send nothing for long, though each does so every few seconds while it turns."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Final

from streamreg._event import event

_log = logging.getLogger("streamreg")

_MOST_SECONDS: Final = 60.0
"""For how long a worker may send nothing: a batch may take it long, of a slow function."""
_PAUSE_SECONDS: Final = _MOST_SECONDS / 2
"""Between two looks: a shorter pause makes no silence of the few seconds before it."""


class Silence:
    """Logs which workers send nothing any more, and which do so again."""

    def __init__(self) -> None:
        """All are heard."""
        self.since: dict[int, float] = {}
        """By worker that is silent when it was heard last."""

        self._heard_at: dict[int, float] = {}
        self._looked_at = -math.inf

    def heard(self, worker: int, now: float) -> None:
        """Something has come of a worker."""
        self._heard_at[worker] = now
        since = self.since.pop(worker, None)
        if since is not None:
            seconds = now - since
            _log.warning(
                "worker %d goes on, after %.0f s",
                worker,
                seconds,
                extra=event("recovery", worker=worker, seconds=round(seconds, 3)),
            )

    def look(self, running: Mapping[int, float], pids: Mapping[int, int], now: float) -> None:
        """What has come was taken; `running` are the workers there are, and when each was started."""
        if now - self._looked_at > _PAUSE_SECONDS:
            # Nobody has listened: what they have said meanwhile comes one by one, or they stood still too.
            self._heard_at = dict.fromkeys(running, now)
        self._looked_at = now
        self.since = {worker: at for worker, at in self.since.items() if worker in running}
        for worker, started_at in running.items():
            heard_at = max(self._heard_at.get(worker, started_at), started_at)
            seconds = now - heard_at
            if seconds > _MOST_SECONDS and worker not in self.since:
                self.since[worker] = heard_at
                _log.warning(
                    "worker %d, process %d, sends nothing, for %.0f s: it hangs or was stopped, or one batch takes it "
                    "so long",
                    worker,
                    pids[worker],
                    seconds,
                    extra=event(
                        "away", worker=worker, process=pids[worker], seconds=round(seconds, 3)
                    ),
                )
