"""Serve, crowd: never more requests at a time than can be answered well; who operates the run is heard all the same."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from streamreg._serve.endpoint import json_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MOST_REQUESTS: Final = 512
"""That are being answered; whoever follows changes is one for as long."""

CROWDED: Final = "Too many requests at a time: ask again later."
_AGAIN_SECONDS: Final = 1


class Crowd:
    """Lets so many requests through at a time, and any number for some paths."""

    def __init__(self, app: ASGIApp, always: Collection[str]) -> None:
        """`always` are answered however many others there are: a probe that fails would end a healthy run."""
        self._app = app
        self._always = always
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or has it answered."""
        if scope["path"] in self._always:
            await self._app(scope, receive, send)
        elif self._now >= MOST_REQUESTS:
            answer = json_response({"error": CROWDED, "status": 503}, 503)
            answer.headers["Retry-After"] = str(_AGAIN_SECONDS)
            # Its place is for another.
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
        else:
            self._now += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._now -= 1
