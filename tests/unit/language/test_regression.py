"""`linear_regression` with options: its columns, what they ask of the core, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import streamreg as sr
from streamreg import testing
from streamreg._core import Moments
from streamreg._language.regression_options import OF_RIDGE, STATISTICS

TableOf = Callable[..., sr.Table]
PlanOf = Callable[..., Any]


def test_columns_of_the_statistics(table_of: TableOf) -> None:
    """Coefficients first, then the statistics in the order asked, each once; counts are integers."""
    t = table_of(y=float, x=float, z=int)
    statistics = ["r2", "std_error", "n", "confidence_interval", "covariance", "r2"]
    fit = t.linear_regression(t.y, t.x, t.z, statistics=statistics)
    assert fit.keys() == [
        *["intercept", "x", "z", "r2", "std_error_intercept", "std_error_x", "std_error_z", "n"],
        *[
            "ci_low_intercept",
            "ci_high_intercept",
            "ci_low_x",
            "ci_high_x",
            "ci_low_z",
            "ci_high_z",
        ],
        *["covariance_intercept_intercept", "covariance_intercept_x", "covariance_intercept_z"],
        *["covariance_x_x", "covariance_x_z", "covariance_z_z"],
    ]
    integers = t.linear_regression(t.y, t.x, statistics=["n", "df", "rank", "rss"])
    assert [column.dtype for column in integers] == ["float", "float", "int", "int", "int", "float"]
    origin = t.linear_regression(t.y, t.x, intercept=False, statistics=["t", "covariance"])
    assert origin.keys() == ["x", "t_x", "covariance_x_x"]


def test_what_is_asked_of_the_core(table_of: TableOf, plan_of: PlanOf) -> None:
    """All models of the same rows share one aggregate; options that change nothing make no second one."""
    t = table_of(y=float, x=float)
    plan = plan_of(
        t.linear_regression(t.y, t.x, statistics=["r2"], level=0.9, singular="null"),
        t.linear_regression(t.y, t.x, statistics=["r2", "confidence_interval"]),
        t.linear_regression(t.y, t.x, intercept=False, ridge=2),
    )
    assert plan.rows.reductions[0].aggregates == (("count",), ("moments", (0,), 1))
    missing, plain = (True, 0.0, "null", 0.95), (True, 0.0, "zero", 0.95)
    assert plan.results[0].statistics[1:] == (
        *[(1, "coefficient", at, 0, missing) for at in range(2)],
        (1, "r2", 0, 0, plain),
        *[(1, "coefficient", at) for at in range(2)],
        *[(1, name, at, 0, plain) for at in range(2) for name in ("ci_low", "ci_high")],
        (1, "coefficient", 0, 0, (False, 2.0, "zero", 0.95)),
    )


def test_features_that_are_expressions(table_of: TableOf, plan_of: PlanOf) -> None:
    """They are named by their text, as it was written."""
    t = table_of(y=float, x=float, z=float)
    fit = t.linear_regression(
        t.y, t.x, t.x**2, sr.log(t.z), sr.this.z, sr.this.x * t.z, statistics=["t"]
    )
    names = ["x", "x ** 2", "log(z)", "z", "this.x * z"]
    assert fit.keys() == ["intercept", *names, "t_intercept", *[f"t_{name}" for name in names]]
    plan = plan_of(fit.select(a=fit["x ** 2"]))
    assert plan.rows.reductions[0].inputs == ("float",) * 6
    assert plan.results[0].statistics[1:] == ((1, "coefficient", 2),)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"statistics": "r2"}, r"statistics is names in a tuple, like \('r2',\), not 'r2'"),
        ({"statistics": ["R2"]}, "no statistic 'R2'; there are n, df, rank.*covariance"),
        ({"statistics": [1]}, "no statistic 1"),
        ({"statistics": ["x"]}, "no statistic 'x'"),
        (
            {"ridge": 1.0, "statistics": ["t"]},
            "t is not defined with a ridge, only n, condition_number, rss, r2 are",
        ),
        ({"ridge": -1.0}, "ridge is a finite number from 0 up, not -1.0"),
        ({"ridge": float("nan")}, "ridge is a finite number from 0 up, not nan"),
        ({"ridge": float("inf")}, "ridge is a finite number"),
        ({"ridge": 10**400}, "ridge is a finite number"),
        ({"ridge": "1"}, "ridge is a finite number"),
        ({"ridge": True}, "ridge is a finite number"),
        ({"intercept": 1}, "intercept is True or False, not 1"),
        ({"singular": "none"}, 'singular is "zero", "null" or "drop", not \'none\''),
        ({"level": 95}, "level is a number between 0 and 1, like 0.95, not 95"),
        ({"level": 1.0}, "level is a number between 0 and 1"),
    ],
)
def test_options_that_make_no_sense(
    table_of: TableOf, options: dict[str, Any], message: str
) -> None:
    """Each says what it may be."""
    t = table_of(y=float, x=float)
    with pytest.raises(sr.ProgramError, match=message):
        t.linear_regression(t.y, t.x, **options)


def test_columns_of_the_same_name(table_of: TableOf) -> None:
    """A feature cannot be called what a statistic is, nor can features make two statistics alike."""
    t = table_of(y=float, r2=float, a=float, a_b=float, b_c=float, c=float, intercept=float)
    with pytest.raises(sr.ProgramError, match=r"two columns .* called r2; give .* select"):
        t.linear_regression(t.y, t.r2, statistics=["r2"])
    with pytest.raises(sr.ProgramError, match="called covariance_a_b_c"):
        t.linear_regression(t.y, t.a, t.a_b, t.b_c, t.c, statistics=["covariance"])
    with pytest.raises(sr.ProgramError, match="cannot be called intercept"):
        t.linear_regression(t.y, t.intercept)
    assert t.linear_regression(t.y, t.intercept, intercept=False).keys() == ["intercept"]
    with pytest.raises(sr.ProgramError, match=r"the feature a \*\* 2 is given twice"):
        t.linear_regression(t.y, t.a**2, t.a**2)
    long = t.a
    for _ in range(20):
        long = long + t.c  # type: ignore[assignment]  # any expression
    with pytest.raises(sr.ProgramError, match="is too long to name its coefficient"):
        t.linear_regression(t.y, long)
    with pytest.raises(sr.ProgramError, match=r"the feature 1\.0 is the same for all rows"):
        t.linear_regression(t.y, 1.0)  # type: ignore[arg-type]


class Point(sr.Schema):
    """A row of the topic."""

    x: float
    z: int
    y: float


def written(tmp_path: Path, rows: list[tuple[float, int, float]], **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """The last result of a run over these rows."""
    tmp_path.mkdir(exist_ok=True)
    messages = [b"x,z,y", *(f"{x!r},{z},{y!r}".encode() for x, z, y in rows)]
    t = testing.read([messages], schema=Point)
    sr.io.csv.write(t.linear_regression(t.y, t.x, t.z, **options), str(tmp_path / "fit.csv"))
    results: dict[str, Any] = {}
    sr.run(progress=lambda now: results.update(now.results))
    (result,) = results.values()
    return dict(result)


ROWS = [
    (0.5, 1, 2.0),
    (1.5, -1, 0.25),
    (2.0, 3, 8.0),
    (-1.0, 0, -2.5),
    (0.1, 7, 11.0),
    (4.0, 2, 9.5),
]


def test_a_run_with_every_statistic(tmp_path: Path) -> None:
    """What is written is what a fit of the same rows says; with a ridge there are fewer statistics."""
    state = Moments(2)
    columns = [np.array(column) for column in zip(*ROWS, strict=True)]
    state.add(columns)
    found = written(tmp_path, ROWS, statistics=STATISTICS, level=0.8)
    fit = state.fit()
    names = ["intercept", "x", "z"]
    assert found["r2"] == fit.statistic("r2")
    assert (found["n"], found["df"], found["rank"]) == (6, 3, 3)
    for i, name in enumerate(names):
        for statistic in ("std_error", "t", "p_value", "ci_low", "ci_high"):
            assert found[f"{statistic}_{name}"] == fit.statistic(statistic, i, level=0.8)
    assert found["covariance_x_z"] == fit.statistic("covariance", 1, 2)

    found = written(tmp_path / "ridge", ROWS, ridge=0.1, statistics=OF_RIDGE)
    ridged = state.fit(ridge=0.1)
    assert [found[name] for name in names] == ridged.coefficients()
    assert [found[name] for name in OF_RIDGE] == [ridged.statistic(name) for name in OF_RIDGE]


def test_a_run_over_too_few_rows(tmp_path: Path) -> None:
    """Coefficients that are not determined are 0 or empty, as asked for; the statistics are empty."""
    statistics = ["n", "rank", "df", "r2", "t"]
    for singular, value in (("zero", 0.0), ("null", None)):
        found = written(tmp_path / singular, ROWS[:2], statistics=statistics, singular=singular)
        assert [found[name] for name in ("intercept", "x", "z")] == [value] * 3
        assert [found[name] for name in ("n", "rank", "df", "r2", "t_x")] == [
            2,
            2,
            None,
            None,
            None,
        ]
    text = (tmp_path / "null" / "fit.csv").read_text(encoding="utf-8")
    assert text.splitlines()[-1].startswith(",,,2,2,,,,,,")
