"""Very many clients at a time: who operates the run is heard all the same, the others are told to ask again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import MutableMapping
from typing import Any

from starlette.types import Receive, Scope, Send

from streamreg._serve.app import endpoints_of
from streamreg._serve.connection import MOST_OPEN
from streamreg._serve.crowd import CROWDED, MOST_REQUESTS, MOST_STREAMS, Crowd, Places
from streamreg._serve.endpoint import json_response
from streamreg._serve.feed import Feed
from streamreg._serve.openapi import document
from streamreg._serve.streams import EVENTS
from tests.flow.test_serve_operation import Live
from tests.support.process import wait_until
from tests.support.served import SECONDS

OPERATING = ("/healthz", "/readyz", "/metrics")
STREAMS = ("/v1/status/changes", "/v1/tables/line/changes")


def test_a_crowd() -> None:
    """As many as may follow; who would now is told so, and has room once some have gone. Others have room all along."""
    assert MOST_OPEN > MOST_REQUESTS > MOST_STREAMS
    live = Live()
    with live.run:
        live.send()
        with contextlib.ExitStack() as opened:
            for number in range(MOST_STREAMS):
                connection = opened.enter_context(contextlib.closing(live.run.connection()))
                connection.request("GET", STREAMS[number % len(STREAMS)])
                assert connection.getresponse().status == 200
            for path in STREAMS:
                refused = live.run.get(path)
                assert (refused.status, refused.json()) == (503, {"error": CROWDED, "status": 503})
                assert refused.headers["retry-after"] == "1"
                assert refused.headers["connection"] == "close"
            assert live.run.json("/v1/tables")["tables"]
            # A probe that fails would end a healthy run.
            for path in OPERATING:
                assert live.run.get(path).status == 200

        def followed() -> bool:
            with contextlib.closing(live.run.connection()) as connection:
                connection.request("GET", STREAMS[0])
                return connection.getresponse().status == 200

        wait_until(followed, SECONDS)


def test_streams_are_asked_for_their_headers() -> None:
    """HEAD is answered at once, as GET is, and follows nothing: a stream has no end."""
    live = Live()
    with live.run:
        live.send()
        with contextlib.closing(live.run.connection()) as connection:
            for _ in range(2):
                for path in STREAMS:
                    connection.request("HEAD", path)
                    answer = connection.getresponse()
                    assert answer.read() == b""
                    assert answer.status == 200
                    assert answer.headers["content-type"].startswith(EVENTS)
            connection.request("HEAD", "/v1/tables/none/changes")
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 404


def test_a_place_is_free_again_whatever_becomes_of_a_request() -> None:
    """Of all requests there are so many at a time, and any number for those that are always answered."""
    held = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await held.wait()
        if scope["path"] == "/fails":
            raise OSError
        await json_response({})(scope, receive, send)

    app = Crowd(slow, Places(2), {"/healthz"})

    async def asked(path: str) -> int:
        statuses: list[int] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            if "status" in message:
                statuses.append(message["status"])

        scope = {"type": "http", "path": path, "method": "GET"}
        with contextlib.suppress(OSError):
            await app(scope, asyncio.Event().wait, send)  # type: ignore[arg-type]  # nothing is received
        return statuses[0] if statuses else 0

    async def crowd() -> list[int]:
        held.clear()
        waiting = [asyncio.ensure_future(asked(path)) for path in ("/a", "/fails", "/healthz")]
        await asyncio.sleep(0)
        refused = await asked("/b")
        held.set()
        return [refused, *await asyncio.gather(*waiting), await asked("/b")]

    assert asyncio.run(crowd()) == [503, 200, 0, 200, 200]


def test_the_document_tells_of_crowds() -> None:
    """Of every path but those that are always answered."""
    for each in endpoints_of(Feed(), token=False):
        if each.documented:
            found = document([each], token=False)["paths"][each.path]["get"]["responses"]
            told = CROWDED in found.get("503", {}).get("description", "")
            assert told == (each.path not in OPERATING)
