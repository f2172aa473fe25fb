"""Figures: a fitted regression with its rows, and the bands of its mean and of new observations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from streamreg._dataclass import dataclass
from streamreg._figures.drawing import Drawing, empty
from streamreg._figures.look import Theme, look
from streamreg._figures.shapes import band, line, points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FitData:
    """What is drawn of a fit; arrays of doubles.

    Attributes:
        x: where each row stands: its feature, or of several features its fitted value.
        y: the target of each row.
        at: where the line is drawn, in rising order.
        value: the fitted values there.
        confidence: the lower and upper ends of the interval of the mean there; NaN where there is none.
        prediction: those of one new observation.
        level: the probability that an interval covers.
        x_name: what `x` is.
        y_name: what `y` is.
    """

    x: Floats
    y: Floats
    at: Floats
    value: Floats
    confidence: tuple[Floats, Floats]
    prediction: tuple[Floats, Floats]
    level: float
    x_name: str
    y_name: str


def places_over(x: Floats, count: int) -> Floats:
    """So many places from the least to the greatest of some values, evenly apart, however far apart these are."""
    least, greatest = float(x.min()), float(x.max())
    # Their distance may be no double; of their halves it is one, and twice these are exact.
    halves = 1.0 if math.isfinite(greatest - least) else 2.0
    return np.linspace(least / halves, greatest / halves, count) * halves


def fit_drawing(data: FitData, theme: Theme = "light") -> Drawing:
    """Rows, the line through them, and both bands.

    Raises:
        ValueError: if there is no such theme.
    """
    own = look(theme)
    made = empty(own, "Fit", data.x_name, data.y_name)
    percent = f"{data.level * 100:g} %"
    band(made, own, data.at, *data.prediction, f"{percent} of observations", series=0, opacity=0.12)
    band(made, own, data.at, *data.confidence, f"{percent} of the mean", series=0, opacity=0.3)
    line(made, own, data.at, data.value, "fit", series=0)
    points(made, own, data.x, data.y, "rows", series=1)
    return made
