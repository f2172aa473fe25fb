"""Figures: residuals against fitted values, and their quantiles against those of the distribution that they follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamreg._dataclass import dataclass
from streamreg._figures.drawing import Drawing, empty
from streamreg._figures.look import Theme, look
from streamreg._figures.shapes import level_line, line, note, points
from streamreg._plural import plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

NO_STUDENTIZED: Final = (
    "no studentized residuals: too few rows for the coefficients, or a perfect fit"
)


@dataclass(frozen=True)
class ResidualData:
    """Of each row the fitted value and what the target exceeds it by."""

    fitted: Floats
    residual: Floats


@dataclass(frozen=True)
class QuantileData:
    """Studentized residuals in rising order.

    Attributes:
        residual: the externally studentized residuals.
        expected: the quantiles that they should lie at.
        row: which row each is of.
        df: the degrees of freedom of Student's distribution.
    """

    residual: Floats
    expected: Floats
    row: Integers
    df: int


def residual_drawing(data: ResidualData, theme: Theme = "light") -> Drawing:
    """Residuals against fitted values: without a pattern if the model is right.

    Raises:
        ValueError: if there is no such theme.
    """
    own = look(theme)
    made = empty(own, "Residuals", "fitted", "residual")
    level_line(made, own, 0.0)
    rows = list(range(len(data.fitted)))
    hover = "row %{customdata}<br>fitted %{x}<br>residual %{y}<extra></extra>"
    points(made, own, data.fitted, data.residual, "rows", hover=hover, numbers=rows)
    return made


def quantile_drawing(data: QuantileData, theme: Theme = "light") -> Drawing:
    """Studentized residuals against the quantiles of Student's distribution: on the line if errors are normal.

    Raises:
        ValueError: if there is no such theme.
    """
    own = look(theme)
    expected = "quantile of Student's t"
    if data.df > 0:
        expected += f", {plural(data.df, 'degree')} of freedom"
    made = empty(own, "Q-Q", expected, "studentized residual")
    ends = data.expected[[0, -1]] if len(data.expected) else data.expected
    line(made, own, ends, ends, "as expected", series=1)
    hover = "row %{customdata}<br>expected %{x}<br>found %{y}<extra></extra>"
    rows = data.row.tolist()
    points(made, own, data.expected, data.residual, "rows", hover=hover, numbers=rows)
    if not rows:
        note(made, NO_STUDENTIZED)
    return made
