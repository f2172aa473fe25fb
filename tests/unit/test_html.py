"""What a notebook shows: plain tables, escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd

import streamreg as sr
from streamreg import testing
from streamreg._html import table

HOSTILE = '<script>alert("x")</script>&\'<img src=x onerror=y>'


class Tags(HTMLParser):
    """Collects the tags, with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[object] = []
        self.cells: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        self.attributes += [attrs] if attrs else []

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


def plain(html: str) -> list[str]:
    """The cells of tables that hold nothing else, and no attribute."""
    found = Tags(html)
    assert found.tags <= {"table", "caption", "tr", "th", "td", "p"}
    assert found.attributes == []
    html.encode()
    return found.cells


def test_tables_of_anything() -> None:
    """Whatever text there is stands in the cells, and half of a surrogate pair is a question mark."""
    assert plain(table(HOSTILE, [(HOSTILE, "\ud800")], ("a", "b"))) == [
        *(HOSTILE, "a", "b", HOSTILE, "?")
    ]


def test_tables_of_a_program() -> None:
    """A table shows its columns with their types, whatever their names."""
    columns = {HOSTILE: float, "n": int | None}
    schema = type("Odd", (sr.Schema,), {"__annotations__": columns})
    t = testing.read([[b"1,2"]], schema=schema, header=list(columns))
    cells = plain(t._repr_html_())
    assert cells == ["Table", "column", "type", HOSTILE, "float", "n", "int | None"]


def test_estimators() -> None:
    """An estimator shows what it has fitted and its parameters; one without rows, or of odd parameters, too."""
    model = sr.LinearRegression(ridge=0.5)
    assert plain(model._repr_html_())[:5] == [
        "LinearRegression",
        "fitted",
        "nothing yet",
        *("fit_intercept", "True"),
    ]
    x = pd.DataFrame({HOSTILE: [0.0, 1.0, 2.0]})
    cells = plain(model.fit(x, [1.0, 3.0, 5.0])._repr_html_())
    assert cells[2].startswith("y = ")
    assert "ridge" in cells
    model.set_params(ridge=HOSTILE)
    assert repr(HOSTILE) in plain(model._repr_html_())
    labels = [HOSTILE, "b"] * 3
    lda = sr.LinearDiscriminantAnalysis().fit(np.arange(6.0)[:, None], labels)
    assert "2 classes" in plain(lda._repr_html_())[2]


def test_summaries() -> None:
    """The table of a regression names its features as they are, in text cells."""
    x = pd.DataFrame({HOSTILE: [0.0, 1.0, 2.0, 4.0]})
    model = sr.LinearRegression().fit(x, [1.0, 3.0, 5.5, 9.0])
    assert HOSTILE in plain(model.summary()._repr_html_())


def test_summaries_of_runs() -> None:
    """The summary of a run shows every count that is not 0, and rejects by their reasons."""
    summary = sr.Summary(
        epochs=3, rows=1200, rejects={"missing-field": 2}, seconds=1.25, ended_by="SIGTERM"
    )
    assert re.sub(r"\s+", " ", " ".join(plain(summary._repr_html_()))) == (
        "Run rows 1,200 epochs 3 rejects: missing-field 2 seconds 1.2 ended by SIGTERM"
    )
