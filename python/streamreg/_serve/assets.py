"""Serve, assets: the live page: its files as they stand in the package, and plotly's JavaScript as plotly ships it.

The page is answered to everybody who may connect: it holds nothing of the run, which it asks for as any client does,
with the token if one is needed. Its policy lets a browser run and load what comes from here, and nothing else.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from streamreg._serve.endpoint import Endpoint, Handler, refusal
from streamreg._serve.feed import Feed
from streamreg._serve.packing import takes_gzip

_FOLDER: Final = Path(__file__).parent / "page"
_INDEX: Final = "index.html"
_KINDS: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_PLACE: Final = b"@assets@"
"""What stands in the page for the path of its other files."""

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # Its rules stand in a file of ours; what it sets of single elements it sets by attributes too.
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_STYLES: Final = re.compile(r'getElementById\("([0-9a-f]{64})"\)')
_PREAMBLE: Final = 'for (const id of %s) document.head.append(Object.assign(document.createElement("link"), { id }));\n'
_LEVEL: Final = 4
"""Of gzip: the highest takes nearly three times as long, beside a run, for 4 % less."""

_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


def endpoints(feed: Feed) -> Sequence[Endpoint]:
    """The page, and its files under a path that is another for each version of them."""
    files = {path.name: path.read_bytes() for path in sorted(_FOLDER.iterdir())}
    index = files.pop(_INDEX)
    path = f"/page/{_version(index, files)}/"
    index = index.replace(_PLACE, path[1:].encode())

    async def page(request: Request) -> Response:
        return Response(index, headers=_HEADERS, media_type="text/html")

    return [
        _open("/", page, "text/html"),
        *(_file(path + name, content) for name, content in files.items()),
        _open(path + "plotly.js", _plotly, "text/javascript"),
    ]


def _file(path: str, content: bytes) -> Endpoint:
    kind = _KINDS[Path(path).suffix]

    async def file(request: Request) -> Response:
        return Response(content, headers=_FOR_EVER, media_type=kind)

    return _open(path, file, kind)


def _open(path: str, handler: Handler, kind: str) -> Endpoint:
    return Endpoint(path, handler, "", kind, open=True, documented=False)


def _version(index: bytes, files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(index)
    for name, content in files.items():
        digest.update(name.encode() + b"\0" + content)
    if find_spec("plotly") is not None:
        digest.update(version("plotly").encode())
    return digest.hexdigest()[:16]


async def _plotly(request: Request) -> Response:
    if find_spec("plotly") is None:
        raise refusal(404, "figures need plotly: pip install 'streamreg[plot]'")
    packed = await run_in_threadpool(_packed)
    headers = {**_FOR_EVER, "Vary": "Accept-Encoding"}
    if takes_gzip(request.headers):
        headers["Content-Encoding"] = "gzip"
    else:
        packed = await run_in_threadpool(gzip.decompress, packed)
    return Response(packed, headers=headers, media_type="text/javascript")


@cache
def _packed() -> bytes:
    """Plotly's JavaScript, packed once: a third of it crosses the network."""
    from plotly.offline import get_plotlyjs  # whoever asks for no page needs none of it

    text: str = get_plotlyjs()
    # Styles of maps, which it would put into the page, which the policy forbids: not where it finds such elements.
    names = sorted(set(_STYLES.findall(text)))
    whole = f"{_PREAMBLE % json.dumps(names)}{text}".encode()
    return gzip.compress(whole, _LEVEL, mtime=0)
