"""Estimator: the table of a regression, laid out as users of statistics packages know it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING

from streamreg._html import row

if TYPE_CHECKING:
    from streamreg._estimators.regression_results import Fitted

_TITLE = "Exact linear regression"


class Summary(str):
    """The table as text, which a prompt shows as it is and a notebook as a table."""

    def __new__(cls, text: str, html: str) -> Summary:
        """Of the table in both forms."""
        made = super().__new__(cls, text)
        made._html = html
        return made

    _html: str

    def __str__(self) -> str:
        return str.__str__(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return self._html

    def __reduce__(self) -> tuple[type[Summary], tuple[str, str]]:
        return Summary, (str(self), self._html)


def joined(tables: Sequence[Summary]) -> Summary:
    """Tables one below the other."""
    return Summary("\n\n".join(tables), "".join(table._repr_html_() for table in tables))


def summary(model: Fitted, level: float, which: str = "") -> Summary:
    """What `LinearRegression.summary` gives, of one target; `which` says after the title, which of several it is."""
    names, rank = model._coefficient_names(), model.rank_
    left = [
        ("No. Observations:", f"{model.n_samples_seen_}"),
        ("Df Residuals:", _whole(model.df_resid_)),
        ("Df Model:", _whole(None if rank is None else rank - bool(model.fit_intercept))),
        ("Rank:", _whole(rank)),
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
        ("AIC / BIC:", " / ".join(filter(None, map(_short, (model.aic_, model.bic_))))),
        ("Ridge:", _short(float(model.ridge))),
    ]
    facts = [(*one, *other) for one, other in zip(left, right, strict=True)]
    tail = (1 - level) / 2
    heads = ("coef", "std err", "t", "P>|t|", f"[{tail:.4g}", f"{1 - tail:.4g}]")
    coefficients = model._values()
    columns = (coefficients, model.std_errors_, model.t_values_, model.p_values_)
    numbers = zip(*columns, *model.conf_int(level).T, strict=True)
    rows = [(name, *map(_short, cells)) for name, cells in zip(names, numbers, strict=True)]
    note = model._doubt()
    shown = (_TITLE + which, facts, heads, rows, note)
    return Summary(_text(*shown), _html(*shown))


def _text(
    title: str,
    facts: Sequence[tuple[str, ...]],
    heads: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    note: str | None,
) -> str:
    first = max(12, *(len(name) for name, *_ in rows))
    other = max(11, *(len(cell) + 1 for _, *cells in rows for cell in cells))
    width = first + other * len(heads)
    half = width // 2 - 1
    lines = [title.center(width).rstrip(), "=" * width]
    for name, value, beside, result in facts:
        lines.append(f"{name}{value:>{half - len(name)}}  {beside}{result:>{half - len(beside)}}")
    lines += ["=" * width, " " * first + "".join(f"{head:>{other}}" for head in heads), "-" * width]
    for name, *cells in rows:
        lines.append(f"{name:<{first}}" + "".join(f"{cell:>{other}}" for cell in cells))
    lines.append("=" * width)
    if note is not None:
        lines += wrap(f"Warning: {note}", width)
    return "\n".join(lines)


def _html(
    title: str,
    facts: Sequence[tuple[str, ...]],
    heads: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    note: str | None,
) -> str:
    top = "".join(row(cells, (0, 2)) for cells in facts)
    below = row(["", *heads], range(len(heads) + 1)) + "".join(map(row, rows))
    doubt = "" if note is None else f"<p>Warning: {escape(note)}</p>"
    return f"<table><caption>{title}</caption>{top}</table><table>{below}</table>{doubt}"


def _whole(value: int | None) -> str:
    return "" if value is None else f"{value}"


def _short(value: float | None) -> str:
    """Four significant digits."""
    if value is None or value != value:
        return ""
    return f"{value:.4g}"
