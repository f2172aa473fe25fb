"""Who is answered by gzip: whoever says so (RFC 9110, 12.5.3), and nobody who says that it is not to be."""

from __future__ import annotations

import gzip
import json

import pytest

from streamreg._serve.address import Listen
from streamreg._serve.app import app_of
from streamreg._serve.feed import Feed
from tests.support.served import ask


@pytest.mark.parametrize(
    ("accepts", "packed"),
    [("gzip", True), ("GZip", True), ("deflate, gzip;q=1.0, *;q=0.5", True), ("br;q=0,gzip ;\t q=0.001", True),
     ("gzip;Q=1", True), ("identity;q=0.5, gzip;q=0.5", True), ("identity;q=0, gzip;q=0.1", True),
     ("gzip;q=0", False), ("gzip; q=0.000", False), ("gzip;q=0., br", False), ("br, gzip;q=0, *", False),
     ("", False), ("br", False), ("notgzip", False), ("identity", False), ("identity, gzip;q=0.5", False),
     ("gzip;q=x", False), ("gzip;q=-1", False), ("br;gzip", False), (",;,", False)],
)  # fmt: skip
def test_the_weight_of_gzip_counts(accepts: str, packed: bool) -> None:
    """What a client does not take it is not given."""
    headers = {"accept-encoding": accepts}
    found = ask(app_of(Feed(), Listen("127.0.0.1", 1)), "/openapi.json", headers)
    assert found.headers.get("content-encoding") == ("gzip" if packed else None)
    assert json.loads(gzip.decompress(found.body) if packed else found.body)["openapi"]
