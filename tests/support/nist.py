"""NIST's Statistical Reference Datasets for linear regression, and the values that NIST certifies.

Public domain: https://www.itl.nist.gov/div898/strd/lls/lls.shtml. The columns are text as NIST prints them.
"""

import csv
import json
import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context
from fractions import Fraction
from pathlib import Path
from typing import Any

import streamreg as sr

FOLDER = Path(__file__).parents[1] / "data" / "nist"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
DIGITS = 15
"""Significant digits of a certified value."""


@dataclass(frozen=True)
class DataSet:
    """Columns as text, the model, and the certified text of each statistic."""

    columns: dict[str, list[str]]
    predictors: list[str]
    degree: int
    intercept: bool
    certified: dict[str, Any]

    @property
    def messages(self) -> list[bytes]:
        """The rows as CSV, the names of the columns first."""
        rows = [tuple(self.columns), *zip(*self.columns.values(), strict=True)]
        return [",".join(row).encode() for row in rows]

    @property
    def estimates(self) -> list[str]:
        """The certified coefficients, the intercept first."""
        return [parameter["estimate"] for parameter in self.certified["parameters"]]

    @property
    def deviations(self) -> list[str]:
        """The certified standard deviations of the coefficients."""
        return [parameter["sd"] for parameter in self.certified["parameters"]]

    def features(self, table: sr.Table) -> list[Any]:
        """The features of the model, powers exact."""
        if self.degree > 1:
            return [sr.poly(table[self.predictors[0]], self.degree)]
        return [table[name] for name in self.predictors]


def load(name: str) -> DataSet:
    """A data set by its name."""
    certified = json.loads((FOLDER / f"{name}.json").read_text())
    with (FOLDER / f"{name}.csv").open(newline="") as file:
        names, *rows = csv.reader(file)
    columns = {
        name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }
    model = certified["model"]
    return DataSet(columns, model["predictors"], model["degree"], model["intercept"], certified)


def agrees(found: float, certified: str, digits: int = DIGITS) -> bool:
    """Whether a double, rounded to so many significant digits, is the certified value rounded so.

    Rounded is what is written of it, halves up: Pontius' slope is 7.320591604010025e-07, on the edge.
    """
    context = Context(prec=digits, rounding=ROUND_HALF_UP)
    return context.create_decimal(repr(found)) == context.create_decimal(certified)


def digits(found: float, certified: str) -> float:
    """The log relative error, NIST's measure of the digits that agree: at most 15."""
    exact = Fraction(certified)
    error = abs(Fraction(found) - exact) / (abs(exact) or 1)
    return min(float(DIGITS), -math.log10(error)) if error else float(DIGITS)
