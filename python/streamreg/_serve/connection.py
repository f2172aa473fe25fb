"""Serve, connections: a client that sends no request, or takes no answer, is let go of after a while.

There are never more of them than the process may hold open.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

SILENT_SECONDS: Final = 10.0
"""How long a request of a client may take to come, after it has connected or was answered."""

AT_ONCE: Final = 64
"""Connections that are taken before others have their turn, and that wait meanwhile."""

_OTHER_FILES: Final = 64


def _most_open() -> int:
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 1024 if allowed == resource.RLIM_INFINITY else allowed
    return max(min(most, 1024) - AT_ONCE - _OTHER_FILES, 1)


MOST_OPEN: Final = _most_open()
"""Clients at a time, so that there are always files left that may be opened; more are sent away unheard."""

STUCK_SECONDS: Final = 30.0
"""How long a client may take nothing of what is written to it."""


class PatientProtocol(H11Protocol):
    """HTTP with a client whose silence has an end: nobody takes the place of another for ever."""

    _stuck: asyncio.TimerHandle | None = None
    _silent: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  # as its base has it
        """A client has come."""
        super().connection_made(transport)
        if len(self.connections) > MOST_OPEN:
            self._abort()
            return
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        for timer in (self._stuck, self._silent):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """It was answered. Its base waits for no request once the first byte of one has come."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._await_request()

    def pause_writing(self) -> None:
        """It takes nothing for now."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(STUCK_SECONDS, self._abort)

    def resume_writing(self) -> None:
        """It takes what is written again."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    def _await_request(self) -> None:
        if self._silent is not None:
            self._silent.cancel()
        self._silent = self.loop.call_later(SILENT_SECONDS, self._end_if_silent)

    def _end_if_silent(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._abort()

    def _abort(self) -> None:
        # Not `close`, which waits until what was written is taken.
        self.transport.abort()
