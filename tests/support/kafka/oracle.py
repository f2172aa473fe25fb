"""The least-squares line of points by plain integers, rounded once: what streamreg must equal."""

from collections.abc import Sequence
from fractions import Fraction


def line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Intercept and slope, each the double nearest to the exact one."""
    x, x_unit = _integers(xs)
    y, y_unit = _integers(ys)
    n, sum_x, sum_y = len(x), sum(x), sum(y)
    sum_xx = sum(v * v for v in x)
    sum_xy = sum(v * w for v, w in zip(x, y, strict=True))
    determinant = n * sum_xx - sum_x * sum_x
    intercept = Fraction(sum_y * sum_xx - sum_x * sum_xy, determinant) / y_unit
    slope = Fraction(n * sum_xy - sum_x * sum_y, determinant) * x_unit / y_unit
    # Python divides two integers with one correct rounding.
    return float(intercept), float(slope)


def _integers(values: Sequence[float]) -> tuple[list[int], int]:
    """Integers n and one power of two u such that each value is n / u exactly."""
    unit = max(value.as_integer_ratio()[1] for value in values)
    ratios = (value.as_integer_ratio() for value in values)
    return [numerator * (unit // denominator) for numerator, denominator in ratios], unit
