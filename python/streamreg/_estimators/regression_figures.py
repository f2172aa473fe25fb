"""Estimator, regression: what is drawn of one, and the numbers behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from streamreg._core import Moments
from streamreg._estimators.influence import Influence, influence
from streamreg._estimators.inputs import Matrix, matrix
from streamreg._estimators.numbers import Column, Data, doubles
from streamreg._estimators.regression_results import number
from streamreg._estimators.regression_rows import RegressionRows
from streamreg._estimators.turns import as_of_now
from streamreg._estimators.weights import weights

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from streamreg._figures.fit import FitData
    from streamreg._figures.look import Theme
    from streamreg._figures.residuals import QuantileData, ResidualData

Floats = NDArray[np.float64]

_PLACES = 201
"""Where a line is drawn."""


class RegressionFigures(RegressionRows):
    """What `LinearRegression` shows of rows."""

    @as_of_now
    def influence(self, X: Data, y: Data, sample_weight: Data = None) -> Influence:
        """How much each row moves the fit, from fits without it: leverage, studentized residual, Cook's distance.

        Leverages, and without weights studentized residuals, are rounded once from their exact values; Cook's distances
        are right to a few units in the last place.

        Args:
            X: Features of the rows of the fit, all of them, (rows, features); at most 100,000 rows.
            y: Their targets, (rows,).
            sample_weight: Their weights, if they were given.

        Raises:
            NotFittedError: if it has seen no row.
            ValueError: if these are not the rows of the fit, if there are several targets, or with a ridge.
        """
        rows, target, counted = self._rows_to_show(X, y, sample_weight)
        return self._influence(rows, target, counted)

    @as_of_now
    def plot(
        self,
        X: Data,
        y: Data,
        sample_weight: Data = None,
        *,
        kind: Literal["fit", "residuals", "qq", "influence"] = "fit",
        level: float = 0.95,
        theme: Theme = "light",
    ) -> go.Figure:
        """A figure of rows and the fit, for a notebook; with `pip install 'streamreg[plot]'`.

        "fit" has the rows, the line through them, and the bands that cover the mean and new observations; of several
        features it has targets over fitted values. "residuals" are over fitted values. "qq" compares studentized
        residuals with the quantiles of Student's distribution. "influence" has them over leverages, with Cook's
        distances. The last two take the rows of the fit; the first two any rows.

        Args:
            X: Features, (rows, features).
            y: Targets, (rows,).
            sample_weight: The weights of the rows of the fit, for "qq" and "influence".
            kind: What to show.
            level: The probability that the bands are to cover.
            theme: "light" or "dark".

        Raises:
            ImportError: if plotly is not installed.
            NotFittedError: if it has seen no row.
            ValueError: if there is no such kind or theme, if there are several targets, or as for `influence`.
        """
        rows, target, counted = self._rows_to_show(X, y, sample_weight)
        if kind == "fit":
            from streamreg._figures.fit import fit_drawing

            return fit_drawing(self._fit_data(rows, target, level), theme).figure()
        if kind == "residuals":
            from streamreg._figures.residuals import residual_drawing

            return residual_drawing(self._residual_data(rows, target), theme).figure()
        if kind == "qq":
            from streamreg._figures.residuals import quantile_drawing

            return quantile_drawing(self._quantile_data(rows, target, counted), theme).figure()
        if kind == "influence":
            from streamreg._figures.influence import InfluenceData, influence_drawing

            return influence_drawing(
                InfluenceData(*self._influence(rows, target, counted)), theme
            ).figure()
        raise ValueError(
            f'kind: expected "fit", "residuals", "qq" or "influence", found {kind!r:.200}'
        )

    def _rows_to_show(
        self, X: Data, y: Data, sample_weight: Data
    ) -> tuple[Matrix, Column, Column | None]:
        self._need_fit()
        if self._several():
            raise ValueError("the fit has several targets: fit the one to be looked at by itself")
        rows = matrix(X, type(self).__name__)
        self._check(rows, fitting=False)
        (target,) = self._targets_of_fit(y, rows)
        return rows, target, weights(sample_weight, rows.rows)

    def _influence(self, rows: Matrix, target: Column, counted: Column | None) -> Influence:
        intercept, ridge = self._model()
        if ridge:
            raise ValueError("with a ridge there are no standard errors to compare residuals with")
        self._coefficients()  # which warns where there are none
        return influence(self._exact, (intercept, ridge, self._drops()), rows, target, counted)

    def _columns(self, rows: Matrix) -> list[Column]:
        """The columns of all features of rows, side by side."""
        pieces = [columns for _, columns in rows.pieces()]
        whole = [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
        return [whole[at] for at, _ in self._exact.features]

    def _fit_data(self, rows: Matrix, target: Column, level: float) -> FitData:
        from streamreg._figures.fit import FitData, places_over

        self._coefficients()  # which warns where there are none
        fit, columns = self._fit(), self._columns(rows)
        if rows.features == 1:
            x = doubles(columns[0])
            at = places_over(x, _PLACES)
            columns, name = [at] * len(columns), (self._names() or ("x0",))[0]
        else:
            x, name = fit.values(columns), "fitted"
            order = np.argsort(x, kind="stable")
            columns = [column[order] for column in columns]
            at = x[order]
        value, *confidence = fit.intervals(columns, "confidence", level)
        _, *prediction = fit.intervals(columns, "prediction", level)
        return FitData(
            x=x,
            y=doubles(target),
            at=at,
            value=value,
            confidence=(confidence[0], confidence[1]),
            prediction=(prediction[0], prediction[1]),
            level=level,
            x_name=name,
            y_name="target",
        )

    def _residual_data(self, rows: Matrix, target: Column) -> ResidualData:
        from streamreg._figures.residuals import ResidualData

        self._coefficients()  # which warns where there are none
        fitted, residual, _ = self._fit().residuals(self._columns(rows), target)
        return ResidualData(fitted, residual)

    def _quantile_data(self, rows: Matrix, target: Column, counted: Column | None) -> QuantileData:
        """Those residuals that are defined; the probabilities are (i - 1/2)/n (Hazen)."""
        from streamreg._figures.residuals import QuantileData

        found = self._influence(rows, target, counted).studentized
        order = np.argsort(found, kind="stable")
        order = order[~np.isnan(found[order])]
        df = int(self._fit().statistic("df") or 0) - 1
        return QuantileData(
            residual=found[order],
            expected=_quantiles(len(order), df),
            row=order.astype(np.int64),
            df=df,
        )


def _quantiles(count: int, df: int) -> Floats:
    """The quantiles of Student's distribution at (i - 1/2)/n; they mirror each other."""
    if count == 0:
        return np.empty(0)
    # The quantile is a statistic of fits: of any with so many degrees of freedom.
    any_rows = Moments(1)
    x = np.arange(df + 2, dtype=np.float64)
    any_rows.add([x, x * x])
    fit = any_rows.fit()
    levels = ((2 * at - count + 1) / count for at in range((count + 1) // 2, count))
    upper = [number(fit.statistic("t_quantile", level=level)) for level in levels]
    middle = [0.0] if count % 2 else []
    return np.array([*(-value for value in reversed(upper)), *middle, *upper])
