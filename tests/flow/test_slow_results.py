"""Results that take longer than the time between two epochs are told, once; the run goes on, epoch by epoch."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

import streamreg as sr
from streamreg.testing import read

FEATURES = 64
NAMES = [f"x{at}" for at in range(FEATURES)]


Wide = type("Wide", (sr.Schema,), {"__annotations__": dict.fromkeys([*NAMES, "y"], float)})
"""As many features as there may be, and a target."""


def lines() -> list[bytes]:
    """Rows of numbers from 1e-40 to 1e40, which take minutes step by step, and still far more than a millisecond."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(140, FEATURES + 1)) * 10.0 ** rng.uniform(-40, 40, (140, FEATURES + 1))
    return [",".join(repr(float(v)) for v in row).encode() for row in x]


@pytest.mark.parametrize("features", [2, FEATURES])
@pytest.mark.parametrize("scored", [False, True])
def test_slow_solves_are_told_once(
    folder: Path, caplog: pytest.LogCaptureFixture, features: int, *, scored: bool
) -> None:
    """64 features, of which the coefficients or predictions are written in two epochs: one line; none of two."""
    t = read([lines()], schema=Wide, header=[*NAMES, "y"], batch=70, autocommit_duration_ms=1)
    fit = t.linear_regression(t.y, *(t[name] for name in NAMES[:features]))
    sr.io.csv.write(fit.predict_on(t).select(sr.this.prediction) if scored else fit, "fit.csv")
    with caplog.at_level(logging.WARNING, "streamreg"):
        summary = sr.run(processes=0)
    assert (summary.rows, summary.epochs) == (140, 2)
    told = [record.getMessage() for record in caplog.records]
    told = [line for line in told if "to work out" in line]
    if features < FEATURES:
        assert not told
    else:
        [line] = told
        assert line.startswith(f"epoch {int(scored)}: the results of 'fit.csv' took ")
        assert "longer than the 0.001 s between epochs" in line
