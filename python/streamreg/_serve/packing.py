"""Serve, packing: answers are packed (gzip) for who would have them so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_ACCEPTS: Final = "accept-encoding"
_CODING: Final = re.compile(r"[ \t]*([^ \t;]+)[ \t]*(?:;[ \t]*q=([01](?:\.[0-9]*)?)[ \t]*)?")
"""Of the header that says what a client takes: a coding, and its weight; 0 is what it does not take."""

_LEAST: Final = 1024
"""Bytes of an answer from which on it is packed."""

_LEVEL: Final = 1
"""Of gzip: 700 KB of metrics become a fifth in 5 ms; the highest takes ten times as long for a little less."""


def takes_gzip(headers: Headers) -> bool:
    """Whether a client takes gzip, and at least as gladly as what is not packed."""
    weights: dict[str, float] = {}
    for each in ",".join(headers.getlist(_ACCEPTS)).lower().split(","):
        found = _CODING.fullmatch(each)
        if found is not None:
            weights[found[1]] = float(found[2] or 1)
    return 0 < weights.get("gzip", 0) >= weights.get("identity", 0)


class Packing:
    """Packs the answers of an application, but small ones."""

    def __init__(self, app: ASGIApp) -> None:
        """None yet."""
        self._app = GZipMiddleware(app, minimum_size=_LEAST, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Has it answered."""
        accepts = b"gzip" if takes_gzip(Headers(scope=scope)) else b"identity"
        others = [header for header in scope["headers"] if header[0] != _ACCEPTS.encode()]
        # Starlette's looks for the word alone, whatever weight it has.
        told = {**scope, "headers": [*others, (_ACCEPTS.encode(), accepts)]}
        await self._app(told, receive, send)
