"""The page's files: under a path of their version, with a policy that lets nothing else in; without plotly too."""

from __future__ import annotations

import gzip
import importlib.util
import re
from importlib.machinery import ModuleSpec

import pytest

from streamreg._serve.address import Listen
from streamreg._serve.app import app_of
from streamreg._serve.feed import Feed
from streamreg._serve.messages import EpochChanges, Layout, Standing, TableSpec
from streamreg._sinks.contract import ColumnSpec
from tests.support.served import Answer, ask

COLUMNS = (ColumnSpec("intercept", "float", "a"), ColumnSpec("x", "float", "b"))
LISTEN = Listen("127.0.0.1", 1)


def feed() -> Feed:
    made = Feed()
    made.take(Layout((TableSpec("line", "line.csv", COLUMNS, (), 0),), ({},), None))
    made.take(Standing(-1, ((),), ((),), (None,)))
    made.take(EpochChanges(0, 1000, (b"0.5,1e-07,0,1\n",), ((),), (None,)))
    return made


def page() -> Answer:
    return ask(app_of(Feed(), LISTEN), "/")


def paths() -> list[str]:
    """What the page loads."""
    return [f"/{path}" for path in re.findall(r'(?:src|href)="(page/[^"]+)"', page().body.decode())]


def test_all_that_the_page_loads_is_there() -> None:
    """Of the right type, to be kept by browsers; modules import each other from the same folder."""
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    app = app_of(Feed(), LISTEN)
    assert len(paths()) >= 4
    for path in paths():
        found = ask(app, path)
        assert found.status == 200
        assert found.headers["content-type"].startswith(kinds[path.rpartition(".")[2]])
        assert found.headers["x-content-type-options"] == "nosniff"
        folder = path.rpartition("/")[0]
        for name in re.findall(r'from "\./([a-z]+\.js)"', found.body.decode()):
            assert ask(app, f"{folder}/{name}").status == 200


def test_the_policy_lets_no_inline_script_in() -> None:
    """Nor anything from elsewhere; the page has neither scripts nor handlers nor styles in it."""
    policy = dict(
        directive.split(" ", 1)
        for directive in page().headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    text = page().body.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|<style|\sstyle=|https?://", text)


@pytest.mark.parametrize(
    ("accepts", "packed"), [("gzip, br", True), ("", False), ("gzip;q=0", False)]
)
def test_plotly_is_its_own_file(accepts: str, packed: bool) -> None:
    """Packed for those who can unpack it."""
    from plotly.offline import get_plotlyjs

    folder = paths()[0].rpartition("/")[0]
    found = ask(app_of(Feed(), LISTEN), f"{folder}/plotly.js", {"accept-encoding": accepts})
    assert found.headers.get("content-encoding") == ("gzip" if packed else None)
    body = gzip.decompress(found.body) if packed else found.body
    assert body.decode().endswith(get_plotlyjs())


def test_without_plotly_there_are_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a line that says what to install; the page is there all the same."""
    real = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "plotly" else real(name, package)

    for module in ("assets", "figures"):
        monkeypatch.setattr(f"streamreg._serve.{module}.find_spec", without)
    app = app_of(feed(), LISTEN)
    found = ask(app, "/v1/figures/history?table=line&theme=dark").json()
    assert found["figure"] is None
    assert found["install"] == "pip install 'streamreg[plot]'"
    assert [row[2:] for row in found["rows"]] == [["0.5", "1e-07"]]
    index = ask(app, "/").body.decode()
    (folder,) = set(re.findall(r'src="(page/[0-9a-f]+)/', index))
    assert ask(app, f"/{folder}/plotly.js").status == 404


def test_a_figure_has_the_numbers_of_the_file_beside_it() -> None:
    """Epoch and time first; the value that stands is drawn up to now."""
    found = ask(app_of(feed(), LISTEN), "/v1/figures/history?table=line&theme=dark").json()
    assert found["columns"] == ["epoch", "time (UTC)", "intercept", "x"]
    assert found["rows"] == [["0", "1970-01-01 00:00:01", "0.5", "1e-07"]]
    assert [trace["y"] for trace in found["figure"]["data"]] == [[0.5, 0.5], [1e-07, 1e-07]]
    assert found["install"] is None
