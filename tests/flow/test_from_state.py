"""A regression of a run, opened from its state: the run's own numbers, while it goes on and afterwards."""

import contextlib
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import streamreg as sr
from streamreg import _checkpoint, _resume, _snapshot, testing
from streamreg._plan import Plan
from tests.flow.changelog import answer, changes, current
from tests.flow.child import Child
from tests.flow.numbered import Point, count_sound, row, stream, write_regression, y_of
from tests.flow.sensors import COLUMNS, points, topic, write_lines

open_state = sr.LinearRegression.from_state


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


def run(**outputs: sr.Table) -> dict[str, dict[str, Any]]:
    """The last answers of a run with these outputs."""
    for name, output in outputs.items():
        sr.io.csv.write(output, f"{name}.csv")
    answers: dict[str, Any] = {}
    sr.run(processes=0, state="state", progress=lambda now: answers.update(now.answers))
    return answers


def listing() -> dict[str, tuple[int, bytes]]:
    return {
        path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in Path("state").iterdir()
    }


def has_rows(state: Path) -> bool:
    """Whether a run has committed one."""
    with contextlib.suppress(sr.StateError):
        return _snapshot.read(state).rows > 0
    return False


def test_law_a_live_run_shows_its_last_answer(folder: Path) -> None:
    """Looked at while it commits, a run is undisturbed, and each look sees an answer that its changelog had."""
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
    assert (repr(last.intercept_), repr(last.coef_.tolist()[0])) == answer(
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
    assert model.get_params() == {"fit_intercept": False, "ridge": 0.0}
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


class Keyed(sr.Schema):
    k: int
    s: str
    x: float
    y: float


def keyed() -> sr.Table:
    lines = [f"{k},{s},{x},{x * k}".encode() for k in range(8) for s in "ab" for x in range(3)]
    return testing.read([[b"k,s,x,y", *lines]], schema=Keyed)


def test_a_key_must_be_one_that_there_is() -> None:
    """The error says what the keys are, and some of them; a key of another type is none."""
    t = keyed()
    run(fit=t.linear_regression(t.y, t.x, by=t.k))
    assert open_state("state", key=3).coef_.tolist() == [3.0]
    assert open_state("state", key=(np.int64(4),)).coef_.tolist() == [4.0]
    said = r"y on x by k is by k \(int\), and {}; there are 0, 1, 2, 3, 4 and 3 more"
    with pytest.raises(sr.ConfigurationError, match=said.format("say which one")):
        open_state("state")
    for wrong in (8, -1, 2**70, "3", True, 3.0, (3, 3), (), [3], "\ud800"):
        with pytest.raises(sr.ConfigurationError, match=said.format("there is none for .*")):
            open_state("state", key=wrong)  # type: ignore[arg-type]


def test_keys_of_several_columns_are_tuples() -> None:
    """Also in the error."""
    t = keyed()
    run(fit=t.linear_regression(t.y, t.x, by=(t.s, t.k)))
    assert open_state("state", key=("b", 2)).coef_.tolist() == [2.0]
    with pytest.raises(
        sr.ConfigurationError, match=r"s \(str\), k \(int\).*\('a', 0\), \('a', 1\)"
    ):
        open_state("state", key="b")
    with pytest.raises(sr.ConfigurationError, match="none for"):
        open_state("state", key=("\ud800", 2))


def test_an_output_is_chosen_where_there_are_several() -> None:
    """By its name in the job, or that of the file; the error says which there are."""
    t = keyed()
    line = t.reduce(n=sr.reducers.count(), slope=sr.reducers.regr_slope(t.y, t.x))
    both = t.linear_regression(t.y, t.x, t.k).select(sum=sr.this.x + sr.this.k)
    two = t.reduce(a=sr.reducers.regr_slope(t.y, t.x), b=sr.reducers.regr_slope(t.x, t.y))
    sr.io.csv.write(t, "rows.csv")
    Path("sub").mkdir()
    sr.io.csv.write(both.filter(both.sum > 0), "sub/both.csv")
    run(line=line, count=t.reduce(n=sr.reducers.count()), two=two)
    assert open_state("state", output="line.csv").coef_.tolist() == [3.5]
    for name in ("sub/both.csv", Path("sub/both.csv"), "both.csv"):
        assert open_state("state", output=name).feature_names_in_.tolist() == ["x", "k"]
    there_are = re.escape(
        "there are sub/both.csv (y on x, k); line.csv (y on x); two.csv (y on x, x on y)"
    )
    with pytest.raises(sr.ConfigurationError, match=f"say of which.*{there_are}"):
        open_state("state")
    for other in ("count.csv", "rows.csv", "none.csv", "elsewhere/both.csv"):
        with pytest.raises(
            sr.ConfigurationError, match=f"{other}' shows no regression; {there_are}"
        ):
            open_state("state", output=other)
    with pytest.raises(sr.ConfigurationError, match=r"several regressions \(y on x, x on y\)"):
        open_state("state", output="two.csv")
    with pytest.raises(sr.ConfigurationError, match="y on x is not by keys"):
        open_state("state", output="line.csv", key=1)


def test_outputs_of_one_regression_need_not_be_chosen_from() -> None:
    """What is written twice in other words is one regression."""
    t = keyed()
    fit = t.linear_regression(t.y, t.x)
    run(a=fit, b=fit.select(slope=fit.x))
    assert open_state("state").coef_.tolist() == [3.5]


def test_a_state_without_a_regression(folder: Path) -> None:
    """Nothing to read, no directory, a damaged one: each is an error that says so, and writes nothing."""
    for name in ("none", "empty"):
        (folder / "empty").mkdir(exist_ok=True)
        with pytest.raises(sr.StateError, match="there is none"):
            open_state(name)
    assert not Path("none").exists()
    assert not list(Path("empty").iterdir())
    t = keyed()
    run(count=t.reduce(n=sr.reducers.count()))
    with pytest.raises(sr.StateError, match=r"writes no regression.*but count\.csv"):
        open_state("state")


def test_a_state_before_the_first_row() -> None:
    """There is no estimator of nothing."""
    write_regression(testing.read([[b"x,y", b"none"]], schema=Point))
    sr.run(processes=0, state="state")
    with pytest.raises(sr.StateError, match="not read a row yet"):
        open_state("state")


def test_rows_that_do_not_determine_the_line_warn() -> None:
    """As an estimator that has seen them."""
    write_regression(testing.read([[b"x,y", row(1)]], schema=Point))
    sr.run(processes=0, state="state")
    with pytest.warns(RuntimeWarning, match="do not determine"):
        assert np.isnan(open_state("state").coef_).all()


def test_damage_is_refused(folder: Path) -> None:
    """A bit turned anywhere in the database is damage, or in a place that nothing is read from."""
    write_regression(testing.read(stream(40, 3), schema=Point))
    sr.run(processes=0, state="state")
    whole = open_state("state").to_bytes()
    database = Path("state") / _checkpoint.FILE
    held = database.read_bytes()
    refused = 0
    for at in range(0, len(held), len(held) // 150):
        database.write_bytes(held[:at] + bytes([held[at] ^ 4]) + held[at + 1 :])
        try:
            assert open_state("state").to_bytes() == whole
        except sr.StateError:
            refused += 1
    assert refused > 20


def test_a_state_of_the_first_format(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be opened, and says what to do; its job goes on from it, and then it can be."""
    now = _resume.job

    def then(plan: Plan, rejects: Path | None) -> dict[str, Any]:
        return {
            name: part
            for name, part in now(plan, rejects).items()
            if name != _checkpoint.REGRESSIONS
        }

    def program(rows: int) -> None:
        write_regression(testing.read(stream(rows, 3), schema=Point))
        sr.run(processes=0, state="state")

    with monkeypatch.context() as before:
        before.setattr(_resume, "job", then)
        before.setattr(_checkpoint, "FORMAT_VERSION", 1)
        program(30)
    with pytest.raises(sr.StateError, match=r"older streamreg.*let its job run once"):
        open_state("state")
    program(60)
    assert open_state("state").n_samples_seen_ == count_sound(Path(), 3) == 60
