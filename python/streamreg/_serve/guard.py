"""Serve, guard: who is answered: clients that bring the token, and that call this machine by a name of its own.

A page of another site may let a browser connect to this machine under the site's own name (DNS rebinding); the header
Host tells, or the target itself where it says whom it is for. Addresses are no names, so that they are always good.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import socket
from collections.abc import Collection
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from streamreg._serve.address import plain_name
from streamreg._serve.endpoint import error_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from streamreg._serve.address import Listen

NOT_OWN: Final = (
    "this machine has no such name: call it by its address, or name it in [listen] hosts"
)
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::\d{1,5})?")
_ABSOLUTE: Final = re.compile(rb"http://([^/]*)(.*)", re.IGNORECASE)
"""A target that begins with a host."""

_HEADERS: Final = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class Guard:
    """Lets those requests through that may be answered."""

    def __init__(self, app: ASGIApp, listen: Listen, open_paths: Collection[str]) -> None:
        """`open_paths` are answered without a token."""
        self._app = app
        self._token = None if listen.token is None else listen.token.encode()
        self._open = open_paths
        self._hosts = {"localhost", plain_name(listen.host), *listen.hosts}
        if not listen.loopback:
            self._hosts.add(plain_name(socket.gethostname()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or has it answered."""
        if scope["type"] != "http":
            return
        scope, send = _in_origin_form(scope), _with_headers(send)
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if not self._is_own(headers.get(b"host", b"").decode("latin-1")):
            await error_response(421, NOT_OWN)(scope, receive, send)
        elif not (scope["path"] in self._open or self._brings_token(headers)):
            text = "a token is needed: Authorization: Bearer …"
            answer = error_response(401, text, {"WWW-Authenticate": "Bearer"})
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_own(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = plain_name(found[1] or found[2])
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._hosts
        return True

    def _brings_token(self, headers: dict[bytes, bytes]) -> bool:
        if self._token is None:
            return True
        scheme, _, brought = headers.get(b"authorization", b"").partition(b" ")
        same = hmac.compare_digest(brought.strip(), self._token)
        return scheme.lower() == b"bearer" and same


def _in_origin_form(scope: Scope) -> Scope:
    """The request with a path alone as its target; the host that stood before it is that of the header Host.

    It counts whatever the header says (RFC 9112, 3.2.2).
    """
    found = _ABSOLUTE.fullmatch(scope["raw_path"])
    if found is None:
        return scope
    host, path = found[1], found[2] or b"/"
    others = [header for header in scope["headers"] if header[0] != b"host"]
    headers = [(b"host", host), *others]
    return {**scope, "path": unquote(path.decode("ascii")), "raw_path": path, "headers": headers}


def _with_headers(send: Send) -> Send:
    async def sent(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers") or [])  # type: ignore[call-overload]  # as ASGI has them
            names = {name for name, _ in own}
            own += [header for header in _HEADERS if header[0] not in names]
            message = {**message, "headers": own}
        await send(message)

    return sent  # type: ignore[return-value]  # its message is ASGI's
