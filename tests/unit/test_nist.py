"""NIST's Statistical Reference Datasets: their certified standard deviations, residual SD and R².

Each is met to as many digits as the exact answer for the nearest doubles has: the data are decimals,
and what is lost by reading them as doubles is lost before the first sum.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamreg._core import Fit, Moments

DATA = Path(__file__).parents[1] / "data" / "nist"

# Digits of standard deviations, residual SD and R².
DIGITS = {
    "Norris": (13.9, 14.0, 15.0),
    "Pontius": (13.8, 13.8, 15.0),
    "NoInt1": (15.0, 15.0, 15.0),
    "NoInt2": (14.9, 15.0, 15.0),
    "Longley": (14.9, 15.0, 15.0),
    "Wampler1": (15.0, 15.0, 15.0),
    "Wampler2": (15.0, 15.0, 15.0),
    "Wampler3": (14.5, 14.8, 15.0),
}


def agreed(found: float | int | None, certified: str) -> float:
    """The log relative error: digits that agree, to one place after the point, at most 15."""
    assert isinstance(found, float)
    value = Decimal(certified)
    # 15 digits are certified: rounded to them, an exact answer is the certified value.
    error = abs(Decimal(f"{found:.14e}") - value)
    if not error:
        return 15.0
    error = abs(Decimal(found) - value) / (abs(value) or 1)
    return min(15.0, round(-math.log10(error), 1))


def read(name: str) -> tuple[list[NDArray[np.float64]], dict[str, Any]]:
    """Features, then the target, as columns; and what is certified."""
    certified = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    names, *rows = (DATA / f"{name}.csv").read_text(encoding="utf-8").split()
    table = np.array([[float(field) for field in row.split(",")] for row in rows])
    columns = dict(zip(names.split(","), table.T, strict=True))
    model = certified["model"]
    features = [columns[predictor] for predictor in model["predictors"]]
    powers = [features[0] ** power for power in range(2, model["degree"] + 1)]
    return [*features, *powers, columns[certified["response"]]], certified


def fitted(name: str) -> tuple[Fit, dict[str, Any]]:
    """The fit of a data set, and what is certified of it."""
    columns, certified = read(name)
    moments = Moments(len(columns) - 1)
    moments.add([np.ascontiguousarray(column) for column in columns])
    return moments.fit(certified["model"]["intercept"]), certified


@pytest.mark.parametrize("name", DIGITS)
def test_nist_certified_statistics(name: str) -> None:
    """Every certified number of a fit is met to the digits that the doubles still hold."""
    fit, certified = fitted(name)
    deviations = [
        agreed(fit.statistic("std_error", at), parameter["sd"])
        for at, parameter in enumerate(certified["parameters"])
    ]
    found = (
        min(deviations),
        agreed(fit.statistic("residual_std"), certified["residual_sd"]),
        agreed(fit.statistic("r2"), certified["r_squared"]),
    )
    assert all(digits >= least for digits, least in zip(found, DIGITS[name], strict=True)), found


@pytest.mark.parametrize("name", DIGITS)
def test_nist_degrees_of_freedom_and_f(name: str) -> None:
    """Degrees of freedom are NIST's; so is F, which nothing is in a fit without residuals."""
    fit, certified = fitted(name)
    anova = certified["anova"]
    assert fit.statistic("df") == anova["residual"]["df"]
    found = fit.statistic("f")
    if anova["regression"]["f"] == "Infinity":
        # Decimals without a residual can leave a little as doubles.
        assert found is None or found > 1e30
    else:
        assert agreed(found, anova["regression"]["f"]) >= 12
