"""Rows that a regression has scored, and what must stand in their file: recomputed from the file in rationals.

The epoch of each row is in the file. So the rows of all earlier epochs are known, and the fit to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from streamreg._types import SCORES
from tests.support.changelog import Change, changes, times
from tests.support.inference import dot
from tests.support.rationals import nearest, root, solve

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
    """A row as the equations take it."""

    design: Sequence[Fraction]
    target: Fraction
    weight: Fraction


class Fitted(NamedTuple):
    """The least-squares fit of some rows."""

    coefficients: Sequence[Fraction]
    inverse: Sequence[Sequence[Fraction]]
    variance: Fraction


class Past:
    """The rows of some epochs, as sums of products, and the fit to them."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._size = len(model.features) + model.intercept
        self._rows = 0
        self._sums = [[Fraction()] * (self._size + 1) for _ in range(self._size + 1)]
        self._fit: Fitted | None = None

    def add(self, rows: Sequence[Observation]) -> None:
        """Adds the rows of an epoch."""
        for design, target, weight in rows:
            if weight >= 0:
                self._rows += 1
                row = [*design, target]
                for sums, one in zip(self._sums, row, strict=True):
                    sums[:] = [s + weight * one * other for s, other in zip(sums, row, strict=True)]
        self._fit = self._fitted()

    def _fitted(self) -> Fitted | None:
        size = self._size
        gram = [row[:size] for row in self._sums[:size]]
        for at in range(self._model.intercept, size):
            gram[at][at] += self._model.ridge
        right, squares = self._sums[size][:size], self._sums[size][size]
        coefficients = solve([[*row, value] for row, value in zip(gram, right, strict=True)])
        if coefficients is None:
            return None
        units = [[Fraction(i == j) for j in range(size)] for i in range(size)]
        inverse = [solve([[*row, u] for row, u in zip(gram, unit, strict=True)]) for unit in units]
        freedom = self._rows - size
        defined = freedom > 0 and not self._model.ridge
        variance = (squares - dot(coefficients, right)) / freedom if defined else Fraction()
        return Fitted(coefficients, [column or [] for column in inverse], variance)

    def cells(self, row: Observation) -> Cells:
        """What is said of a later row."""
        fit = self._fit
        if fit is None:
            zero = self._rows and self._model.zeros
            return (repr(0.0), repr(nearest(row.target)), "") if zero else NOTHING
        prediction = dot(fit.coefficients, row.design)
        residual = row.target - prediction
        standardized = ""
        if fit.variance and row.weight > 0:
            leverage = dot(row.design, [dot(column, row.design) for column in fit.inverse])
            size = root(residual**2 / (fit.variance * (1 / row.weight + leverage)))
            standardized = repr(-size if residual < 0 and size else size)
        return repr(nearest(prediction)), repr(nearest(residual)), standardized


def observation(model: Model, row: Mapping[str, str]) -> Observation:
    """A row of a file as numbers, exactly."""
    design = [Fraction(1)] if model.intercept else []
    for feature in model.features:
        name, power = feature if isinstance(feature, tuple) else (feature, 1)
        design.append(_number(name, row) ** power)
    weight = Fraction(1) if model.weight is None else _number(model.weight, row)
    return Observation(design, _number(model.target, row), weight)


def _number(name: str, row: Mapping[str, str]) -> Fraction:
    return Fraction(row[name]) if name == "d" else Fraction(float(row[name]))


def check(path: str | Path, model: Model, *columns: str) -> list[Change]:
    """Raises AssertionError unless each row has the scores by the rows before its epoch; returns the changes."""
    found = changes(path, *columns, *SCORES)
    times(found)
    past: defaultdict[str, Past] = defaultdict(lambda: Past(model))
    for _, epoch in groupby(found, lambda change: change.time):
        present: defaultdict[str, list[Observation]] = defaultdict(list)
        for change in epoch:
            assert change.diff == 1
            row = dict(zip(columns, change.row[:-3], strict=True))
            key = "" if model.key is None else row[model.key]
            present[key].append(observation(model, row))
            assert change.row[-3:] == past[key].cells(present[key][-1])
        for key, seen in present.items():
            past[key].add(seen)
    return found
