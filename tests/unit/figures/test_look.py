"""Colours and names of figures."""

from __future__ import annotations

import itertools
import json
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from streamreg._figures.drawing import empty, plain, text
from streamreg._figures.look import LOOKS, look
from streamreg._figures.shapes import band, line, points


def luminance(colour: str) -> float:
    """The relative luminance of WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", LOOKS)
def test_colours_can_be_read(theme: Any) -> None:  # noqa: ANN401  # a literal
    """Text and every series have a contrast of 4.5 with the background, and no two series are one colour."""
    own = look(theme)
    for colour in (own.ink, *own.series):
        assert contrast(colour, own.paper) >= 4.5, colour
    assert all(one != other for one, other in itertools.combinations(own.series, 2))


def test_series_differ_by_more_than_colour() -> None:
    """Each of the first six series has a dash and a symbol of its own, and no two of 36 look the same."""
    own = look("light")
    made = empty(own, "", "", "")
    for series in range(36):
        line(made, own, [0, 1], [0.0, 1.0], f"line {series}", series=series)
        points(made, own, [0], [0], f"points {series}", series=series)
    lines = [trace.line for trace in made.figure().data if trace.mode == "lines"]
    markers = [trace.marker for trace in made.figure().data if trace.mode == "markers"]
    assert len({each.dash for each in lines[:6]}) == len({each.symbol for each in markers[:6]}) == 6
    assert len({(each.color, each.dash) for each in lines}) == 36
    assert len({(each.color, each.symbol) for each in markers}) == 36


def test_a_band_is_filled_between_its_ends() -> None:
    """The upper end is filled down to the lower one, which comes right before it."""
    own = look("dark")
    made = empty(own, "", "", "")
    band(made, own, [0, 1], [0.0, 1.0], [2.0, 3.0], "both")
    low, high = made.figure().data
    assert (low.y, high.y) == ((0.0, 1.0), (2.0, 3.0))
    assert (low.fill, high.fill) == (None, "tonexty")
    assert high.fillcolor == "rgba(86, 180, 233, 0.2)"


def test_a_band_with_gaps_is_filled_between_them() -> None:
    """Each stretch is an area of its own: plotly fills one between two lines across their gaps."""
    own = look("dark")
    made = empty(own, "", "", "")
    places, low, high = [0, 1, 2, 3, 4], [0.0, 1.0, math.nan, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0, 6.0]
    band(made, own, places, low, high, "linear")
    area, *ends = made.figure().data
    assert area.x == (0, 1, 1, 0, None, 3, 4, 4, 3, None)
    assert area.y == (2.0, 3.0, 1.0, 0.0, None, 5.0, 6.0, 4.0, 3.0, None)
    assert (area.fill, area.fillcolor) == ("toself", "rgba(86, 180, 233, 0.2)")
    assert [(end.fill, end.showlegend) for end in ends] == [(None, False)] * 2
    one_stretch = empty(own, "", "", "")
    band(one_stretch, own, [0, 1, 2], [math.nan, 0.0, 1.0], [math.nan, 2.0, 3.0], "from 1 on")
    assert [end.fill for end in one_stretch.figure().data] == [None, "tonexty"]


def test_names_are_text() -> None:
    """What plotly would take for a tag, an entity or TeX is shown as it was written."""
    assert text("<b>a</b> & $b$ &lt;") == "&lt;b&gt;a&lt;/b&gt; &amp; &#36;b&#36; &amp;lt;"
    assert text("%{x} 5 %") == "&#37;{x} 5 %"
    assert text("y, °C") == "y, °C"


def test_figures_leave_plotly_as_it_was() -> None:
    """No template of plotly's is changed: other figures of the same notebook look as before."""
    import plotly.io as pio

    before = (pio.templates.default, sorted(pio.templates))
    found = empty(look("dark"), "title", "x", "y").figure()
    assert (pio.templates.default, sorted(pio.templates)) == before
    assert found.layout.template.layout.paper_bgcolor == look("dark").paper


def test_what_is_no_number_is_a_gap() -> None:
    """JSON has neither NaN nor infinities; times and counts stay what they are."""
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    assert plain([1, None, moment, 0.5, math.nan, -math.inf]) == [1, None, moment, 0.5, None, None]
    assert plain(np.array([math.inf, 1e308, math.nan])) == [None, 1e308, None]
    made = empty(look("light"), "", "", "")
    line(made, look("light"), [moment, moment], [math.nan, 1.0], "one")
    [trace] = json.loads(made.to_json())["data"]
    assert (trace["x"], trace["y"]) == (["2026-01-02T00:00:00+00:00"] * 2, [None, 1.0])
