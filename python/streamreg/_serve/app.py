"""Serve, app: all endpoints in one place, behind the guard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from streamreg._serve import (
    assets,
    changes,
    figures,
    health,
    live,
    metrics,
    predict,
    status,
    tables,
)
from streamreg._serve.crowd import MOST_REQUESTS, MOST_STREAMS, Crowd, Places
from streamreg._serve.endpoint import Endpoint, Failed, json_response, refused
from streamreg._serve.guard import Guard
from streamreg._serve.openapi import document
from streamreg._serve.packing import Packing
from streamreg._serve.streams import EVENTS

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from streamreg._serve.address import Listen
    from streamreg._serve.feed import Feed

_GROUPS = (health, metrics, status, live, tables, changes, predict, figures, assets)


def endpoints_of(feed: Feed, *, token: bool) -> Sequence[Endpoint]:
    """All that can be asked for."""
    found = [one for group in _GROUPS for one in group.endpoints(feed)]

    async def openapi(request: Request) -> Response:
        return json_response(document([each for each in found if each.documented], token=token))

    found.append(Endpoint("/openapi.json", openapi, "This document."))
    return found


def app_of(feed: Feed, listen: Listen) -> ASGIApp:
    """The application that serves a feed to whoever may ask."""
    endpoints = endpoints_of(feed, token=listen.token is not None)
    followed = Middleware(Crowd, places=Places(MOST_STREAMS))
    packed = Middleware(Packing)
    app = Starlette(
        routes=[
            Route(
                each.path,
                each.handler,
                methods=["GET"],
                # Packing would hold events back; files of the page are small, or packed before.
                middleware=[followed] if each.kind == EVENTS else [packed] * each.documented,
            )
            for each in endpoints
        ],
        exception_handlers={HTTPException: refused, Exception: Failed()},
    )
    app.router.redirect_slashes = False
    crowd = Crowd(app, Places(MOST_REQUESTS), {each.path for each in endpoints if each.always})
    return Guard(crowd, listen, {each.path for each in endpoints if each.open})
