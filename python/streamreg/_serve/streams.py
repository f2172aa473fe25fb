"""Serve, streams: server-sent events: how they look, and how they are answered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import StreamingResponse

EVENTS: Final = "text/event-stream"


def event(name: str, data: Mapping[str, object], id: str | None = None) -> bytes:
    """An event, as it is written."""
    identity = "" if id is None else f"id: {id}\n"
    return f"event: {name}\n{identity}data: {json.dumps(data)}\n\n".encode()


class Streamed(StreamingResponse):
    """The answer with these events; to HEAD its headers alone, since events have no end."""

    def __init__(self, request: Request, events: AsyncIterator[bytes]) -> None:
        """Nothing is sent yet."""
        super().__init__(_nothing() if request.method == "HEAD" else events, media_type=EVENTS)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""  # what makes it a generator
