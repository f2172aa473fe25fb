"""Serve, live: the status as server-sent events, a second apart, for who looks at a run; and the last rejects.

Who follows a run to its end may ask for what it came to: such streams stay open after it until their clients leave.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from streamreg._rejects.dead_letters import place_of
from streamreg._serve.endpoint import Endpoint, json_response, refusal
from streamreg._serve.feed import Feed
from streamreg._serve.followers import LOOK_SECONDS
from streamreg._serve.messages import RejectExample
from streamreg._serve.snapshot import Snapshot
from streamreg._serve.status import described
from streamreg._serve.streams import EVENTS, Streamed, event

_PACE: Final = 1.0
"""Seconds between two events, so that a client that is alive hears of the run, and of nothing too often."""


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """Those of the status as it changes, and of rejects."""

    async def changes(request: Request) -> Response:
        return _Followed(request, feed)

    async def rejects(request: Request) -> Response:
        now = feed.snapshot
        if now is None:
            raise refusal(503, "the run has not begun yet")
        counts = dict(now.rejects) if now.known else None
        examples = [_example(now.topic, one) for one in reversed(feed.recent.rejects)]
        return json_response({"counts": counts, "examples": examples})

    return (
        Endpoint(
            "/v1/status/changes",
            changes,
            "The status once a second, as server-sent events: `status`, with the last `epoch` of the tables (null "
            "while they are not known); `end` when the run has ended, after its last status. Then all is answered "
            f"until those who followed it close their streams, for {LOOK_SECONDS:g} seconds at most.",
            kind=EVENTS,
        ),
        Endpoint(
            "/v1/rejects",
            rejects,
            "How many messages did not fit, by reason (null while the run starts), and the newest of them, the newest "
            "first: with their topic and its partition, or their file; of each the first 200 letters.",
            refusals={503: "The run has not begun yet."},
        ),
    )


class _Followed(Streamed):
    """The status, to a client that counts as one who follows the run until it leaves."""

    def __init__(self, request: Request, feed: Feed) -> None:
        super().__init__(request, _events(feed))
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
    if feed.snapshot is not None:
        yield _status(feed, feed.snapshot)
    yield event("end", {"epoch": _epoch(feed)})
    if not late:
        await asyncio.sleep(feed.followers.seconds)


def _status(feed: Feed, now: Snapshot) -> bytes:
    return event("status", {**described(now), "epoch": _epoch(feed)})


def _epoch(feed: Feed) -> int | None:
    """That of the tables; None while they are not known."""
    return feed.epoch if feed.known else None


def _example(topic: str, example: RejectExample) -> dict[str, object]:
    """A reject, without what it has not."""
    found = {
        **place_of(topic, example.location),
        "offset": example.location.offset,
        "timestamp": example.location.timestamp,
        "reason": example.reason,
        "column": example.column,
        "detail": example.detail,
        "value": example.value,
        "size": example.size,
    }
    return {name: value for name, value in found.items() if value is not None}
