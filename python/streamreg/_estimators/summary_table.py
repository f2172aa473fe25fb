"""Estimator: the table of a regression, laid out as users of statistics packages know it."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamreg._estimators.regression_results import Fitted

_WIDTH = 78


def summary(model: Fitted, level: float) -> str:
    """What `LinearRegression.summary` gives."""
    names = model._coefficient_names()
    left = [
        ("No. Observations:", f"{model.n_samples_seen_}"),
        ("Df Residuals:", f"{model.df_resid_}"),
        ("Df Model:", f"{len(names) - bool(model.fit_intercept)}"),
        ("Rank:", f"{model.rank_}"),
        ("Condition Number:", _short(model.condition_number_)),
        ("Residual SD:", _short(model.residual_std_)),
        ("Weights:", "yes" if model._seen().weighted else "no"),
    ]
    right = [
        ("R-squared:", _short(model.r2_)),
        ("Adj. R-squared:", _short(model.adjusted_r2_)),
        ("F-statistic:", _short(model.f_statistic_)),
        ("Prob (F-statistic):", _short(model.f_p_value_)),
        ("Log-Likelihood:", _short(model.log_likelihood_)),
        ("AIC / BIC:", f"{_short(model.aic_)} / {_short(model.bic_)}"),
        ("Ridge:", _short(float(model.ridge))),
    ]
    half = _WIDTH // 2 - 1
    lines = ["Exact linear regression".center(_WIDTH).rstrip(), "=" * _WIDTH]
    for (name, value), (other, result) in zip(left, right, strict=True):
        lines.append(f"{name}{value:>{half - len(name)}}  {other}{result:>{half - len(other)}}")
    tail = (1 - level) / 2
    heads = ("coef", "std err", "t", "P>|t|", f"[{tail:.4g}", f"{1 - tail:.4g}]")
    width = max(12, *(len(name) for name in names))
    lines += ["=" * _WIDTH, " " * width + "".join(f"{head:>11}" for head in heads), "-" * _WIDTH]
    coefficients = model._values()
    rows = zip(
        names,
        coefficients,
        model.std_errors_,
        model.t_values_,
        model.p_values_,
        *model.conf_int(level).T,
        strict=True,
    )
    for name, *cells in rows:
        lines.append(f"{name:<{width}}" + "".join(f"{_short(cell):>11}" for cell in cells))
    lines.append("=" * _WIDTH)
    note = model._doubt()
    if note is not None:
        lines += wrap(f"Warning: {note}", _WIDTH)
    return "\n".join(lines)


def _short(value: float | None) -> str:
    """Four significant digits."""
    if value is None or value != value:
        return ""
    return f"{value:.4g}"
