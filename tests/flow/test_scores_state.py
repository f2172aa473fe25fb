"""A run that scores rows goes on where the last one ended: each row scored once, by the epochs before its own."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile
from streamreg._operate.inspect import describe, lines
from streamreg._operate.verify.verify import verify
from streamreg._plan.plan import Plan
from streamreg._state.snapshot import read
from tests.support.child import killed_twice
from tests.support.plans import csv_output
from tests.support.readings import COLUMNS, Row, readings, topic
from tests.support.scored import Model, check

ROWS = 1500
PLAIN, KEYED = Model("y", ["x"]), Model("y", ["x"], key="k")
MOVED = ("k", "n", "d", "w", "y", "x")
FILES = ("scores.csv", "keyed.csv")


def tables(count: int, **options: str) -> dict[str, sr.Table]:
    """The scores of the first rows."""
    t = topic(readings(count, 13))
    plain = t.linear_regression(t.y, t.x, **options)  # type: ignore[arg-type]  # `singular`
    keyed = t.linear_regression(t.y, t.x, by=t.k)
    return {"scores.csv": plain.predict_on(t), "keyed.csv": keyed.predict_on(t)}


def run(count: int, *, epochs: int | None = None, processes: int = 0, **options: str) -> sr.Summary:
    """Scores the first rows, up to so many epochs, with a state."""
    for name, table in tables(count, **options).items():
        sr.io.csv.write(table, name)
    stop = None if epochs is None else lambda progress: progress.epochs >= epochs
    return sr.run(processes=processes, state="state", stop=stop)


def plan(count: int) -> Plan:
    return compile([csv_output(table, name) for name, table in tables(count).items()])


def test_a_stopped_run_goes_on(folder: Path, processes: int) -> None:
    """Stopped again and again, it scores each row once, and by all rows of the epochs before."""
    for epochs in (1, 2, 5):
        run(300, epochs=epochs, processes=processes)
    assert run(300, processes=processes).rows == 300
    checks = verify(plan(300), read(Path("state")), None, report=print, tell=lambda *_: None)
    assert [check.found for check in checks if check.subject.endswith("its scores")] == [
        "as the rows before each epoch give them"
    ] * 2
    check_scores("scores.csv", PLAIN, COLUMNS, readings(300, 13))
    check_scores("keyed.csv", KEYED, COLUMNS, readings(300, 13))


def check_scores(
    path: str | Path, model: Model, columns: Sequence[str], held: Sequence[Row]
) -> None:
    """Every one of these rows is there, as often as it was sent, with its scores."""
    found = check(path, model, *columns)
    places = [COLUMNS.index(name) for name in columns]
    expected = Counter(tuple(row[place] for place in places) for row in held)
    assert Counter(change.row[: len(columns)] for change in found) == expected


def test_a_resumed_run_writes_the_same_bytes(folder: Path) -> None:
    """Where the batches are the same, the files are: the models are those of the checkpoint."""
    run(300)
    whole = [Path(name).read_bytes() for name in FILES]
    (folder / "parts").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "parts")
        for epochs in (1, 5, 6, 20, None):
            run(300, epochs=epochs)
        assert [Path(name).read_bytes() for name in FILES] == whole


def test_a_parent_killed_at_any_moment(folder: Path, processes: int) -> None:
    """Killed at random and started again: no row lost, doubled or scored by rows that were cut off."""
    path = folder / "scores.csv"
    killed_twice("scores", path, processes, STREAMREG_PROCESSES=processes, ROWS=ROWS)
    check_scores(path, PLAIN, MOVED, readings(ROWS, 12))
    check_scores(folder / "keyed.csv", KEYED, MOVED, readings(ROWS, 12))


def test_scores_by_another_model_are_another_job(folder: Path) -> None:
    """A file of scores is not continued by a regression that is fitted in another way."""
    run(50)
    before = Path("scores.csv").read_bytes()
    with pytest.raises(
        sr.StateError,
        match=r"of another job: singular: it was .zero., now it is .null.\. scores\.csv is written otherwise",
    ):
        run(60, singular="null")
    assert Path("scores.csv").read_bytes() == before


def test_scores_by_another_feature_are_another_job(folder: Path) -> None:
    """Also where the regression itself is not written, and all its columns are there anyway."""
    for feature in ("x", "w"):
        t = topic(readings(50, 15))
        t = t.select(*sr.this.without("x", "w"), a=t.x + t.w, b=t.x - t.w)
        scored = t.linear_regression(t.y, t.a if feature == "x" else t.b).predict_on(t)
        sr.io.csv.write(t, "rows.csv")
        sr.io.csv.write(scored.select(scored.k, scored.prediction), "scores.csv")
        if feature == "x":
            sr.run(processes=0, state="state")
    with pytest.raises(sr.StateError, match=r"scores: scores\.csv: shipped: slots: it was"):
        sr.run(processes=0, state="state")


def test_a_state_with_scores_can_be_inspected(folder: Path) -> None:
    """The files of scores stand among the others, and the results are those of reductions."""
    t = topic(readings(50, 14))
    fit = t.linear_regression(t.y, t.x)
    sr.io.csv.write(fit.predict_on(t).select(sr.this.residual), "scores.csv")
    sr.io.csv.write(fit, "line.csv")
    sr.run(processes=0, state="state")
    found = describe(read(Path("state")))
    assert found["job"]["outputs"]["scores.csv"]["columns"] == {"residual": "float"}
    assert list(found["results"]) == ["line.csv"]
    assert any("scores.csv" in line for line in lines("state", found))
