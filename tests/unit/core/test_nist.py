"""NIST's Statistical Reference Datasets: their certified standard deviations, residual SD and R².

Each is met to as many digits as the exact result for the nearest doubles has: the data are decimals,
and what is lost by reading them as doubles is lost before the first sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from streamreg._core import Fit, Moments
from tests.support import nist

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
    """Digits that agree, to one place after the point."""
    assert isinstance(found, float)
    return 15.0 if nist.agrees(found, certified) else round(nist.digits(found, certified), 1)


def read(name: str) -> tuple[list[NDArray[np.float64]], nist.DataSet]:
    """Features, then the target, as columns of doubles; and the data set."""
    data = nist.load(name)
    columns = {
        key: np.array([float(text) for text in texts]) for key, texts in data.columns.items()
    }
    features = [columns[predictor] for predictor in data.predictors]
    powers = [features[0] ** power for power in range(2, data.degree + 1)]
    return [*features, *powers, columns["y"]], data


def fitted(name: str) -> tuple[Fit, dict[str, Any]]:
    """The fit of a data set, and what is certified of it."""
    columns, data = read(name)
    moments = Moments(len(columns) - 1)
    moments.add(columns)
    return moments.fit(data.intercept), data.certified


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
