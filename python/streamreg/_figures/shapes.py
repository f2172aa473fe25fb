"""Figures: what several of them draw: points, lines, and bands between two lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final, TypeAlias

from streamreg._figures.drawing import Drawing, Values, plain, text
from streamreg._figures.look import Look

_Plain: TypeAlias = "list[float | datetime | None]"
_Row: TypeAlias = "tuple[float | datetime | None, ...]"

_SIZE: Final = 7
"""Of a point, in pixels."""


def points(
    onto: Drawing,
    look: Look,
    x: Values,
    y: Values,
    name: str,
    *,
    series: int = 0,
    hover: str | None = None,
    numbers: Sequence[Any] | None = None,
    size: Sequence[float] | None = None,
) -> None:
    """Adds points; `hover` is plotly's template of what is said of one, `numbers` its customdata."""
    trace: dict[str, Any] = {
        "type": "scatter",
        "x": plain(x),
        "y": plain(y),
        "name": text(name),
        "mode": "markers",
        "marker": {
            "color": look.colour(series),
            "symbol": look.symbol(series),
            "size": _SIZE if size is None else size,
            "opacity": 0.75,
            "line": {"width": 1, "color": look.paper},
        },
    }
    if numbers is not None:
        trace |= {"customdata": numbers, "hovertemplate": hover}
    onto.data.append(trace)


def line(
    onto: Drawing,
    look: Look,
    x: Values,
    y: Values,
    name: str,
    *,
    series: int = 0,
    steps: bool = False,
    legend: bool = True,
    group: str | None = None,
    axis: str = "",
    hover: str | None = None,
) -> None:
    """Adds a line; with `steps` a value stands until the next or a gap. `axis` is the number of the pair of axes.

    `hover` is its name where a reader points at it, by default its name.
    """
    places, values = _standing(x, y) if steps else (plain(x), plain(y))
    trace: dict[str, Any] = {
        "type": "scatter",
        "x": places,
        "y": values,
        "name": text(name),
        "mode": "lines",
        "line": {
            "color": look.colour(series),
            "dash": look.dash(series),
            "width": 2,
            "shape": "hv" if steps else "linear",
        },
        "connectgaps": False,
        "legendgroup": group or "",
        "showlegend": legend,
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
    }
    if hover is not None:
        trace["hovertemplate"] = f"(%{{x}}, %{{y}})<extra>{text(hover)}</extra>"
    *_, before, last = (None, None, *values)
    if steps and before is None and last is not None:
        # It stands for no time yet: a line would not show it.
        sizes = [0] * (len(values) - 1) + [_SIZE]
        trace |= {"mode": "lines+markers", "marker": {"size": sizes, "symbol": look.symbol(series)}}
    onto.data.append(trace)


def band(
    onto: Drawing,
    look: Look,
    x: Values,
    low: Values,
    high: Values,
    name: str,
    *,
    series: int = 0,
    opacity: float = 0.2,
    steps: bool = False,
    legend: bool = True,
    group: str | None = None,
    axis: str = "",
) -> None:
    """Adds the area between two lines; `steps` are those of a line."""
    places, lows, highs = _standing(x, low, high) if steps else map(plain, (x, low, high))
    shared: dict[str, Any] = {
        "type": "scatter",
        "x": places,
        "mode": "lines",
        "line": {"width": 0, "shape": "hv" if steps else "linear"},
        "connectgaps": False,
        "legendgroup": name if group is None else group,
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
    }
    lower = {"y": lows, "name": text(f"{name}, low"), "showlegend": False}
    upper = {"y": highs, "name": text(name), "showlegend": False}
    area = {
        "name": text(name),
        "fillcolor": _transparent(look.colour(series), opacity),
        "showlegend": legend,
    }
    stretches = _stretches(places, lows, highs)
    if len(stretches) < 2:
        onto.data.extend((shared | lower, shared | upper | area | {"fill": "tonexty"}))
        return
    # Between lines with gaps plotly fills these too.
    outline = _outline(stretches, steps) | {
        "line": {"width": 0},
        "fill": "toself",
        "hoverinfo": "skip",
    }
    onto.data.extend((shared | area | outline, shared | lower, shared | upper))


def level_line(onto: Drawing, look: Look, at: float) -> None:
    """Adds a thin horizontal line across the drawing."""
    onto.layout.setdefault("shapes", []).append(
        {
            "type": "line",
            "xref": "x domain",
            "x0": 0,
            "x1": 1,
            "yref": "y",
            "y0": at,
            "y1": at,
            "line": {"color": look.ink, "width": 1, "dash": "dot"},
        }
    )


def note(onto: Drawing, words: str) -> None:
    """Says in the midst of a drawing why there is nothing to be seen."""
    onto.layout["annotations"] = [
        {
            "text": text(words),
            "xref": "paper",
            "yref": "paper",
            "x": 0.5,
            "y": 0.6,
            "showarrow": False,
        }
    ]


def _standing(x: Values, *sides: Values) -> list[_Plain]:
    """Places and values, the last before a gap once more where that begins: plotly draws no step into a gap."""
    places, *values = (plain(side) for side in (x, *sides))
    gaps = [
        at
        for at in range(1, len(places))
        if any(side[at] is None and side[at - 1] is not None for side in values)
    ]
    for at in reversed(gaps):
        places.insert(at, places[at])
        for side in values:
            side.insert(at, side[at - 1])
    return [places, *values]


def _stretches(*sides: _Plain) -> list[list[_Row]]:
    """The places and values between gaps."""
    rows = groupby(zip(*sides, strict=True), lambda row: None in row)
    return [list(stretch) for has_gap, stretch in rows if not has_gap]


def _outline(stretches: Sequence[Sequence[_Row]], steps: bool) -> dict[str, Any]:
    """Around the area of each stretch: along its higher end, and back along its lower one."""
    x: _Plain = []
    y: _Plain = []
    for stretch in stretches:
        corners: list[_Row] = []
        for row in stretch:
            if steps and corners:
                corners.append((row[0], *corners[-1][1:]))
            corners.append(row)
        across, lower, upper = zip(*corners, strict=True)
        x += [*across, *reversed(across), None]
        y += [*upper, *reversed(lower), None]
    return {"x": x, "y": y}


def _transparent(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"
