"""Rolling regressions: each row's results are those of the rows of its window alone, rounded once from rationals."""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, TypeAlias

import mpmath
import numpy as np
import pytest

import streamreg as sr
from tests.support.rolled import fitted

Data: TypeAlias = Any


def bits(values: Data) -> list[bytes]:
    """Doubles by their bits; every NaN is the same."""
    return [struct.pack("<d", math.nan if math.isnan(value) else value) for value in values]


def exact(columns: list[Any]) -> list[list[Fraction | None]]:
    """The rows, exactly; None for what is missing or infinite."""
    return [
        [Fraction(value) if math.isfinite(value) else None for value in row]
        for row in zip(*(column.tolist() for column in columns), strict=True)
    ]


def frames(seed: int, count: int, features: int) -> dict[str, Any]:
    """Normal features and a target, with outliers that pass, ties, times, and missing numbers."""
    random = np.random.default_rng(seed)
    made: dict[str, Any] = {
        f"x{at}": random.normal(size=count) * 10.0 ** random.integers(-3, 4)
        for at in range(features)
    }
    made["y"] = sum(made.values()) + random.normal(size=count)
    kind = seed % 5
    if kind == 0:
        made["x0"] = 1.7e9 + np.arange(count) / 2
    elif kind == 1:
        made["x0"][count // 3] = 1e12
        made["y"][count // 3] = -1e12
    elif kind == 2:
        made["x0"] = random.integers(-2, 3, count)
        made["y"] = random.integers(-3, 4, count)
    elif kind == 3:
        made["x0"][random.random(count) < 0.1] = math.nan
        made["y"][random.random(count) < 0.05] = math.inf
    return made


@pytest.mark.parametrize("seed", range(15))
def test_oracle_rows(seed: int) -> None:
    """Windows of so many rows, whatever has passed before them."""
    random = np.random.default_rng(seed)
    features = int(random.integers(1, 4))
    window, count = int(random.integers(3, 30)), 70
    frame = frames(seed, count, features)
    names = [f"x{at}" for at in range(features)]
    least = int(random.integers(1, window + 1))
    found = sr.rolling_linear_regression(frame, "y", names, window=window, min_rows=least)
    assert list(found) == ["intercept", *names]
    rows = exact([frame[name] for name in [*names, "y"]])
    for at in range(count):
        expected = fitted(rows, range(max(0, at + 1 - window), at + 1), least)
        assert bits(column[at] for column in found.values()) == bits(expected), at


@pytest.mark.parametrize("seed", range(10))
def test_oracle_times_in_groups(seed: int) -> None:
    """Windows of time hold (t - window, t], in groups that stand in the frame in any order."""
    random = np.random.default_rng(100 + seed)
    count, features = 80, int(random.integers(1, 3))
    frame = frames(seed, count, features)
    names = [f"x{at}" for at in range(features)]
    frame["who"] = np.array([["a", "b", None][at] for at in random.integers(0, 3, count)], object)
    frame["sort"] = random.integers(0, 2, count)
    seconds = np.cumsum(random.integers(0, 500, count))
    times = np.datetime64("2026-03-29T00:00", "s") + seconds.astype("m8[s]")
    frame["at"] = times.astype(["M8[s]", "M8[ms]", "M8[us]", "M8[ns]"][seed % 4])
    frame["seconds"] = seconds
    frame["float"] = seconds.astype(float)
    rows = exact([frame[name] for name in [*names, "y"]])
    lengths: dict[str, Data] = {
        "at": ["30min", timedelta(minutes=30), np.timedelta64(30, "m"), "29min60s"][seed % 4],
        "seconds": 1800,
        "float": 1800.0,
    }
    for on, length in lengths.items():
        found = sr.rolling_linear_regression(
            frame, "y", names, window=length, on=on, by=["who", "sort"], min_rows=3
        )
        for at in range(count):
            window = [
                row
                for row in range(at + 1)
                if frame["who"][row] == frame["who"][at]
                and frame["sort"][row] == frame["sort"][at]
                and seconds[row] > seconds[at] - 1800
            ]
            expected = fitted(rows, window, 3)
            assert bits(column[at] for column in found.values()) == bits(expected), (on, at)


@pytest.mark.parametrize("seed", range(6))
def test_oracle_half_lives(seed: int) -> None:
    """A row weighs the double nearest to its power of two; rows of 100 half-lives before are out of the window."""
    random = np.random.default_rng(200 + seed)
    count, features = 60, 1 + seed % 2
    frame = frames(seed, count, features)
    names = [f"x{at}" for at in range(features)]
    half = [7, 2.5, 0.1, 300, 0.75, 20][seed]
    on = None if seed < 3 else "t"
    times = np.cumsum(random.integers(0, 90, count)).astype(float if seed % 2 else np.int64)
    frame["t"] = times - 1000
    window = 25 if on is None else 1200
    found = sr.rolling_linear_regression(
        frame, "y", names, window=window, on=on, half_life=half, min_rows=4
    )
    ages = [Fraction(at) if on is None else Fraction(frame["t"][at]) for at in range(count)]
    halves = [math.floor(age / Fraction(half)) for age in ages]
    with mpmath.workprec(400):
        powers = [
            mpmath.mpf(2) ** (mpmath.mpf(rest.numerator) / rest.denominator)
            for rest in (
                age / Fraction(half) - whole for age, whole in zip(ages, halves, strict=True)
            )
        ]
        mantissas = [Fraction(float(power)) for power in powers]
    weights = [m * Fraction(2) ** int(whole) for m, whole in zip(mantissas, halves, strict=True)]
    rows = exact([frame[name] for name in [*names, "y"]])
    for at in range(count):
        inside = [
            row
            for row in range(at + 1)
            if (at - row < window if on is None else ages[at] - ages[row] < window)
        ]
        enough = sum(all(value is not None for value in rows[row]) for row in inside) >= 4
        window_rows = [row for row in inside if halves[at] - halves[row] < 100]
        expected = fitted(rows, window_rows, 1 if enough else count, weights)
        assert bits(column[at] for column in found.values()) == bits(expected), at


@pytest.mark.parametrize("singular", ["null", "drop"])
def test_law_statistics_are_those_of_the_estimator(singular: Data) -> None:
    """All statistics of a window have the bits of `LinearRegression` fitted to its rows."""
    frame = frames(2, 40, 2)
    found = sr.rolling_linear_regression(
        frame,
        "y",
        ["x0", "x1"],
        window=12,
        min_rows=3,
        singular=singular,
        level=0.9,
        statistics=[
            *["n", "rank", "df", "rss", "r2", "f", "aic", "std_error", "p_value", "covariance"],
            *["confidence_interval", "condition_number"],
        ],
    )
    x = np.column_stack([frame["x0"], frame["x1"]])
    for at in range(2, 40):
        own = slice(max(0, at - 11), at + 1)
        model = sr.LinearRegression(singular=singular).fit(x[own], frame["y"][own])
        fit = model._fit()
        names = ["intercept", "x0", "x1"]
        expected = {name: fit.statistic("coefficient", place) for place, name in enumerate(names)}
        for name in ("n", "rank", "df", "rss", "r2", "f", "aic", "condition_number"):
            expected[name] = fit.statistic(name)
        for place, name in enumerate(names):
            for kind in ("std_error", "p_value", "ci_low", "ci_high"):
                expected[f"{kind}_{name}"] = fit.statistic(kind, place, level=0.9)
            for other in range(place, 3):
                key = f"covariance_{name}_{names[other]}"
                expected[key] = fit.statistic("covariance", place, other)
        assert set(expected) == set(found)
        numbers = [math.nan if value is None else value for value in expected.values()]
        assert bits(found[name][at] for name in expected) == bits(numbers), at


def test_singular_windows() -> None:
    """What is not determined is missing, 0, or missing for what follows from the rest."""
    frame = {"x": np.array([1.0, 1.0, 1.0, 2.0]), "y": np.array([1.0, 2.0, 6.0, 4.0])}
    found = {
        singular: sr.rolling_linear_regression(
            frame, "y", ["x"], window=3, min_rows=1, singular=singular
        )
        for singular in ("null", "zero", "drop")
    }
    assert np.isnan(found["null"]["x"]).tolist() == [True, True, True, False]
    assert found["zero"]["x"].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert found["zero"]["intercept"].tolist() == [0.0, 0.0, 0.0, 4.0]
    assert found["drop"]["intercept"].tolist() == [1.0, 1.5, 3.0, 4.0]
    assert np.isnan(found["drop"]["x"]).tolist() == [True, True, True, False]


@pytest.mark.parametrize("by", [None, "who"])
def test_law_steps_are_every_so_many_rows(by: str | None) -> None:
    """A step leaves the rows of every so many places of the frame, with the results that they have without it."""
    frame = {**frames(7, 50, 2), "who": np.arange(50) % 3}
    whole = sr.rolling_linear_regression(frame, "y", ["x0", "x1"], window=9, by=by)
    parts = sr.rolling_linear_regression(frame, "y", ["x0", "x1"], window=9, by=by, step=4)
    assert all(bits(parts[name]) == bits(whole[name][::4]) for name in whole)


def test_law_integers_are_exact() -> None:
    """Integers beyond 2^53 and decimals count as they are, not as doubles do."""
    big = 2**62
    found = sr.rolling_linear_regression(
        {"x": np.array([big, big + 1, big + 3]), "y": np.array([1, 2, 4])}, "y", ["x"], window=3
    )
    assert (found["x"][2], found["intercept"][2]) == (1.0, float(1 - big))


def test_a_day_of_summer_time_is_like_any_other() -> None:
    """Times with a zone are moments: the hour that a clock skips is in no window."""
    polars = pytest.importorskip("polars")
    start = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    at = [start + timedelta(minutes=10 * step) for step in range(18)]
    frame = polars.DataFrame({"at": at, "x": range(18), "y": [float(n * n) for n in range(18)]})
    local = frame.with_columns(polars.col("at").dt.convert_time_zone("Europe/Berlin"))
    plain, moved = (
        sr.rolling_linear_regression(table, "y", ["x"], window="30min", on="at")
        for table in (frame, local)
    )
    assert plain.equals(moved)
    assert plain["x"].to_list()[2:] == [2.0 * n - 2 for n in range(2, 18)]
