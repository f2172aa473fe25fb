"""What the OpenAPI document says of each path: all that it may answer."""

from __future__ import annotations

from itertools import product

import pytest

from streamreg._serve.address import Listen
from streamreg._serve.app import app_of, endpoints_of
from streamreg._serve.feed import Feed
from streamreg._serve.messages import EpochChanges, Layout, Standing, TableSpec
from streamreg._sinks.contract import ColumnSpec
from tests.support.served import ask

NAMES = ("small", "large", "none")
PATHS = [each.path for each in endpoints_of(Feed(), token=False) if each.documented]
QUERIES = [
    "",
    "nothing=1",
    "limit=0",
    "theme=red",
    "from=x",
    "from=99",
    *(f"table={name}" for name in NAMES),
]


def feed(*, known: bool) -> Feed:
    """Of a run that has ended, with a table that is served and one that is too large, if they are `known`."""
    made = Feed()
    if known:
        columns = (ColumnSpec("x", "float", "b"),)
        specs = tuple(TableSpec(name, f"{name}.csv", columns, (), 0) for name in NAMES[:2])
        made.take(Layout(specs, ({},), None))
        made.take(Standing(-1, ((), ()), ((), ()), (None,)))
        made.take(EpochChanges(0, 1000, (b"0.5,0,1\n", b""), ((), ()), (None,)))
        made.tables["large"].overflown = True
    made.end()
    return made


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("path", PATHS)
def test_law_all_that_is_answered_is_in_the_document(path: str, known: bool) -> None:
    """Whatever is asked for, and whether the run has begun or not."""
    app = app_of(feed(known=known), Listen("127.0.0.1", 1))
    said = ask(app, "/openapi.json").json()["paths"][path]["get"]["responses"]
    found = {
        str(ask(app, f"{path.replace('{name}', name)}?{query}").status)
        for name, query in product(NAMES if "{name}" in path else NAMES[:1], QUERIES)
    }
    assert found <= said.keys()


@pytest.mark.parametrize("path", PATHS)
def test_a_path_has_no_slash_at_its_end(path: str) -> None:
    """One that has is not there, as any other that is none."""
    app = app_of(feed(known=True), Listen("127.0.0.1", 1))
    found = ask(app, f"{path.replace('{name}', 'small')}/")
    assert (found.status, found.json()) == (404, {"error": "Not Found", "status": 404})
