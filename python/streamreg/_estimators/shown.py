"""Estimator: what was fitted, in a few words, for the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streamreg._plural import plural
from streamreg._types import shortened

_MOST: Final = 5
"""So many terms or classes are shown."""


def formula_of(names: Sequence[str], coefficients: Sequence[float], constant: float | None) -> str:
    """A linear formula: 1.5 + 2*x0 - 0.25*x1; a feature without a coefficient (NaN) is none of it."""
    terms = [] if constant is None else [f"{constant:.4g}"]
    both = zip(names, coefficients, strict=True)
    kept = [(name, coefficient) for name, coefficient in both if coefficient == coefficient]
    for name, coefficient in kept[:_MOST]:
        sign = "-" if coefficient < 0 else "+"
        lead = f"{sign} " if terms else sign.replace("+", "")
        terms.append(f"{lead}{abs(coefficient):.4g}*{shortened(name, 20)}")
    more = len(kept) - _MOST
    return (" ".join(terms) or "0") + (f" + … ({more} more)" if more > 0 else "")


def classes_of(labels: Sequence[object], rows: int) -> str:
    """Classes and rows: 3 classes ('a', 'b', 'c'), of 150 rows."""
    shown = ", ".join(shortened(repr(label), 20) for label in labels[:_MOST])
    more = ", …" if len(labels) > _MOST else ""
    return f"{plural(len(labels), 'class', 'classes')} ({shown}{more}), of {plural(rows, 'row')}"
