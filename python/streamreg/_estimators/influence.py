"""Estimator, regression: how much each row moves the fit, from fits without it.

The sums of a regression can lose a row exactly, so that nothing here is derived from a factorization: a deleted
residual is that of the fit without the row, and a leverage is the fitted value of a row whose target is 1 where all
others are 0. The measures are those of Belsley, Kuh, Welsch: Regression Diagnostics (1980), and of Cook: Detection of
Influential Observation in Linear Regression, Technometrics 19 (1977).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streamreg._core import decimals
from streamreg._estimators.inputs import Matrix
from streamreg._estimators.numbers import Column, doubles, is_decimal
from streamreg._estimators.regression_state import Exact

Floats = NDArray[np.float64]

MOST_ROWS: Final = 100_000
"""Two fits for each row: some seconds."""

_NAN: Final = (math.nan, math.nan, math.nan)


class Influence(NamedTuple):
    """What each row does to a fit: arrays of shape (rows,); NaN where it is not defined.

    Attributes:
        leverage: the derivative of the fitted value by the row's own target, from 0 to 1.
        studentized: the residual from the fit without the row, over its standard error ("externally studentized"): if
            errors are normal it follows Student's distribution, with one degree of freedom less than the fit has.
        cooks_distance: how far the coefficients move without the row, in terms of their covariance.
    """

    leverage: Floats
    studentized: Floats
    cooks_distance: Floats


def influence(
    exact: Exact,
    model: tuple[bool, float, bool],
    rows: Matrix,
    target: Column,
    weights: Column | None,
) -> Influence:
    """What each row does to the fit of all.

    Args:
        exact: the sums of the rows.
        model: as `Exact.fit` takes it.
        rows: the rows, all that the sums are of.
        target: theirs.
        weights: theirs, if they have any.

    Raises:
        ValueError: if these are not the rows of the sums, or too many.
    """
    if rows.rows > MOST_ROWS:
        raise ValueError(
            f"X has {rows.rows:,} rows: influence is computed of at most {MOST_ROWS:,}, by two fits for each"
        )
    if exact.weighted and weights is None:
        weights = exact.ones(rows.rows)
    none = exact.combined(exact, subtract=True)
    _check_same(exact, none, rows, target, weights)
    nothing, one = _same(target, "0", 1), _same(target, "1", 1)
    flat = none.copied()
    flat.put_rows(rows, _same(target, "0", rows.rows), weights, remove=False)
    fit = exact.fit(*model)
    scale, rank = fit.statistic("residual_std"), fit.statistic("rank")
    found = []
    for columns, y, weight in _one_by_one(rows, target, weights):
        own = [columns[at] for at, _ in exact.features]
        share = 1.0 if weight is None else float(doubles(weight)[0])
        leverage = _fitted(flat, model, columns, (nothing, one), weight, own)
        without = _changed(exact, columns, weight, (y, None))
        left = without.fit(*model)
        if left.statistic("rank") != rank or share == 0:
            found.append((leverage, *_NAN[1:]))
            continue
        _, residuals, standardized = left.residuals(own, y)
        residual, studentized = float(residuals[0]), float(standardized[0])
        if weight is not None:
            studentized = _of_weight(
                residual, share, left.statistic("residual_std"), left.predict(own)[1]
            )
        cooks = _cooks(residual, leverage, share, scale, rank)
        found.append((leverage, studentized, cooks))
    return Influence(*np.array(found, dtype=np.float64).reshape(-1, 3).T.copy())


def _check_same(
    exact: Exact, none: Exact, rows: Matrix, target: Column, weights: Column | None
) -> None:
    """That without these rows nothing is left: equal rows give equal bytes."""
    left = exact.copied()
    try:
        left.put_rows(rows, target, weights, remove=True)
    except ValueError as error:
        raise ValueError(f"X and y are not the rows of the fit: {error}") from error
    if left.to_bytes() != none.to_bytes():
        raise ValueError(
            "X and y are not the rows of the fit, all of them, as they were added: influence is that of these rows"
        )


def _same(like: Column, digit: str, rows: int) -> Column:
    """A column of the kind of another one, of one number in each row."""
    return decimals([digit] * rows)[0] if is_decimal(like) else np.full(rows, float(digit))


def _one_by_one(
    rows: Matrix, target: Column, weights: Column | None
) -> Iterator[tuple[Sequence[Column], Column, Column | None]]:
    for piece, columns in rows.pieces():
        y, weight = target[piece], None if weights is None else weights[piece]
        for at in range(len(y)):
            here = slice(at, at + 1)
            yield (
                [each[here] for each in columns],
                y[here],
                None if weight is None else weight[here],
            )


def _changed(
    exact: Exact,
    columns: Sequence[Column],
    weight: Column | None,
    targets: tuple[Column, Column | None],
) -> Exact:
    """The sums without a row of the first target, with one of the second, if there is one."""
    made = exact.copied()
    before, after = targets
    made.put([*columns, before], weight, remove=True)
    if after is not None:
        made.put([*columns, after], weight, remove=False)
    return made


def _fitted(
    flat: Exact,
    model: tuple[bool, float, bool],
    columns: Sequence[Column],
    targets: tuple[Column, Column],
    weight: Column | None,
    own: Sequence[Column],
) -> float:
    """The fitted value of a row whose target is the one number that is not 0."""
    return float(_changed(flat, columns, weight, targets).fit(*model).values(own)[0])


def _of_weight(residual: float, weight: float, scale: float | None, mean_errors: Floats) -> float:
    """A deleted residual over its standard error, of a new observation of this weight."""
    error = math.nan if scale is None else math.hypot(scale / math.sqrt(weight), mean_errors[0])
    return residual / error if error else math.nan


def _cooks(
    residual: float, leverage: float, weight: float, scale: float | None, rank: float | None
) -> float:
    """Cook's distance by the deleted residual, which takes no difference of near numbers."""
    if not scale or not rank:
        return math.nan
    ratio = residual / scale
    found = leverage * weight * (ratio * ratio) / rank
    # A square may be too large where what it is a part of is not.
    return found if math.isfinite(found) else leverage * weight * ratio / rank * ratio
