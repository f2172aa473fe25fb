"""Regressions of a stream whose features follow from each other, nearly or exactly: as the estimator has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import streamreg as sr
from streamreg.testing import read
from tests.estimators.test_condition import celsius, normal
from tests.estimators.test_dropped import dropping, features
from tests.support.changelog import changes


class Points(sr.Schema):
    c: float
    f: float
    y: float


@pytest.mark.parametrize("ridge", [0.0, 2.0])
def test_differential_condition_number_of_a_table(folder: Path, ridge: float) -> None:
    """A stream's statistic of that name is the estimator's."""
    x = celsius()[:40]
    y = x[:, 0] + normal(16, 40)
    rows = [
        f"{float(c)!r},{float(f)!r},{float(v)!r}".encode() for (c, f), v in zip(x, y, strict=True)
    ]
    t = read([rows], schema=Points, header=["c", "f", "y"])
    fit = t.linear_regression(t.y, t.c, t.f, ridge=ridge, statistics=["condition_number"])
    sr.io.csv.write(fit, "fit.csv")
    sr.run(processes=0)
    last = changes("fit.csv", "intercept", "c", "f", "condition_number")[-1].row
    assert last[3] == repr(sr.LinearRegression(ridge=ridge).fit(x, y).condition_number_)


class Rows(sr.Schema):
    a: float
    b: float
    twice: float
    y: float


def test_differential_dropped_features_of_a_table(folder: Path) -> None:
    """Cells of a dropped feature are missing, the others and the predictions are the estimator's."""
    x, y = features(5)
    x = np.column_stack([x[:, :2], 2 * x[:, 0]])
    lines = [
        ",".join(repr(float(v)) for v in [*row, v]).encode() for row, v in zip(x, y, strict=True)
    ]
    t = read([lines], schema=Rows, header=["a", "b", "twice", "y"], batch=20)
    fit = t.linear_regression(
        *(t.y, t.a, t.b, t.twice), singular="drop", statistics=["rank", "df", "r2", "std_error"]
    )
    sr.io.csv.write(fit, "fit.csv")
    sr.io.csv.write(fit.predict_on(t).select(sr.this.prediction), "rows.csv")
    sr.run(processes=0)
    model = dropping().fit(x, y)
    names = ["intercept", "a", "b", "twice"]
    errors = [f"std_error_{name}" for name in names]
    last = changes("fit.csv", *names, "rank", "df", "r2", *errors)[-1].row
    shown = [*model._values(), model.rank_, model.df_resid_, model.r2_, *model.std_errors_]
    assert last == tuple(
        "" if v != v else repr(v if isinstance(v, int) else float(v)) for v in shown
    )
    half = dropping().fit(x[:20], y[:20])
    found = [change.row[0] for change in changes("rows.csv", "prediction")][20:]
    assert found == [repr(v) for v in half.predict(x[20:]).tolist()]


def test_from_state_drops_what_the_job_drops(folder: Path) -> None:
    """An estimator out of a run's state has the option, and so the same coefficients and predictions."""
    rows = [b"1,5,2,3", b"2,4,4,4", b"3,9,6,4", b"7,1,14,9"]
    t = read([rows], schema=Rows, header=["a", "b", "twice", "y"])
    fit = t.linear_regression(t.y, t.a, t.b, t.twice, singular="drop")
    sr.io.csv.write(fit, "fit.csv")
    sr.run(processes=0, state="state")
    model = sr.LinearRegression.from_state("state")
    assert model.singular == "drop"
    cells = changes("fit.csv", "intercept", "a", "b", "twice")[-1].row
    assert cells == (*map(repr, [model.intercept_, *model.coef_[:2].tolist()]), "")
