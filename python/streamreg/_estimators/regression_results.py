"""Estimator, results: what follows from the rows that a linear regression has seen."""

from __future__ import annotations

import math
import warnings
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from streamreg._core import Fit
from streamreg._estimators.near_dependence import near_dependence
from streamreg._estimators.regression_state import Exact
from streamreg._estimators.shown import formula_of
from streamreg._estimators.sklearn_interface import Interface, not_fitted
from streamreg._estimators.summary_table import Summary, joined, summary
from streamreg._estimators.turns import as_of_now, in_turn
from streamreg._exceptions import NumericalWarning
from streamreg._plural import plural

Floats = NDArray[np.float64]


class _Statistic:
    """An attribute: a statistic of the fit as a whole; None where it is not defined."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, model: Fitted | None, _: type) -> Any:  # noqa: ANN401  # a number, None, or an array
        if model is None:
            return self
        return model._statistic(self._name)


class Fitted(Interface):
    """The attributes of `LinearRegression`, which lists them."""

    _FITTED: ClassVar[tuple[str, ...]] = (*Interface._FITTED, "_exact", "_each", "_term_names")

    fit_intercept: bool
    ridge: float
    singular: Literal["null", "drop"]
    _exact: Exact
    _each: tuple[Any, ...]  # of the same class
    """Of several targets, the regression of each; they are replaced, and never changed."""

    rank_ = _Statistic("rank")
    condition_number_ = _Statistic("condition_number")
    df_resid_ = _Statistic("df")
    rss_ = _Statistic("rss")
    r2_ = _Statistic("r2")
    adjusted_r2_ = _Statistic("adjusted_r2")
    residual_std_ = _Statistic("residual_std")
    f_statistic_ = _Statistic("f")
    f_p_value_ = _Statistic("f_p_value")
    log_likelihood_ = _Statistic("log_likelihood")
    aic_ = _Statistic("aic")
    bic_ = _Statistic("bic")

    @property
    @as_of_now
    def coef_(self) -> Floats:
        """The coefficients of the features."""
        several = self._several()
        if several:
            return np.array([each.coef_ for each in several])
        return self._coefficients()[int(self.fit_intercept) :]

    @property
    @as_of_now
    def intercept_(self) -> float | Floats:
        """The intercept; 0.0 without one."""
        several = self._several()
        if several and self.fit_intercept:
            return np.array([each.intercept_ for each in several])
        return float(self._coefficients()[0]) if self.fit_intercept else 0.0

    @property
    @in_turn
    def n_samples_seen_(self) -> int:
        """Rows added less rows forgotten."""
        several = self._several()
        return (several[0] if several else self)._seen().n

    @property
    def std_errors_(self) -> Floats:
        """The standard errors of the coefficients."""
        return self._per_coefficient("std_error")

    @property
    def t_values_(self) -> Floats:
        """The coefficients over their standard errors."""
        return self._per_coefficient("t")

    @property
    def p_values_(self) -> Floats:
        """The probabilities of t values as far from 0 if the coefficients were 0."""
        return self._per_coefficient("p_value")

    @property
    @as_of_now
    def covariance_(self) -> Floats:
        """The covariance matrix of the coefficients."""
        several = self._several()
        if several:
            return np.array([each.covariance_ for each in several])
        fit, size = self._fit(), self._coefficient_count()
        return np.array(
            [[number(fit.statistic("covariance", i, j)) for j in range(size)] for i in range(size)]
        )

    @as_of_now
    def _statistic(self, name: str) -> Any:  # noqa: ANN401  # a number, None, or an array
        several = self._several()
        if several:
            return np.array([number(each._fit().statistic(name)) for each in several])
        return self._fit().statistic(name)

    def _is_fitted(self) -> bool:
        return "_exact" in self.__dict__ or "_each" in self.__dict__

    def _need_fit(self) -> None:
        if not self._is_fitted():
            raise not_fitted(self)

    def _several(self) -> tuple[Any, ...]:
        """The regressions of several targets, with the parameters of now; none if there is one target."""
        each = tuple(model._snapshot() for model in self.__dict__.get("_each", ()))
        for model in each:
            model.fit_intercept, model.ridge = self.fit_intercept, self.ridge
        return each

    def _seen(self) -> Exact:
        self._need_fit()
        return self._exact

    def _model(self) -> tuple[bool, float]:
        """The parameters, if they can be used."""
        ridge = self.ridge
        if isinstance(ridge, bool) or not isinstance(ridge, int | float | np.number):
            raise ValueError(f"ridge: expected a number of at least 0, found {ridge!r}")
        if not (math.isfinite(ridge) and ridge >= 0):
            raise ValueError(f"ridge: expected a finite number of at least 0, found {ridge!r}")
        return bool(self.fit_intercept), float(ridge)

    def _fit(self) -> Fit:
        return self._seen().fit(*self._model(), self._drops())

    def _drops(self) -> bool:
        """Whether features that follow from others have no coefficient, if the parameter can be used."""
        if self.singular not in ("null", "drop"):
            raise ValueError(f'singular: expected "null" or "drop", found {self.singular!r:.200}')
        return self.singular == "drop"

    def _coefficient_count(self) -> int:
        return len(self._seen().features) + bool(self.fit_intercept)

    def _values(self) -> Floats:
        """The coefficients, NaN where there are none, without a warning."""
        found = self._fit().coefficients()
        return np.full(self._coefficient_count(), math.nan) if found is None else np.array(found)

    def _coefficients(self) -> Floats:
        fit = self._fit()
        found = fit.coefficients()
        if found is None:
            warnings.warn(
                "the coefficients are not determined by the rows seen "
                f"({plural(self.n_samples_seen_, 'row')}, {plural(self._coefficient_count(), 'coefficient')}, "
                f"rank {fit.statistic('rank')}), so that they are NaN: leave features out, use ridge, "
                'or singular="drop"',
                RuntimeWarning,
                stacklevel=4,
            )
            return self._values()
        note = self._doubt()
        if note is not None:
            warnings.warn(note, NumericalWarning, stacklevel=3)
        return np.array(found)

    def _doubt(self) -> str | None:
        """The warning where the last digits of features decide the coefficients; None if they do not."""
        fit, names = self._fit(), self._coefficient_names()
        near = [names[at] for at in fit.nearly_dependent()]
        return near_dependence(near, "use ridge") if near else None

    @as_of_now
    def _per_coefficient(self, name: str, *, level: float = 0.95) -> Floats:
        several = self._several()
        if several:
            return np.array([each._per_coefficient(name, level=level) for each in several])
        fit = self._fit()
        return np.array(
            [number(fit.statistic(name, i, level=level)) for i in range(self._coefficient_count())]
        )

    @as_of_now
    def summary(self, level: float = 0.95) -> Summary:
        """Coefficients and statistics as a table: text, which a notebook shows as a table of its own.

        Of several targets each has its table.
        """
        several = self._several()
        if not several:
            return summary(self, level)
        which = (f", target {at} of {len(several)}" for at in range(1, len(several) + 1))
        return joined([summary(each, level, of) for each, of in zip(several, which, strict=True)])

    def _fitted_text(self) -> str:
        if not self._is_fitted():
            return ""
        several = self._several()
        if several:
            return f"{plural(len(several), 'target')}; {several[0]._fitted_text()}; …"
        found = self._fit().coefficients()
        if found is None:
            return f"not determined by {plural(self.n_samples_seen_, 'row')}"
        names = self._coefficient_names()[int(self.fit_intercept) :]
        constant = found[0] if self.fit_intercept else None
        formula = formula_of(names, found[int(self.fit_intercept) :], constant)
        return f"y = {formula}, of {plural(self.n_samples_seen_, 'row')}"

    @as_of_now
    def conf_int(self, level: float = 0.95) -> Floats:
        """The confidence intervals of the coefficients: an array of shape (…, coefficients, 2)."""
        ends = [self._per_coefficient(name, level=level) for name in ("ci_low", "ci_high")]
        return np.stack(ends, axis=-1)

    def _terms(self) -> tuple[str, ...] | None:
        """The names of the coefficients where they are not those of the features: with powers."""
        return getattr(self, "_term_names", None)

    def _coefficient_names(self) -> list[str]:
        names = self._terms() or self._names() or [f"x{i}" for i in range(self.n_features_in_)]
        return [*(["intercept"] if self.fit_intercept else []), *names]


def number(value: float | int | None) -> float:
    """A statistic, NaN where it is not defined."""
    return math.nan if value is None else float(value)
