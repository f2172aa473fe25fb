"""Language: regression: the method of a table that fits one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from streamreg._exceptions import ProgramError
from streamreg._language.expression import Expression
from streamreg._language.linear_regression import Fit
from streamreg._language.regression_options import Options

if TYPE_CHECKING:
    from streamreg._language.features import Powers
    from streamreg._language.group_by import GroupedTable
    from streamreg._language.table import Table
    from streamreg._types import Singular


class RegressionTables(ABC):
    """Regressions as tables, with a row, or one for each key."""

    __slots__ = ()

    @abstractmethod
    def _grouped(self, keys: Sequence[Expression], method: str) -> GroupedTable:
        """The rows by their keys, in the name of a method; all of them together if there is none."""

    def linear_regression(
        self,
        target: Expression,
        *features: Expression | Powers,
        by: Expression | Sequence[Expression] = (),
        weights: Expression | None = None,
        intercept: bool = True,
        ridge: float = 0.0,
        statistics: Sequence[str] = (),
        singular: Singular = "zero",
        level: float = 0.95,
        half_life: timedelta | int | None = None,
        time: Expression | None = None,
    ) -> Table:
        """The least-squares fit of `target` by an intercept and 1 to 64 features, all numbers.

        One row: `intercept`, for each feature its coefficient, then the statistics. A column's
        coefficient has its name, that of another expression its text: `fit["x ** 2"]` for
        `t.x**2`. All are exact for the rows as received, rounded once to the nearest double;
        p-values, confidence limits and likelihoods are right to one unit in the last place. Rows
        where a value, a weight or a time is missing, NaN or infinite are excluded. A statistic that is
        not defined is missing.
        `sr.poly(t.x, 3)` stands for three features, the exact powers `x`, `x^2` and `x^3`.

        Every epoch solves for all features anew. Up to 20 take some milliseconds; 64 take half a
        second of the parent's time, twice that with standard errors. Where the numbers of a column
        differ by factors of 1e100 and more, that can be minutes: scale them, or take logarithms.

        Args:
            target: the response.
            features: the predictors, columns or expressions.
            by: a column or several, of str, int, bool, datetime or timedelta: then there is a fit for each key, a row
                each, with the keys first, named as their columns; a missing key is one too.
            weights: how much each row counts, a column of numbers; a row of negative weight is
                excluded.
            intercept: without one the fit goes through the origin, and no column is called so.
            ridge: the weight of the squares of the coefficients, not of the intercept's, beside
                those of the residuals. Of the statistics only n, condition_number, rss and r2 go
                with it.
            statistics: names of columns to add: "n", "df", "rank", "condition_number" (the ratio of
                the largest singular value to the smallest of the design, each column scaled to length
                1: from 1e15 on the last digits of the features decide the coefficients), "rss",
                "residual_std", "r2", "adjusted_r2", "f", "f_p_value", "log_likelihood", "aic", "bic"; of each
                coefficient "std_error", "t", "p_value" (columns like `t_intercept`, `t_x`),
                "confidence_interval" (`ci_low_x`, `ci_high_x`); "covariance"
                (`covariance_intercept_x`, each pair once). With weights, likelihood and criteria are
                missing: they take the logarithms of the weights, of which no exact sum is kept.
            singular: what the coefficients are while the rows do not determine them: "zero", or
                missing with "null". With "drop" a feature that is constant beside an intercept, or
                follows exactly from those before it, has no coefficient and no statistics (as in R),
                and all else is as if it were not there.
            level: the probability that a confidence interval is to cover.
            half_life: in which a row loses half of its weight: with it each row weighs 2^((time - now)/half_life),
                whenever now is (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009). The power is the
                double nearest to 2^(part of a half-life), times an exact power of two, and all else is exact: the
                result depends on the rows alone, in whatever order they come. Rows of whole half-lives (counted from
                0) that are more than 100 before the newest are dropped, and are not in `n`. Statistics that depend
                on the unit of the weights, such as rss, are for weights of 1 to 2 in the newest half-life.
            time: when a row was: a column of datetime, with a half_life of timedelta, or one of int, in the unit of
                half_life.

        Raises:
            ProgramError: if a feature is given twice or has the name of another column of the
                result, is not of these rows, or no number; if a key has the name of a column of
                the result, or is no key; if an option makes no sense.
        """
        if not isinstance(by, Expression | str | Sequence):
            raise ProgramError(f"linear_regression: by is a column or several, not {by!r}")
        options = Options(
            intercept=intercept, ridge=ridge, statistics=statistics, singular=singular, level=level
        )
        keys = (by,) if isinstance(by, Expression | str) else tuple(by)
        fit = Fit(target, features, weights, half_life, time, options)
        return self._grouped(keys, "linear_regression")._fitted(fit)
