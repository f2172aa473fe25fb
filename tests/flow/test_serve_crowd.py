"""Very many clients at a time: who operates the run is heard all the same, the others are told to ask again."""

from __future__ import annotations

import contextlib

from streamreg._serve.app import endpoints_of
from streamreg._serve.connection import MOST_OPEN
from streamreg._serve.crowd import CROWDED, MOST_REQUESTS
from streamreg._serve.feed import Feed
from streamreg._serve.openapi import document
from tests.flow.test_serve_operation import Live

OPERATING = ("/healthz", "/readyz", "/metrics")


def test_a_crowd() -> None:
    """As many as may follow the changes; whoever comes now is told so, and has room once some have gone."""
    assert MOST_OPEN > MOST_REQUESTS
    live = Live()
    with live.run:
        live.send()
        with contextlib.ExitStack() as opened:
            for _ in range(MOST_REQUESTS):
                connection = opened.enter_context(contextlib.closing(live.run.connection()))
                connection.request("GET", "/v1/tables/line/changes")
                assert connection.getresponse().status == 200
            refused = live.run.get("/v1/tables")
            assert (refused.status, refused.json()) == (503, {"error": CROWDED, "status": 503})
            assert refused.headers["retry-after"] == "1"
            assert refused.headers["connection"] == "close"
            # A probe that fails would end a healthy run.
            for path in OPERATING:
                assert live.run.get(path).status == 200
        assert live.run.until("/v1/tables").json()["tables"]


def test_the_document_tells_of_crowds() -> None:
    """Of every path but those that are always answered."""
    for each in endpoints_of(Feed(), token=False):
        if each.documented:
            found = document([each], token=False)["paths"][each.path]["get"]["responses"]
            told = CROWDED in found.get("503", {}).get("description", "")
            assert told == (each.path not in OPERATING)
