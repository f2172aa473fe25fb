"""Serve, endpoints: what can be asked for, each with what the OpenAPI document says of it, and how errors look."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Final, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from streamreg._dataclass import dataclass

Handler: TypeAlias = Callable[[Request], Awaitable[Response] | Response]

JSON: Final = "application/json"

_log = logging.getLogger("streamreg")

_MOST_TOLD: Final = 100
"""Kinds of errors that are logged."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query, or of the path."""

    name: str
    text: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    required: bool = False
    place: str = "query"


@dataclass(frozen=True)
class Endpoint:
    """What a path answers to GET."""

    path: str
    handler: Handler
    summary: str
    kind: str = JSON
    """The media type of the answer."""

    parameters: Sequence[Parameter] = ()
    refusals: Mapping[int, str] = field(default_factory=dict)
    """Other answers than 200, and what they mean."""

    open: bool = False
    """Whether it is answered without a token: it tells nothing of the result."""

    always: bool = False
    """Whether it is answered however many others are asked for: who operates the run asks it."""

    documented: bool = True
    """Whether the OpenAPI document tells of it: files of the page are for browsers alone."""


AGAIN: Final[Mapping[str, str]] = {"Retry-After": "1"}
"""The header that says after how many seconds to ask again."""


def refusal(status: int, text: str) -> HTTPException:
    """An error as an answer; of one that passes (503) it says when to ask again."""
    return HTTPException(status, text, AGAIN if status == 503 else None)


def json_response(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Plain data as JSON; numbers that are not finite must not be in it."""
    return Response(json.dumps(value, allow_nan=False), status, headers, media_type=JSON)


def error_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """How every error looks."""
    return json_response({"error": text, "status": status}, status, headers)


async def refused(request: Request, error: Exception) -> Response:
    """The answer for an error of the client's."""
    if not isinstance(error, HTTPException):
        raise error
    return error_response(error.status_code, error.detail, error.headers)


class Failed:
    """The answer for an error of ours, which is logged: each kind once, however often it is asked for."""

    def __init__(self) -> None:
        """None yet."""
        self._told: set[str] = set()

    async def __call__(self, request: Request, error: Exception) -> Response:
        """Of a request that has failed."""
        kind = f"{request.scope.get('endpoint')} {error!r:.200}"
        if kind not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(kind)
            _log.error("a request for %s has failed", request.url.path, exc_info=error)
        return error_response(500, "the server has failed: see its log")
