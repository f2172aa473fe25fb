"""Estimator: `rolling_linear_regression`, a fit for the window of each row of a frame."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamreg._core import rolling
from streamreg._dataclass import dataclass
from streamreg._estimators.numbers import Column, Data
from streamreg._estimators.rolling_frames import Frame, Mask, Results
from streamreg._estimators.rolling_window import Length, On, number, ratio, rows
from streamreg._language.regression_options import COUNTS, Asked, Options
from streamreg._types import Singular


def rolling_linear_regression(
    frame: Data,
    target: Hashable,
    features: Sequence[Hashable],
    *,
    window: Length,
    on: Hashable | None = None,
    by: Hashable | Sequence[Hashable] | None = None,
    half_life: Length | None = None,
    min_rows: int | None = None,
    statistics: Sequence[str] = (),
    singular: Singular = "null",
    level: float = 0.95,
    step: int = 1,
) -> Any:  # noqa: ANN401  # a frame of any library
    """For each row the linear regression over the window of rows that ends with it, exact and rounded once.

    Rows enter the exact sums and leave them without a trace: the coefficients of a window are those of
    `LinearRegression` fitted to its rows alone, bit for bit, whatever came before.

    Args:
        frame: A table of pandas, polars or Arrow; a dict of arrays of one dimension; or an array of two dimensions,
            (rows, columns), whose columns are named by their numbers.
        target: The name of the target's column.
        features: The names of the features' columns, 1 to 64. Columns hold doubles, integers or decimals, each taken
            exactly.
        window: How long windows are: so many rows, the last one counted; or, with `on`, a time such as "30min",
            "1h30min" or a timedelta, or for a column of numbers a number in its unit: then the window of a row at t
            holds the rows in (t - window, t] up to this one, and of rows with equal times only those before it.
        on: The column of times (dates, times with or without a zone) or of numbers that windows and half-lives are
            on, in ascending order within each group.
        by: The column, or a list of columns, of groups: the rows of a group have windows of their own, in whatever
            order the groups stand in the frame. What is missing is a group too.
        half_life: In which time, or number of rows, a row loses half of its weight. A row at t weighs the double
            nearest to 2^(t / half_life), with 53 bits at any exponent, t counted from the 0 of the column, or without
            `on` from the first row of its group; everything after it is exact. A row whose whole half-lives are 100
            or more fewer than those of the window's last row is not in the window.
        min_rows: Windows with fewer rows have no results: by default `window`, with `on` one more than features. A
            row with a missing or infinite number is in no sum and not counted; the results of its window are there.
        statistics: Further columns, as for `Table.linear_regression`.
        singular: What coefficients are that the rows of a window do not determine: missing ("null"), 0 ("zero"), or
            missing only for features that follow from those before them or do not vary ("drop"), as in R.
        level: The level of confidence intervals.
        step: Results only for the rows in the places 0, step, 2·step, … of the frame, as pandas' `rolling(step=)`.

    Returns:
        A frame of the same kind with a row for each row of the frame (or each `step`-th), with the index that a
        pandas frame has: the columns `intercept`, one for each feature with its name, then the statistics. Where
        there is no result: null in polars and Arrow, NaN in pandas and NumPy. An array of two dimensions gives such
        an array, with the columns in this order. Everything is of doubles; counts are integers in polars and Arrow.

    Raises:
        TypeError: if a column holds no numbers, `on` neither numbers nor times, or an argument is of another kind.
            A `ProgramError` among them for statistics and options that there are not.
        ValueError: if there is no such column, `on` has a missing entry or is not in order (with the first row that
            is not), a number is not exactly a double, a 64-bit integer or a decimal, or an argument is out of range.

    The sums slide in integers. Windows without weights are settled by proof, in twice the digits of a double
    (S. M. Rump, *Verification methods: rigorous results using floating-point arithmetic*, Acta Numerica 19, 2010), but
    for very few; these, and all statistics, are solved exactly. Half-lives follow G. Cormode, V. Shkapenyuk,
    D. Srivastava, B. Xu, *Forward decay: a practical time decay model for streaming systems*, ICDE 2009.
    """
    table = Frame(frame)
    asked = _asked(features, statistics, singular, level)
    stride = rows(step, "step")
    order, ends = _order(table, by)
    columns, present = _columns(table, [*features, target])
    place = None if on is None else table.times(on)
    if place is not None:
        place = On(_moved(place.values, order), place.nanoseconds, place.name)
        _check_order(place, order, ends)
    windows = _windows(place, window, half_life, min_rows, len(features))
    found = rolling(
        [_moved(column, order) for column in columns],
        ends,
        windows.width,
        [(one.statistic, one.one, one.other) for one in asked],
        windows.min_rows,
        on=None if place is None else place.values,
        present=None if present is None else _moved(present, order),
        wanted=_wanted(table.rows, stride, order),
        half_life=windows.half_life,
        singular=singular,
        level=float(level),
    )
    results = [
        Results(one.name, _back(values, order)[::stride], one.statistic in COUNTS)
        for one, values in zip(asked, found, strict=True)
    ]
    return table.made(results, stride)


@dataclass(frozen=True)
class _Windows:
    """What windows are, as the core takes it."""

    width: int | float
    half_life: tuple[int, int] | float | None
    min_rows: int


def _windows(
    on: On | None, window: Length, half_life: Length | None, min_rows: int | None, features: int
) -> _Windows:
    least = None if min_rows is None else rows(min_rows, "min_rows")
    if on is not None:
        halving = None if half_life is None else on.halving(half_life)
        return _Windows(on.width(window), halving, least or features + 1)
    width = rows(window, "window")
    if least is not None and least > width:
        raise ValueError(f"min_rows: a window of {width} rows never has {least}")
    return _Windows(
        width,
        None if half_life is None else ratio(number(half_life, "half_life")),
        least or width,
    )


def _asked(
    features: Sequence[Any], statistics: Sequence[str], singular: Singular, level: float
) -> list[Asked]:
    """The columns of the result.

    Raises:
        TypeError: if features are no list, or an option makes no sense.
        ValueError: if there is no feature, or two columns would have one name.
    """
    if isinstance(features, str) or not isinstance(features, Sequence):
        raise TypeError(f"features: expected a list of names, found {features!r:.80}")
    if not features:
        raise ValueError("features: expected one name at least")
    options = Options(statistics=statistics, singular=singular, level=level)
    asked = list(options.asked(features))
    names: set[object] = set()
    for one in asked:
        if one.name in names:
            raise ValueError(
                f"two columns of the result would be called {one.name!r}: rename the feature"
            )
        names.add(one.name)
    return asked


def _columns(table: Frame, names: Sequence[Hashable]) -> tuple[list[Column], Mask | None]:
    """The columns of numbers, the target last, and which rows have all of them."""
    columns, present = [], None
    for at, name in enumerate(names):
        what = "target" if at == len(names) - 1 else "features"
        found, there = table.numbers(name, what)
        columns.append(found)
        if there is not None:
            present = there if present is None else present & there
    return columns, present


def _order(
    table: Frame, by: Hashable | Sequence[Hashable] | None
) -> tuple[NDArray[np.intp] | None, list[int]]:
    """The rows group by group, each in the frame's order, and where groups end; None for the rows as they are."""
    if by is None:
        return None, [table.rows]
    names = list(by) if isinstance(by, list) else [by]
    codes = table.groups(names)
    order = np.argsort(codes, kind="stable")
    return order, np.cumsum(np.bincount(codes)).tolist() if len(codes) else [0]


def _check_order(on: On, order: NDArray[np.intp] | None, ends: Sequence[int]) -> None:
    back = on.values[1:] < on.values[:-1]
    # What a group begins with may lie before what the one before it ended with.
    back[[end - 1 for end in ends if 0 < end < len(on.values)]] = False
    if back.any():
        places = np.flatnonzero(back) + 1
        row = int(places[0] if order is None else order[places].min())
        raise ValueError(
            f"on: {on.name!r} is not in ascending order: row {row} lies before the row above it"
            + ("" if order is None else " in its group")
            + "; sort the frame first"
        )


def _wanted(count: int, step: int, order: NDArray[np.intp] | None) -> Mask | None:
    if step == 1:
        return None
    places = np.arange(count) if order is None else order
    return np.asarray(places % step == 0)


def _moved(values: Any, order: NDArray[np.intp] | None) -> Any:  # noqa: ANN401  # an array of any kind
    return values if order is None else np.ascontiguousarray(values[order])


def _back(values: NDArray[np.float64], order: NDArray[np.intp] | None) -> NDArray[np.float64]:
    if order is None:
        return values
    found = np.empty_like(values)
    found[order] = values
    return found
