"""Figures: how all of them look, light and dark.

Colours are those of Okabe and Ito (Color Universal Design, 2008), which people with any colour vision can tell apart,
made darker or lighter until each has a contrast of 4.5 with its background (WCAG 2.2, 1.4.3). No meaning hangs on a
colour alone: lines have dashes too, and points symbols.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from streamreg._dataclass import dataclass

Theme: TypeAlias = Literal["light", "dark"]

_DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_SYMBOLS: Final = ("circle", "diamond", "square", "triangle-up", "cross", "x")


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

    def dash(self, at: int) -> str:
        """The dash of its line; they begin anew one further than the colours, so that 36 series look different."""
        return _DASHES[(at + at // len(self.series)) % len(_DASHES)]

    def symbol(self, at: int) -> str:
        """The symbol of its points, as the dash."""
        return _SYMBOLS[(at + at // len(self.series)) % len(_SYMBOLS)]


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


def look(theme: Theme) -> Look:
    """The colours of a theme.

    Raises:
        ValueError: if there is none of that name.
    """
    if theme not in LOOKS:
        raise ValueError(f'theme: expected "light" or "dark", found {theme!r:.200}')
    return LOOKS[theme]
