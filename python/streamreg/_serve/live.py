"""Serve, live: the status as server-sent events, a second apart, for who looks at a run; and the last rejects."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from streamreg._rejects.dead_letters import place_of
from streamreg._serve.endpoint import Endpoint, json_response, refusal
from streamreg._serve.feed import Feed
from streamreg._serve.messages import RejectExample
from streamreg._serve.status import described
from streamreg._serve.streams import EVENTS, event, streamed

_PACE: Final = 1.0
"""Seconds between two events, so that a client that is alive hears of the run, and of nothing too often."""


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """Those of the status as it changes, and of rejects."""

    async def changes(request: Request) -> Response:
        return streamed(request, _events(feed))

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
            "while they are not known); `end` "
            "when the run has ended.",
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


async def _events(feed: Feed) -> AsyncIterator[bytes]:
    while not feed.ended:
        if feed.snapshot is not None:
            yield event("status", {**described(feed.snapshot), "epoch": _epoch(feed)})
        await asyncio.sleep(_PACE)
    yield event("end", {"epoch": _epoch(feed)})


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
