"""Rows that a regression has scored, and what must stand in their file: recomputed from the file in rationals.

The epoch of each row is in the file. So the rows of all earlier epochs are known, and the fit to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from streamreg._scored import SCORES
from tests.flow.changelog import Change, changes, times
from tests.unit.inference import dot
from tests.unit.rationals import nearest, root, solve

Cells = tuple[str, str, str]
NOTHING: Cells = ("", "", "")


@dataclass(frozen=True)
class Model:
    """A regression: by which columns of a file, fitted how."""

    target: str
    features: Sequence[str | tuple[str, int]]
    """Columns, or columns and powers; a column called d is of decimals."""

    key: str | None = None
    weight: str | None = None
    intercept: bool = True
    ridge: Fraction = Fraction()
    zeros: bool = True


class Observation(NamedTuple):
    """A row as the equations take it; of weight None if it has none."""

    design: Sequence[Fraction]
    target: Fraction
    weight: Fraction | None


@dataclass(frozen=True)
class Fitted:
    """The least-squares fit of some rows."""

    coefficients: Sequence[Fraction]
    inverse: Sequence[Sequence[Fraction]]
    variance: Fraction | None


def fitted(model: Model, rows: Sequence[Observation]) -> Fitted | None:
    """The fit; None if the rows do not determine it."""
    rows = [row for row in rows if row.weight is None or row.weight >= 0]
    size = len(model.features) + model.intercept
    weights = [1 if row.weight is None else row.weight for row in rows]
    columns = [[row.design[at] for row in rows] for at in range(size)]
    weighted = [[w * x for w, x in zip(weights, column, strict=True)] for column in columns]
    gram = [[dot(one, other) for other in weighted] for one in columns]
    for at in range(model.intercept, size):
        gram[at][at] += model.ridge
    targets = [row.target for row in rows]
    right = [dot(column, targets) for column in weighted]
    coefficients = solve([[*row, value] for row, value in zip(gram, right, strict=True)])
    if coefficients is None:
        return None
    units = [[Fraction(i == j) for j in range(size)] for i in range(size)]
    inverse = [
        solve([[*row, u] for row, u in zip(gram, unit, strict=True)]) or [] for unit in units
    ]
    residuals = [row.target - dot(coefficients, row.design) for row in rows]
    freedom = len(rows) - size
    variance = None
    if freedom > 0 and not model.ridge:
        squares = (w * r * r for w, r in zip(weights, residuals, strict=True))
        variance = sum(squares, Fraction()) / freedom
    return Fitted(coefficients, inverse, variance)


def cells(model: Model, earlier: Sequence[Observation], row: Observation) -> Cells:
    """What is said of a row by a fit to earlier ones."""
    fit = fitted(model, earlier) if earlier else None
    if fit is None:
        counted = any(other.weight is None or other.weight >= 0 for other in earlier)
        return (repr(0.0), repr(nearest(row.target)), "") if counted and model.zeros else NOTHING
    prediction = dot(fit.coefficients, row.design)
    residual = row.target - prediction
    standardized = ""
    weight = Fraction(1) if row.weight is None else row.weight
    if fit.variance and weight > 0:
        leverage = dot(row.design, [dot(column, row.design) for column in fit.inverse])
        size = root(residual**2 / (fit.variance * (1 / weight + leverage)))
        standardized = repr(-size if residual < 0 and size else size)
    return repr(nearest(prediction)), repr(nearest(residual)), standardized


def observation(model: Model, row: Mapping[str, str]) -> Observation:
    """A row of a file as numbers, exactly."""
    design = [Fraction(1)] if model.intercept else []
    for feature in model.features:
        name, power = feature if isinstance(feature, tuple) else (feature, 1)
        design.append(_number(name, row) ** power)
    weight = None if model.weight is None else _number(model.weight, row)
    return Observation(design, _number(model.target, row), weight)


def _number(name: str, row: Mapping[str, str]) -> Fraction:
    return Fraction(row[name]) if name == "d" else Fraction(float(row[name]))


def check(path: str | Path, model: Model, *columns: str) -> list[Change]:
    """Raises AssertionError unless each row has the scores by the rows before its epoch; returns the changes."""
    found = changes(path, *columns, *SCORES)
    times(found)
    past: dict[str, list[Observation]] = {}
    for _, epoch in groupby(found, lambda change: change.time):
        present: list[tuple[str, Observation]] = []
        for change in epoch:
            assert change.diff == 1
            row = dict(zip(columns, change.row[:-3], strict=True))
            key = "" if model.key is None else row[model.key]
            present.append((key, observation(model, row)))
            assert change.row[-3:] == cells(model, past.get(key, ()), present[-1][1])
        for key, seen in present:
            past.setdefault(key, []).append(seen)
    return found
