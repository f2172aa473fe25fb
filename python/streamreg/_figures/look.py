"""Figures: how all of them look, light and dark.

Colours are those of Okabe and Ito (Color Universal Design, 2008), which people with any colour vision can tell apart,
made darker or lighter until each has a contrast of 4.5 with its background (WCAG 2.2, 1.4.3). No meaning hangs on a
colour alone: lines have dashes too, and points symbols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    import plotly.graph_objects as go

Theme: TypeAlias = Literal["light", "dark"]


@dataclass(frozen=True)
class Look:
    """Colours as #rrggbb.

    Attributes:
        paper: the background.
        ink: text and axes.
        grid: lines behind the data; they only guide the eye.
        series: of points and lines, in the order in which they are used.
    """

    paper: str
    ink: str
    grid: str
    series: tuple[str, ...]

    def colour(self, at: int) -> str:
        """The colour of a series; they begin anew where there are more series than colours."""
        return self.series[at % len(self.series)]


LOOKS: Final[dict[Theme, Look]] = {
    "light": Look(
        paper="#ffffff",
        ink="#1f2430",
        grid="#dfe3ea",
        series=("#0072b2", "#b84600", "#00795a", "#9b3d77", "#846000", "#4a4f5c"),
    ),
    "dark": Look(
        paper="#14171f",
        ink="#e8ebf2",
        grid="#333947",
        series=("#56b4e9", "#f0883e", "#2fbf94", "#e39ac4", "#e6b800", "#c5cad6"),
    ),
}

DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
SYMBOLS: Final = ("circle", "diamond", "square", "triangle-up", "cross", "x")

_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


def look(theme: Theme) -> Look:
    """The colours of a theme.

    Raises:
        ValueError: if there is none of that name.
    """
    if theme not in LOOKS:
        raise ValueError(f'theme: expected "light" or "dark", found {theme!r:.200}')
    return LOOKS[theme]


def graph_objects() -> Any:  # noqa: ANN401  # a module without types, which may not be there
    """Plotly's figures.

    Raises:
        ImportError: if plotly is not installed; it says what to install.
    """
    try:
        import plotly.graph_objects  # only whoever asks for a figure needs it
    except ImportError as error:
        raise ImportError("figures need plotly: pip install 'streamreg[plot]'") from error
    return plotly.graph_objects


def figure(look: Look, title: str, x: str, y: str) -> go.Figure:
    """An empty figure; the titles are text, whatever characters are in them."""
    go = graph_objects()
    made = go.Figure(layout={"template": _template(look)})
    made.update_layout(
        title={"text": text(title)},
        xaxis={"title": {"text": text(x)}},
        yaxis={"title": {"text": text(y)}},
    )
    return made


def _template(look: Look) -> Any:  # noqa: ANN401  # of no known type
    axis = {
        "gridcolor": look.grid,
        "linecolor": look.ink,
        "zerolinecolor": look.grid,
        "ticks": "outside",
        "tickcolor": look.ink,
        "automargin": True,
        "title": {"standoff": 8},  # without it, titles stand upon long labels
    }
    return graph_objects().layout.Template(
        layout={
            "paper_bgcolor": look.paper,
            "plot_bgcolor": look.paper,
            "font": {"family": _FONT, "size": 14, "color": look.ink},
            "colorway": list(look.series),
            "xaxis": axis,
            "yaxis": axis,
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0.0},
            "hoverlabel": {"bgcolor": look.paper, "font": {"color": look.ink}},
            "margin": {"l": 60, "r": 20, "t": 90, "b": 60},
        }
    )


def text(name: str) -> str:
    """A name as plotly shows it: what looks like its tags or entities, or like TeX, is shown as it is."""
    for character, shown in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("$", "&#36;")):
        name = name.replace(character, shown)
    return name
