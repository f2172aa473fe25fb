"""Regressions whose rows lose half of their weight in every half-life: equal to rationals, whatever the order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as state
from streamreg.testing import Message, read
from tests.support.changelog import current, result
from tests.support.plans import csv_output
from tests.support.rationals import nearest

MOST_AGE = 100
HALF_LIFE = 3600
COLUMNS = ("intercept", "x", "n", "r2")

Row = tuple[float, float, int, str]


class Timed(sr.Schema):
    x: float
    y: float
    at: int
    k: str


def weight(at: int, half_life: int, newest: int) -> Fraction:
    """2^(at / half_life), the part of a half-life rounded to a double; relative to a generation."""
    with mpmath.workprec(300):
        part = float(mpmath.power(2, mpmath.mpf(at % half_life) / half_life))
    return Fraction(part) / Fraction(2) ** (newest - at // half_life)


def fitted(rows: Sequence[Row], half_life: int = HALF_LIFE) -> tuple[str, ...]:
    """Intercept, slope, n and R² of weighted least squares, each rounded once."""
    newest = max(at // half_life for _, _, at, _ in rows)
    kept = [row for row in rows if newest - row[2] // half_life <= MOST_AGE]
    weights = [weight(at, half_life, newest) for _, _, at, _ in kept]
    xs, ys = ([Fraction(row[column]) for row in kept] for column in (0, 1))

    def sums(*factors: Sequence[Fraction]) -> Fraction:
        total = Fraction(0)
        for parts in zip(weights, *factors, strict=True):
            product = Fraction(1)
            for part in parts:
                product *= part
            total += product
        return total

    w, sx, sy, sxx, sxy = sums(), sums(xs), sums(ys), sums(xs, xs), sums(xs, ys)
    determinant = w * sxx - sx * sx
    if not determinant:
        return ("0.0", "0.0", str(len(kept)), "")
    slope = (w * sxy - sx * sy) / determinant
    intercept = (sy - slope * sx) / w
    total = sums(ys, ys) - sy * sy / w
    r2 = slope * slope * (sxx - sx * sx / w) / total
    return (repr(nearest(intercept)), repr(nearest(slope)), str(len(kept)), repr(nearest(r2)))


def drawn(count: int, spread: int, seed: int) -> list[Row]:
    chance = random.Random(seed)
    return [
        (
            chance.choice([chance.random(), chance.uniform(-1e6, 1e6), float(i % 7)]),
            chance.random() * 10 ** chance.randint(-3, 3),
            chance.randint(-spread, spread),
            f"k{i % 3}",
        )
        for i in range(count)
    ]


def topic(rows: Sequence[Row], partitions: int = 2) -> list[list[bytes | None]]:
    lines = [f"{x!r},{y!r},{at},{k}".encode() for x, y, at, k in rows]
    return [[b"x,y,at,k", *lines[part::partitions]] for part in range(partitions)]


def faded(rows: Sequence[Row], batch: int = 7, half_life: int = HALF_LIFE) -> list[sr.Output]:
    t = read(topic(rows), schema=Timed, batch=batch)
    options = {"half_life": half_life, "time": t.at, "statistics": ("n", "r2")}
    alone = t.linear_regression(t.y, t.x, **options)  # type: ignore[arg-type]
    keyed = t.linear_regression(t.y, t.x, by=t.k, **options)  # type: ignore[arg-type]
    return [csv_output(alone, "fit.csv"), csv_output(keyed, "keyed.csv")]


@pytest.mark.parametrize("spread", [50, 10**5, 10**7])
def test_oracle_fading(folder: Path, processes: int, spread: int) -> None:
    """Times within a half-life, over some, and over more than are kept: also after a restart, and for each key."""
    rows = drawn(120, spread, seed=spread)
    for end in (40, 120):
        sr.run(outputs=faded(rows[:end]), processes=processes, state="state")
    assert result("fit.csv", *COLUMNS) == fitted(rows)
    plan = compile_plan(faded(rows))
    checks = verify(plan, state(Path("state")), None, report=print, tell=lambda *_: None)
    assert [check for check in checks if check.difference] == []
    by_key = current("keyed.csv", 1, "k", *COLUMNS)
    assert by_key == {
        (k,): (k, *fitted([row for row in rows if row[3] == k])) for k in ("k0", "k1", "k2")
    }


@pytest.mark.parametrize("batch", [1, 5, 1000])
def test_law_order_and_batches_change_nothing(folder: Path, batch: int) -> None:
    """The state of the same rows has the same bytes, also where rows are too old when they come."""
    rows = drawn(60, 10**7, seed=4)
    expected = fitted(rows)
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        sr.run(outputs=faded(rows, batch), processes=0)
        assert result("fit.csv", *COLUMNS) == expected
        for name in ("fit.csv", "keyed.csv"):
            Path(name).unlink()


def test_years_of_rows_take_no_more_memory_than_some_half_lives(folder: Path) -> None:
    """A row a half-life for a thousand of them: 101 generations are kept, and the newest decide."""
    rows = [
        (float(i % 5), float(i % 5) if i < 800 else -float(i % 5), i * 10, "k0")
        for i in range(1000)
    ]
    sr.run(outputs=faded(rows, 50, half_life=10), processes=0, state="state")
    found = result("fit.csv", *COLUMNS)
    assert found == fitted(rows, 10)
    assert found is not None
    assert found[2] == "101"
    assert float(found[1]) == -1.0


def test_datetimes_fade_as_their_microseconds(folder: Path) -> None:
    """The half-life is a timedelta, and a timestamp of the message will do."""
    rows = drawn(40, 10**5, seed=8)
    messages = [
        Message(f"{x!r},{y!r},{at},{k}".encode(), timestamp=10**6 + at) for x, y, at, k in rows
    ]
    t = read([messages], schema=Timed, header=["x", "y", "at", "k"], metadata={"sent": "timestamp"})
    options = {"half_life": timedelta(seconds=3.6), "statistics": ("n", "r2")}
    fit = t.linear_regression(t.y, t.x, time=t.sent, **options)  # type: ignore[arg-type]
    sr.run(outputs=[csv_output(fit, "fit.csv")], processes=0)
    micros = [(x, y, 1000 * (10**6 + at), k) for x, y, at, k in rows]
    assert result("fit.csv", *COLUMNS) == fitted(micros, 3_600_000)
    with pytest.raises(sr.ProgramError, match="half_life is timedelta where sent is datetime"):
        t.linear_regression(t.y, t.x, half_life=60, time=t.sent)


def test_powers_and_decimals_fade_too(folder: Path) -> None:
    """What is summed as monomials is weighed in the same way."""

    class Priced(sr.Schema):
        x: int
        y: int
        at: int

    rows = [(i, 3 + 2 * i - i * i, 100 * i) for i in range(9)]
    lines = [",".join(map(str, row)).encode() for row in rows]
    t = read([[b"x,y,at", *lines]], schema=Priced)
    fit = t.linear_regression(t.y, sr.poly(t.x, 2), half_life=150, time=t.at)
    sr.run(outputs=[csv_output(fit, "fit.csv")], processes=0)
    assert result("fit.csv", "intercept", "x", "x^2") == ("3.0", "2.0", "-1.0")


def test_scores_are_those_of_the_faded_fit(folder: Path) -> None:
    """Predictions are by the regression as it was before the row's epoch."""
    rows = drawn(30, 10**5, seed=1)
    t = read(topic(rows, 1), schema=Timed, batch=10)
    fit = t.linear_regression(t.y, t.x, half_life=HALF_LIFE, time=t.at)
    scored = fit.predict_on(t).select(sr.this.x, sr.this.prediction)
    sr.run(outputs=[csv_output(scored, "scored.csv")], processes=0)
    lines = Path("scored.csv").read_text().splitlines()[1:]
    x, prediction = lines[-1].split(",")[:2]
    # 10 messages a batch, the first of which begins with the header.
    intercept, slope, *_ = fitted(rows[:29])
    assert float(prediction) == pytest.approx(float(intercept) + float(slope) * float(x), rel=1e-9)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"half_life": 60}, "half_life and time go together"),
        ({"time": "at"}, "half_life and time go together"),
        ({"half_life": 60, "time": "x"}, "time is a column of datetime or int, but x is float"),
        ({"half_life": 0, "time": "at"}, "half_life is above 0"),
        ({"half_life": 1.5, "time": "at"}, "half_life is int where at is int"),
        ({"half_life": timedelta(hours=1), "time": "at"}, "half_life is int where at is int"),
        ({"half_life": 60, "time": "at", "weights": "x"}, "no other weights"),
    ],
)
def test_what_cannot_be(options: dict[str, object], why: str) -> None:
    """The message names the option."""
    t = read(topic([]), schema=Timed)
    given = {n: t[v] if isinstance(v, str) else v for n, v in options.items()}
    with pytest.raises(sr.ProgramError, match=why):
        t.linear_regression(t.y, t.x, **given)  # type: ignore[arg-type]


def test_another_half_life_is_another_job(folder: Path) -> None:
    """The state says which it is."""
    rows = drawn(10, 100, seed=2)
    sr.run(outputs=faded(rows), state="state")
    with pytest.raises(sr.StateError, match="reductions"):
        sr.run(outputs=faded(rows, half_life=HALF_LIFE + 1), state="state")
    with pytest.raises(sr.ConfigurationError, match="its rows fade"):
        sr.LinearRegression.from_state("state", output="fit.csv")
