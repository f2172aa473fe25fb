"""A regression of a run, opened from its state: the run's own numbers, while it goes on and afterwards."""

import contextlib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import streamreg as sr
from streamreg import testing
from streamreg._state import snapshot
from tests.support.changelog import changes, current, result
from tests.support.child import Child
from tests.support.numbered import Point, count_sound, row, stream, write_regression, y_of
from tests.support.opened import keyed, open_state, run
from tests.support.sensors import COLUMNS, points, topic, write_lines


class Reading(sr.Schema):
    x: float
    n: int
    d: Decimal
    w: float
    y: float


def readings(count: int, seed: int = 3) -> list[tuple[float, int, Decimal, float, float]]:
    rng = np.random.default_rng(seed)
    return [
        (x, int(n), Decimal(int(d)) / 100, w, y)
        for x, n, d, w, y in zip(
            rng.normal(size=count).tolist(),
            rng.integers(-9, 9, count),
            rng.integers(-999, 999, count),
            rng.integers(1, 5, count).astype(float).tolist(),
            rng.normal(size=count).tolist(),
            strict=True,
        )
    ]


def table(rows: Sequence[tuple[object, ...]]) -> sr.Table:
    messages = [",".join(map(str, one)).encode() for one in rows]
    return testing.read([[b"x,n,d,w,y", *messages]], schema=Reading, batch=4)


def frame(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["x", "n", "d", "w", "y"])


def listing() -> dict[str, tuple[int, bytes]]:
    return {
        path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in Path("state").iterdir()
    }


def has_rows(state: Path) -> bool:
    """Whether a run has committed one."""
    with contextlib.suppress(sr.StateError):
        return snapshot.read(state).rows > 0
    return False


def test_law_a_live_run_shows_its_last_result(folder: Path) -> None:
    """Looked at while it commits, a run is undisturbed, and each look sees a result that its changelog had."""
    rows = 8000
    seen: list[tuple[int, tuple[str, ...]]] = []
    with Child("slow", folder, ROWS=rows, STATE="state", STREAMREG_PROCESSES=2) as program:

        def looked() -> bool:
            if not has_rows(folder / "state"):
                return False
            model = open_state(folder / "state")
            if not seen or model.n_samples_seen_ != seen[-1][0]:
                line = (model.intercept_, *model.coef_.tolist()) if model.rank_ == 2 else (0.0, 0.0)
                seen.append((model.n_samples_seen_, tuple(map(repr, line))))
            return len(seen) > 4

        program.wait_until(looked)
        program.finish()
    counts = [count for count, _ in seen]
    assert counts == sorted(counts)
    stood = {change.row for change in changes(folder / "line.csv", "a", "b") if change.diff == 1}
    assert {line for _, line in seen} <= stood
    assert count_sound(folder, 4) == rows
    last = open_state(folder / "state")
    assert last.n_samples_seen_ == rows
    assert (repr(last.intercept_), repr(last.coef_.tolist()[0])) == result(
        folder / "line.csv", "a", "b"
    )


def test_law_rows_of_a_run_are_rows_of_an_estimator() -> None:
    """They are the bytes of an estimator fitted to the same rows, so that both merge, and part again."""
    write_regression(testing.read(stream(40, 3), schema=Point))
    sr.run(processes=0, state="state")
    before = listing()
    model = open_state("state")
    assert listing() == before
    assert model.feature_names_in_.tolist() == ["x"]
    x = pd.DataFrame({"x": np.arange(40.0)})
    y = [y_of(i) for i in range(40)]
    assert model.to_bytes() == sr.LinearRegression().fit(x, y).to_bytes()
    more = sr.LinearRegression().fit(x + 100, y)
    assert ((model + more) - more).to_bytes() == model.to_bytes()
    assert model.forget(x[:10], y[:10]).n_samples_seen_ == 30
    assert "No. Observations:" in model.summary()
    assert open_state("state").n_samples_seen_ == 40


@pytest.mark.parametrize(
    ("features", "weights"),
    [
        (["x", "n"], None),
        (["x", "d"], None),
        (["x", "n"], "w"),
        (["d", "n"], "d2"),
        (["w", "x"], "w"),
    ],
)
def test_law_every_kind_of_column(features: list[str], weights: str | None) -> None:
    """Integers, decimals and weights too are held as an estimator holds them, also where a column serves twice."""
    rows = readings(30)
    t = table(rows)
    t += t.select(d2=sr.cast(float, t.d) ** 2)
    options: dict[str, Any] = {} if weights is None else {"weights": t[weights]}
    fit = t.linear_regression(t.y, *(t[name] for name in features), ridge=0.5, **options)
    # Another regression of the same rows before it: the columns of both are numbered together.
    found = run(other=t.linear_regression(t.x, t.w, t.n), fit=fit)["fit.csv"]
    model = open_state("state", output="fit.csv")
    assert [model.intercept_, *model.coef_.tolist()] == list(found.values())
    held = frame(rows)
    held["d2"] = held["d"].astype(float) ** 2
    by_hand = sr.LinearRegression(ridge=0.5).fit(
        held[features], held["y"], None if weights is None else held[weights]
    )
    assert model.to_bytes() == by_hand.to_bytes()
    assert model.predict(held[features]).tolist() == by_hand.predict(held[features]).tolist()


@pytest.mark.parametrize("column", ["x", "d"])
def test_exact_powers(column: str) -> None:
    """The features are the columns, of which the powers are taken; coefficients have the names of the job's."""
    rows = readings(40)
    t = table(rows)
    asked = ("n", "r2", "std_error")
    fit = t.linear_regression(t.y, sr.poly(t[column], 3), t.w, intercept=False, statistics=asked)
    found = run(fit=fit)["fit.csv"]
    model = open_state("state")
    assert model.get_params() == {"fit_intercept": False, "ridge": 0.0, "singular": "null"}
    assert (model.feature_names_in_.tolist(), model.n_features_in_) == ([column, "w"], 2)
    names = [column, f"{column}^2", f"{column}^3", "w"]
    assert model.coef_.tolist() == [found[name] for name in names]
    assert model.std_errors_.tolist() == [found[f"std_error_{name}"] for name in names]
    assert (model.n_samples_seen_, model.r2_) == (found["n"], found["r2"])
    assert f"{column}^3" in model.summary()
    again = sr.LinearRegression.from_bytes(model.to_bytes())
    assert again.summary() == model.summary()
    held = frame(rows)[[column, "w"]]
    left = np.array(model.predict(held) - frame(rows)["y"])
    assert abs((left**2).sum() - (model.rss_ or 0)) < 1e-9 * len(rows)
    expected, low, high = again.predict(held, interval="prediction")
    assert ((low < expected) & (expected < high)).all()
    before = model.to_bytes()
    outlier = pd.DataFrame({column: held[column][:1], "w": [7]})
    assert model.partial_fit(outlier, [1e9]).forget(outlier, [1e9]).to_bytes() == before
    with pytest.raises(ValueError, match="other features"):
        model.merge(sr.LinearRegression().fit(held, frame(rows)["y"]))
    assert model.fit(held, frame(rows)["y"]).coef_.shape == (2,)


def test_keys() -> None:
    """Each key is a regression of its own: that which stands in the changelog."""
    found = points(300, 4)
    write_lines(topic(found, 2, 40))
    sr.run(processes=0, state="state")
    lines = current("lines.csv", 2, *COLUMNS)
    checked = 0
    for (name, odd), line in lines.items():
        model = open_state("state", key=(name, odd == "True"))
        own = [(x, y) for who, flag, x, y in found if (who, str(flag)) == (name, odd)]
        assert model.n_samples_seen_ == len(own)
        if model.rank_ == 2:
            assert (name, odd, repr(model.intercept_), repr(model.coef_.tolist()[0])) == line
            checked += 1
    assert checked > 10


def test_outputs_of_one_regression_need_not_be_chosen_from() -> None:
    """What is written twice in other words is one regression."""
    t = keyed()
    fit = t.linear_regression(t.y, t.x)
    run(a=fit, b=fit.select(slope=fit.x))
    assert open_state("state").coef_.tolist() == [3.5]


def test_rows_that_do_not_determine_the_line_warn() -> None:
    """As an estimator that has seen them."""
    write_regression(testing.read([[b"x,y", row(1)]], schema=Point))
    sr.run(processes=0, state="state")
    with pytest.warns(RuntimeWarning, match="not determined by the rows seen"):
        assert np.isnan(open_state("state").coef_).all()


def test_a_column_may_get_another_name() -> None:
    """The job goes on, since it computes the same; what is opened has the new names."""
    for name, rows in (("z", 30), ("later", 60)):
        t = testing.read(stream(rows, 3), schema=Point)
        t = t.select(**{"x": t.x, name: t.y})
        write = t.linear_regression(t[name], t.x)
        sr.io.csv.write(write.select(a=write.intercept, b=write.x), "line.csv")
        sr.run(processes=0, state="state")
        with pytest.raises(sr.ConfigurationError, match=f"{name} on x is not by keys"):
            open_state("state", key=1)
    assert open_state("state").n_samples_seen_ == 60
