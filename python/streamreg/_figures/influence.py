"""Figures: how much each row moves the fit: leverage against studentized residuals, with Cook's distances."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from streamreg._dataclass import dataclass
from streamreg._figures.drawing import Drawing, empty
from streamreg._figures.look import Theme, look
from streamreg._figures.residuals import NO_STUDENTIZED
from streamreg._figures.shapes import level_line, note, points

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SMALLEST: Final = 6.0
_GREATEST: Final = 30.0
"""Diameters of points in pixels."""


@dataclass(frozen=True)
class InfluenceData:
    """Of each row its leverage, its externally studentized residual, and Cook's distance; NaN where there is none."""

    leverage: Floats
    studentized: Floats
    cooks_distance: Floats


def influence_drawing(data: InfluenceData, theme: Theme = "light") -> Drawing:
    """Leverage against studentized residual; the area of a point is Cook's distance.

    Raises:
        ValueError: if there is no such theme.
    """
    own = look(theme)
    made = empty(own, "Influence (areas: Cook's distances)", "leverage", "studentized residual")
    for at in (-2.0, 0.0, 2.0):
        level_line(made, own, at)
    cooks = data.cooks_distance.tolist()
    points(
        made,
        own,
        data.leverage,
        data.studentized,
        "rows",
        hover="row %{customdata[0]}<br>leverage %{x}<br>studentized residual %{y}"
        "<br>Cook's distance %{customdata[1]}<extra></extra>",
        numbers=list(enumerate(cooks)),
        size=_diameters(cooks),
    )
    if all(value != value for value in data.studentized.tolist()):
        note(made, NO_STUDENTIZED)
    return made


def _diameters(distances: list[float]) -> list[float]:
    """Of points whose areas grow with the distances."""
    # A distance may be infinite, or not be defined.
    finite = [min(value, sys.float_info.max) if value == value else 0.0 for value in distances]
    greatest = max(finite, default=0.0)
    if not greatest:
        return [_SMALLEST] * len(distances)
    shares = (value / greatest for value in finite)
    return [_SMALLEST + (_GREATEST - _SMALLEST) * share**0.5 for share in shares]
