"""Rows scored by the fit to all epochs before theirs: the exact numbers, and what is done with them."""

import math
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import streamreg as sr
from streamreg._compile.compile import compile
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read
from streamreg._types import SCORES
from tests.support.changelog import changes, current, inserted, result
from tests.support.plans import csv_output
from tests.support.readings import COLUMNS, readings, topic
from tests.support.scored import Model, check

MODELS: Mapping[str, tuple[Model, Mapping[str, Any]]] = {
    "line": (Model("y", ["x"]), {}),
    "integers and decimals": (Model("d", ["n", "x"]), {}),
    "all types": (Model("y", ["n", "d", "x"]), {}),
    "origin": (Model("y", ["x", "n"], intercept=False), {"intercept": False}),
    "ridge": (Model("y", ["x"], ridge=Fraction(0.5)), {"ridge": 0.5}),
    "weights": (Model("y", ["x", "n"], weight="w"), {"weights": "w"}),
    "null": (Model("n", ["d"], zeros=False), {"singular": "null"}),
    "powers": (Model("y", ["d", ("d", 2), ("d", 3)]), {}),
    "keys": (Model("y", ["x"], key="k"), {"by": "k"}),
    "keys and everything": (
        Model("y", ["d", ("d", 2)], key="k", weight="w", intercept=False, zeros=False),
        {"by": "k", "weights": "w", "intercept": False, "singular": "null"},
    ),
}


def fit(t: sr.Table, model: Model, options: Mapping[str, Any]) -> sr.Table:
    """The regression that a model describes."""
    powers = [feature for feature in model.features if isinstance(feature, tuple)]
    plain = [t[name] for name in model.features if isinstance(name, str)]
    features = [sr.poly(t[powers[0][0]], len(powers) + 1)] if powers else plain
    named: dict[str, Any] = {
        name: t[value] if name in ("by", "weights") else value for name, value in options.items()
    }
    return t.linear_regression(t[model.target], *features, **named)


@pytest.mark.parametrize("name", MODELS)
def test_oracle_each_row_is_scored_by_the_epochs_before_it(folder: Path, name: str) -> None:
    """Prediction, residual and standardised residual are the exact ones, rounded once, for any model."""
    model, options = MODELS[name]
    t = topic(readings(120, 5))
    scored = fit(t, model, options).predict_on(t)
    sr.io.csv.write(scored, "scores.csv")
    summary = sr.run(processes=0, state="state")
    found = check("scores.csv", model, *COLUMNS)
    assert len(found) == summary.rows == 120
    assert summary.epochs > 5
    full = [change for change in found if all(change.row[-3:])]
    assert len(full) == 0 if "ridge" in options else len(full) > 50
    plan = compile([csv_output(scored, "scores.csv")])
    checks = verify(plan, read(Path("state")), None, report=print, tell=lambda *_: None)
    scored_again = "ok         scores.csv, its scores: as the rows before each epoch give them"
    assert scored_again in map(str, checks)


@pytest.mark.parametrize("name", ["weights", "keys"])
def test_oracle_whoever_reads_the_rows(folder: Path, processes: int, name: str) -> None:
    """Whatever came in which epoch: each row is there once, with the scores by the epochs before."""
    model, options = MODELS[name]
    held = readings(300, 6)
    t = topic(held, 5)
    sr.io.csv.write(t, "rows.csv")
    sr.io.csv.write(sr.score(fit(t, model, options), t), "scores.csv")
    sr.run(processes=processes)
    found = check("scores.csv", model, *COLUMNS)
    rows = changes("rows.csv", *COLUMNS)
    assert [(c.row[:-3], c.time, c.diff) for c in found] == rows
    assert Counter(change.row for change in rows) == Counter(held)


def test_what_stands_on_scores(folder: Path, processes: int) -> None:
    """Filters and expressions of scores are those of the row's cells; a missing one makes them missing."""
    t = topic(readings(200, 7))
    scored = t.linear_regression(t.y, t.x).predict_on(t)
    scored += scored.select(size=abs(scored.standardized_residual))
    sr.io.csv.write(scored.select(*sr.this, high=scored.size > 1.5), "all.csv")
    odd = scored.filter(scored.size > 1.5).filter(sr.this.n != 0)
    sr.io.csv.write(odd.select(odd.k, odd.size, twice=odd.n * 2, word="odd", w=t.w), "odd.csv")
    quiet = scored.filter(~(scored.size > 1.5))
    sr.io.csv.write(quiet.select(quiet.x), "quiet.csv")
    sr.run(processes=processes)
    rows = inserted("all.csv", *COLUMNS, *SCORES, "size", "high")
    sizes = ["" if not row[-3] else repr(abs(float(row[-3]))) for row in rows]
    assert [row[-2] for row in rows] == sizes
    assert [row[-1] for row in rows] == [size and str(float(size) > 1.5) for size in sizes]
    assert {row[-1] for row in rows} == {"", "True", "False"}
    assert inserted("odd.csv", "k", "size", "twice", "word", "w") == [
        (row[0], row[-2], str(int(row[1]) * 2), "odd", row[4])
        for row in rows
        if row[-1] == "True" and row[1] != "0"
    ]
    assert inserted("quiet.csv", "x") == [(row[2],) for row in rows if row[-1] == "False"]


def described(residual: float | None, k: str) -> str:
    return f"{k}: nothing" if residual is None else f"{k}: {residual:.1f}"


def test_functions_are_told_of_missing_scores(folder: Path) -> None:
    """They run in the parent, once for each row, and get None."""
    t = topic(readings(30, 8))
    scored = t.linear_regression(t.y, t.x).predict_on(t)
    text = sr.apply(described, scored.residual, scored.k)
    choice = sr.if_else(scored.x > 0, scored.prediction, 0.0)
    sr.io.csv.write(
        scored.select(scored.k, scored.x, scored.residual, text=text, choice=choice), "s"
    )
    sr.run(processes=0)
    found = inserted("s", "k", "x", "residual", "text", "choice")
    assert [row[3] for row in found] == [
        described(float(residual) if residual else None, k) for k, _, residual, _, _ in found
    ]
    assert {row[4] for row in found if float(row[1]) <= 0} == {"0.0"}
    assert found[0][2:4] == ("", f"{found[0][0]}: nothing")


def test_a_filter_of_the_fitted_rows_can_be_scored(folder: Path) -> None:
    """The fit is that of all rows; a key of the rows that are left is scored by its own."""
    t = topic(readings(150, 9))
    some = t.filter(t.n > 0)
    sr.io.csv.write(t.linear_regression(t.y, t.x, by=t.k).predict_on(t), "all.csv")
    sr.io.csv.write(t.linear_regression(t.y, t.x, by=t.k).predict_on(some), "some.csv")
    sr.run(processes=0)
    found = check("all.csv", MODELS["keys"][0], *COLUMNS)
    assert changes("some.csv", *COLUMNS, *SCORES) == [c for c in found if int(c.row[1]) > 0]


def test_the_regression_is_what_it_is_without_scores(folder: Path, processes: int) -> None:
    """Whether its rows are scored, and whether it is written itself, changes nothing of it."""
    held = readings(100, 10)
    for name, by in (("line.csv", ()), ("lines.csv", ("k",))):
        for scored in (False, True):
            t = topic(held)
            table = t.linear_regression(t.y, t.x, by=[t[key] for key in by])
            sr.io.csv.write(table, name)
            if scored:
                sr.io.csv.write(table.predict_on(t), f"scored-{name}")
            sr.run(processes=processes)
            Path(name).rename(f"{scored}-{name}")
    assert result("True-line.csv", "intercept", "x") == result("False-line.csv", "intercept", "x")
    lines = [current(f"{scored}-lines.csv", 1, "k", "intercept", "x") for scored in (False, True)]
    assert lines[0] == lines[1]
    assert len(lines[0]) == 4


def test_rows_that_are_not_finite(folder: Path) -> None:
    """Where a number is not finite, what takes it is missing; the other rows are not disturbed."""
    points = [(1, 1), (2, 2), (3, 1), (-1, 5), (4, -1), (5, 2)]
    held = [("", "0", repr(float(x)), "0", "1", repr(float(y))) for x, y in points]
    t = topic(held, 1, 1)
    t += t.select(root=sr.sqrt(t.x), log=sr.log(t.y))
    sr.io.csv.write(t.linear_regression(t.log, t.root).predict_on(t), "scores.csv")
    sr.run(processes=0)
    found = inserted("scores.csv", *COLUMNS, "root", "log", *SCORES)
    assert found[3][-5:] == ("nan", repr(math.log(5)), "", "", "")
    assert found[4][-4] == "nan"
    assert float(found[4][-3]) > 0
    assert found[4][-2:] == ("", "")
    assert all(found[5][-3:])


def test_what_cannot_be_computed_with_a_score_is_missing(folder: Path) -> None:
    """As after a reduce; what cannot be computed of the row alone rejects it, as everywhere."""
    held = [("", str(n), "1", "0", "1", "2") for n in (0, 1, 2**62, 3)]
    t = topic(held, 1, 1)
    scored = t.linear_regression(t.y, t.x).predict_on(t)
    whole = sr.cast(int, scored.prediction)
    sr.io.csv.write(scored.select(scored.n, q=scored.n // whole, p=whole + scored.n * 2), "s.csv")
    assert sr.run(processes=0).rejects == {"integer-overflow": 1}
    # The first row has no prediction, and the others one of 0: x does not vary.
    assert inserted("s.csv", "n", "q", "p") == [("0", "", ""), ("1", "", "2"), ("3", "", "6")]
