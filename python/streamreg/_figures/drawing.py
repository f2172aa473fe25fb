"""Figures: what plotly is to draw, in its own words: traces and a layout of plain values.

A page gives them to plotly's JavaScript as they are; a notebook makes a figure of plotly's Python of them, which checks
each value and takes ten times as long.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    import numpy as np
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from streamreg._figures.look import Look

Values: TypeAlias = "Sequence[float | datetime | None] | NDArray[np.float64]"
"""Where something stands; None or NaN where it does not."""

_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


@dataclass(frozen=True)
class Drawing:
    """Traces and a layout, as plotly's schema has them; what is drawn is added to them."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]

    def figure(self) -> go.Figure:
        """A figure of plotly's.

        Raises:
            ImportError: if plotly is not installed; it says what to install.
        """
        try:
            import plotly.graph_objects as go  # only whoever asks for a figure needs it
        except ImportError as error:
            raise ImportError("figures need plotly: pip install 'streamreg[plot]'") from error
        return go.Figure(data=self.data, layout=self.layout)

    def to_json(self) -> str:
        """What plotly's JavaScript takes."""
        found = {"data": self.data, "layout": self.layout}
        return json.dumps(found, default=datetime.isoformat, allow_nan=False, check_circular=False)


def empty(look: Look, title: str, x: str, y: str) -> Drawing:
    """A drawing of nothing; the titles are text, whatever characters are in them."""
    layout = {
        "template": {"layout": _template(look)},
        "title": {"text": text(title)},
        "xaxis": {"title": {"text": text(x)}},
        "yaxis": {"title": {"text": text(y)}},
    }
    return Drawing([], layout)


def _template(look: Look) -> dict[str, Any]:
    axis = {
        "gridcolor": look.grid,
        "linecolor": look.ink,
        "zerolinecolor": look.grid,
        "ticks": "outside",
        "tickcolor": look.ink,
        "automargin": True,
        "title": {"standoff": 8},  # without it, titles stand upon long labels
    }
    return {
        "paper_bgcolor": look.paper,
        "plot_bgcolor": look.paper,
        "font": {"family": _FONT, "size": 14, "color": look.ink},
        "colorway": list(look.series),
        "xaxis": axis,
        "yaxis": axis,
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0.0},
        "hoverlabel": {"bgcolor": look.paper, "font": {"color": look.ink}, "namelength": -1},
        "title": {"yref": "container", "y": 1.0, "yanchor": "top", "pad": {"t": 20}},
        "margin": {"l": 60, "r": 20, "t": 90, "b": 60},
    }


def plain(values: Values) -> list[float | datetime | None]:
    """Values as JSON has them: none where there is no number."""
    found: list[float | datetime | None] = (
        list(values) if isinstance(values, Sequence) else values.tolist()
    )
    return [None if isinstance(one, float) and not isfinite(one) else one for one in found]


def text(name: str) -> str:
    """A name as plotly shows it: what looks like its tags, entities or templates, or like TeX, is shown as it is."""
    for special, shown in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("$", "&#36;"),
        ("%{", "&#37;{"),
    ):
        name = name.replace(special, shown)
    return name
