"""Serve, live: the status as server-sent events, a second apart, for who looks at a run; and the last rejects.

Who follows a run to its end may ask for what it came to: such streams stay open after it until their clients leave.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from streamreg._serve.changes import EVENTS
from streamreg._serve.endpoint import Endpoint, json_response
from streamreg._serve.feed import Feed
from streamreg._serve.snapshot import Snapshot
from streamreg._serve.status import described

_PACE: Final = 1.0
"""Seconds between two events, so that a client that is alive hears of the run, and of nothing too often."""

LOOK_SECONDS: Final = 3.0
"""How long after the end of a run who has followed it is answered, at most: the run's process waits for that."""


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """Those of the status as it changes, and of rejects."""

    async def changes(request: Request) -> Response:
        return _Followed(feed)

    async def rejects(request: Request) -> Response:
        counts = {} if feed.snapshot is None else dict(feed.snapshot.rejects)
        examples = [_example(one._asdict()) for one in reversed(feed.recent.rejects)]
        return json_response({"counts": counts, "examples": examples})

    return (
        Endpoint(
            "/v1/status/changes",
            changes,
            "The status once a second, as server-sent events: `status`, with the last `epoch` of the tables; `end` "
            "when the run has ended, after its last status. Then all is answered until those who followed it close "
            f"their streams, for {LOOK_SECONDS:g} seconds at most.",
            kind=EVENTS,
        ),
        Endpoint(
            "/v1/rejects",
            rejects,
            "How many messages did not fit, by reason, and the newest of them, the newest first; of each the first 200 "
            "letters.",
        ),
    )


class _Followed(StreamingResponse):
    """The status, to a client that counts as one who follows it until it leaves."""

    def __init__(self, feed: Feed) -> None:
        super().__init__(_events(feed), media_type=EVENTS)
        self._followers = feed.followers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._followers.one():
            await super().__call__(scope, receive, send)


async def _events(feed: Feed) -> AsyncIterator[bytes]:
    late = feed.ended  # Who comes then has followed nothing.
    while not feed.ended:
        if feed.snapshot is not None:
            yield _status(feed, feed.snapshot)
        await feed.ends(_PACE)
    if feed.snapshot is not None and not late:
        yield _status(feed, feed.snapshot)
    yield _event("end", {"epoch": feed.epoch})
    if not late:
        await asyncio.sleep(LOOK_SECONDS)


def _status(feed: Feed, now: Snapshot) -> bytes:
    return _event("status", {**described(now), "epoch": feed.epoch})


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _example(example: dict[str, Any]) -> dict[str, Any]:
    """A reject, without what it has not."""
    return {name: value for name, value in example.items() if value is not None}
