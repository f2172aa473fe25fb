"""What `numerics` gives to all that fit: rows, a model, and the coefficients that are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamreg._core import decimals
from tests.support import nist

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """A target and what explains it, as text; a single predictor may stand for its powers too."""

    target: Sequence[str]
    predictors: Sequence[Sequence[str]]
    degree: int = 1
    intercept: bool = True
    certified: Sequence[str] = ()
    """The coefficients as text, the intercept first if there is one."""

    @cached_property
    def columns(self) -> list[Floats]:
        """Predictors, then target, as the nearest doubles."""
        return [np.array(column, dtype=np.float64) for column in (*self.predictors, self.target)]

    @cached_property
    def decimals(self) -> list[NDArray[np.int64]]:
        """The same as written, as streamreg's core takes decimals."""
        return [decimals(list(column))[0] for column in (*self.predictors, self.target)]

    @cached_property
    def features(self) -> Floats:
        """A row for each row: the predictors, with powers that are rounded to doubles, for who takes no others."""
        *predictors, _ = self.columns
        powers = [predictors[0] ** power for power in range(2, self.degree + 1)]
        return np.column_stack([*predictors, *powers])

    @cached_property
    def design(self) -> Floats:
        """The features, behind a column of ones if there is an intercept."""
        ones = [np.ones(len(self.target))] if self.intercept else []
        return np.column_stack([*ones, self.features])

    @property
    def powers(self) -> list[tuple[int, int]]:
        """For each feature the predictor that it is, and the power of it."""
        return [(at, p) for at in range(len(self.predictors)) for p in range(1, self.degree + 1)]


def certified() -> dict[str, Problem]:
    """NIST's data sets by name, the easier first."""
    found = {name: nist.load(name) for name in nist.NAMES}
    levels = ("lower", "average", "higher")
    names = sorted(found, key=lambda name: (levels.index(found[name].certified["level"]), name))
    return {name: _problem(found[name]) for name in names}


def _problem(data: nist.DataSet) -> Problem:
    predictors = [data.columns[name] for name in data.predictors]
    return Problem(data.columns["y"], predictors, data.degree, data.intercept, data.estimates)


def line(rows: int) -> Problem:
    """Points about a line, normal, with six decimals."""
    random = np.random.default_rng(5)
    x = random.normal(size=rows)
    y = 3 + 2 * x + random.normal(size=rows)
    return Problem([f"{value:.6f}" for value in y], [[f"{value:.6f}" for value in x]])
