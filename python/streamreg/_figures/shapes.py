"""Figures: what several of them draw: points, lines, and bands between two lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from streamreg._figures.look import DASHES, SYMBOLS, Look, graph_objects, text

if TYPE_CHECKING:
    import numpy as np
    import plotly.graph_objects as go
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def points(
    onto: go.Figure,
    look: Look,
    x: Floats,
    y: Floats,
    name: str,
    *,
    series: int = 0,
    hover: str | None = None,
    numbers: Sequence[Any] | None = None,
    size: Sequence[float] | None = None,
) -> None:
    """Adds points; `hover` is plotly's template of what is said of one, `numbers` its customdata."""
    onto.add_trace(
        graph_objects().Scatter(
            x=x,
            y=y,
            name=text(name),
            mode="markers",
            marker={
                "color": look.colour(series),
                "symbol": SYMBOLS[series % len(SYMBOLS)],
                "size": 7 if size is None else size,
                "opacity": 0.75,
                "line": {"width": 1, "color": look.paper},
            },
            customdata=numbers,
            hovertemplate=hover,
        )
    )


def line(
    onto: go.Figure,
    look: Look,
    x: Sequence[Any] | Floats,
    y: Sequence[float | None] | Floats,
    name: str,
    *,
    series: int = 0,
    steps: bool = False,
    legend: bool = True,
    group: str | None = None,
    axis: str = "",
) -> None:
    """Adds a line; with `steps` a value stands until the next one. `axis` is the number of the pair of axes."""
    onto.add_trace(
        graph_objects().Scatter(
            x=x,
            y=y,
            name=text(name),
            mode="lines",
            line={
                "color": look.colour(series),
                "dash": DASHES[series % len(DASHES)],
                "width": 2,
                "shape": "hv" if steps else "linear",
            },
            connectgaps=False,
            legendgroup=group,
            showlegend=legend,
            xaxis=f"x{axis}",
            yaxis=f"y{axis}",
        )
    )


def band(
    onto: go.Figure,
    look: Look,
    x: Sequence[Any] | Floats,
    low: Sequence[float | None] | Floats,
    high: Sequence[float | None] | Floats,
    name: str,
    *,
    series: int = 0,
    opacity: float = 0.2,
    steps: bool = False,
    legend: bool = True,
    group: str | None = None,
    axis: str = "",
) -> None:
    """Adds the area between two lines."""
    shared: dict[str, Any] = {
        "x": x,
        "mode": "lines",
        "line": {"width": 0, "shape": "hv" if steps else "linear"},
        "connectgaps": False,
        "legendgroup": name if group is None else group,
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
    }
    scatter = graph_objects().Scatter
    onto.add_trace(scatter(y=low, showlegend=False, name=text(f"{name}, low"), **shared))
    onto.add_trace(
        scatter(
            y=high,
            name=text(name),
            fill="tonexty",
            fillcolor=_transparent(look.colour(series), opacity),
            showlegend=legend,
            **shared,
        )
    )


def level_line(onto: go.Figure, look: Look, at: float) -> None:
    """Adds a thin horizontal line across the figure."""
    onto.add_hline(y=at, line={"color": look.ink, "width": 1, "dash": "dot"})


def _transparent(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"
