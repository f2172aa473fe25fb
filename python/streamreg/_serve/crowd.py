"""Serve, crowd: never more requests at a time than can be answered well; who operates the run is heard all the same."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from streamreg._dataclass import dataclass
from streamreg._serve.connection import MOST_OPEN
from streamreg._serve.endpoint import AGAIN, error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MOST_REQUESTS: Final = max(min(512, MOST_OPEN * 4 // 7), 1)
"""That are being answered; whoever follows a stream is one for as long. Other connections are for probes."""

MOST_STREAMS: Final = max(MOST_REQUESTS * 3 // 4, 1)
"""Of them: there is always room for others, however many follow and say nothing."""

CROWDED: Final = "Too many requests at a time: ask again later."


@dataclass
class Places:
    """How many requests may be answered at a time, and how many are."""

    most: int
    taken: int = 0


class Crowd:
    """Lets so many requests through at a time, and any number for some paths."""

    def __init__(self, app: ASGIApp, places: Places, always: Collection[str] = ()) -> None:
        """`always` are answered however many others there are: a probe that fails would end a healthy run."""
        self._app = app
        self._places = places
        self._always = always

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or has it answered."""
        if scope["path"] in self._always:
            await self._app(scope, receive, send)
        elif self._places.taken >= self._places.most:
            # The connection is closed: its place is for another.
            answer = error_response(503, CROWDED, {**AGAIN, "Connection": "close"})
            await answer(scope, receive, send)
        else:
            self._places.taken += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._places.taken -= 1
