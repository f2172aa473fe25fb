"""Rows scored by the classes before them: the label that is predicted, and how probable it and their own are."""

import random
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as read_state
from streamreg.testing import read
from tests.support.changelog import Change, changes
from tests.support.kinds import Seen, Thing, message
from tests.support.plans import csv_output

COLUMNS = ("kind", "x", "z", "predicted_label", "posterior", "own_posterior")
Model = sr.LinearDiscriminantAnalysis | sr.QuadraticDiscriminantAnalysis | sr.GaussianNB
ANALYSES: dict[str, tuple[Callable[[sr.Table], sr.Table], Callable[[], Model]]] = {
    "linear": (
        lambda t: t.linear_discriminant(t.kind, t.x, t.z, unbiased=True, singular="drop"),
        lambda: sr.LinearDiscriminantAnalysis(unbiased=True),
    ),
    "quadratic": (
        lambda t: t.quadratic_discriminant(t.kind, t.x, t.z),
        sr.QuadraticDiscriminantAnalysis,
    ),
    "bayes": (
        lambda t: t.gaussian_naive_bayes(t.kind, t.x, t.z, var_smoothing=0.01),
        lambda: sr.GaussianNB(var_smoothing=0.01),
    ),
}


def things(count: int, seed: int) -> list[Thing]:
    chance = random.Random(seed)
    return [("abc"[i % 3], chance.gauss(i % 3, 1.0), chance.randrange(9)) for i in range(count)]


def table(found: Sequence[Thing], partitions: int, batch: int) -> sr.Table:
    messages = [message(thing) for thing in found]
    spread = [messages[partition::partitions] for partition in range(partitions)]
    return read(spread, schema=Seen, format="json", batch=batch)


def check(found: Sequence[Change], made: Callable[[], Model]) -> int:
    """Raises AssertionError unless each row has what a fit to the epochs before its own says; how many have that."""
    past: list[tuple[str, ...]] = []
    scored = 0
    for _, epoch in groupby(found, lambda change: change.time):
        rows = [change.row for change in epoch]
        try:
            model = made().fit(numbers(past), [row[0] for row in past]) if past else None
            chances = None if model is None else model.predict_proba(numbers(rows))
        except ValueError:
            chances = None  # not every class is determined yet
        if model is None or chances is None:
            # Quadratic ones may be told by those that are determined.
            assert model is not None or {row[3:] for row in rows} == {("", "", "")}
        else:
            names = model.classes_.tolist()
            scored += len(rows)
            for row, chance in zip(rows, chances.tolist(), strict=True):
                best = chance.index(max(chance))
                own = chance[names.index(row[0])] if row[0] in names else 0.0
                assert row[3:] == (names[best], repr(chance[best]), repr(own))
        past += rows
    return scored


def numbers(rows: Sequence[tuple[str, ...]]) -> np.ndarray:
    return np.array([[float(cell) for cell in row[1:3]] for row in rows])


@pytest.mark.filterwarnings("ignore:within the classes")
@pytest.mark.parametrize("method", ANALYSES)
@pytest.mark.parametrize("batch", [2, 25])
def test_differential_scores_are_those_of_the_estimator(
    folder: Path, processes: int, method: str, batch: int
) -> None:
    """Whoever reads the rows in whatever batches: each is scored by a fit to the rows of all earlier epochs."""
    tell, made = ANALYSES[method]
    t = table(things(100, 3), 3, batch)
    sr.io.csv.write(tell(t).predict_on(t), "scores.csv")
    sr.run(processes=processes)
    assert check(changes("scores.csv", *COLUMNS), made) > 0


class Rounded(sr.Schema):
    k: int
    a: float
    b: float
    both: float


@pytest.mark.filterwarnings("ignore::streamreg.NumericalWarning")
@pytest.mark.parametrize("method", ["linear_discriminant", "quadratic_discriminant"])
def test_differential_labels_where_a_feature_follows_from_others(folder: Path, method: str) -> None:
    """a, b and a + b so far as doubles can say: each label is what the exact rule of the rows before says."""
    chance = random.Random(5)
    rows = [(i % 2, chance.gauss(i % 2, 9.0), chance.gauss(0.0, 9.0)) for i in range(60)]
    table = [(k, a, b, a + b) for k, a, b in rows]
    sent = [",".join(map(repr, row)).encode() for row in table]
    t = read([sent], schema=Rounded, header=["k", "a", "b", "both"], batch=30)
    sr.io.csv.write(getattr(t, method)(t.k, t.a, t.b, t.both).predict_on(t), "scores.csv")
    sr.run(processes=0)
    x, y = np.array([row[1:] for row in table]), [row[0] for row in table]
    made = {
        "linear_discriminant": sr.LinearDiscriminantAnalysis,
        "quadratic_discriminant": sr.QuadraticDiscriminantAnalysis,
    }
    model = made[method]().fit(x[:30], y[:30])
    found = changes("scores.csv", *table_columns())[30:]
    assert [change.row[4] for change in found] == [str(k) for k in model.predict(x[30:])]
    posteriors = model.predict_proba(x[30:]).max(axis=1).tolist()
    assert [change.row[5] for change in found] == [repr(value) for value in posteriors]


def table_columns() -> tuple[str, ...]:
    return ("k", "a", "b", "both", "predicted_label", "posterior", "own_posterior")


def test_labels_that_are_new_and_classes_that_are_not_determined(folder: Path) -> None:
    """A label not seen before has the probability 0; of those seen, what has a constant can be predicted."""
    rows = [
        ("a", 1.0, 1),
        ("a", 2.0, 1),
        ("b", 9.0, 1),
        ("c", 1.5, 1),
        ("b", 8.0, 1),
        ("b", 7.5, 1),
    ]
    t = table(rows, 1, 1)
    sr.io.csv.write(t.quadratic_discriminant(t.kind, t.x).predict_on(t), "scores.csv")
    given = t.quadratic_discriminant(t.kind, t.x, priors={"b": 1.0})
    sr.io.csv.write(given.predict_on(t), "given.csv")
    sr.run(processes=0)
    assert [change.row[3:] for change in changes("scores.csv", *COLUMNS)] == [
        *[("", "", "")] * 2,
        *[("a", "1.0", "0.0")] * 2,
        ("a", "1.0", "0.0"),
        ("b", "1.0", "1.0"),
    ]
    found = [change.row[3:] for change in changes("given.csv", *COLUMNS)]
    assert found == [*[("", "", "")] * 5, ("b", "1.0", "1.0")]


class Numbered(sr.Schema):
    k: int
    b: bool
    x: float


def test_scores_are_computed_with_and_filtered(folder: Path) -> None:
    """A predicted label has the type of the labels, is missing where its probability is, and can be compared."""
    rows = [f"{i % 2},{i % 2 == 1},{i % 2 * 5 + i % 3}".encode() for i in range(8)]
    t = read([rows], schema=Numbered, header=["k", "b", "x"], batch=4)
    t += t.select(root=sr.log(t.x))
    by_number = t.linear_discriminant(t.k, t.x, priors={0: 0.5, 1: 0.5}).predict_on(t)
    wrong = by_number.select(
        t.k, next=by_number.predicted_label + 1, sure=by_number.posterior > 0.5
    )
    sr.io.csv.write(wrong, "numbers.csv")
    flags = t.gaussian_naive_bayes(t.b, t.x).predict_on(t)
    sr.io.csv.write(flags.filter(flags.predicted_label != t.b).select(t.x), "wrong.csv")
    sr.io.csv.write(
        flags.filter(flags.predicted_label).select(t.b, flags.own_posterior), "true.csv"
    )
    roots = t.linear_discriminant(t.k, t.root).predict_on(t)
    sr.io.csv.write(roots.select(t.x, roots.predicted_label, roots.posterior), "roots.csv")
    sr.run(processes=0)
    assert [change.row for change in changes("numbers.csv", "k", "next", "sure")] == [
        *[(str(i % 2), "", "") for i in range(4)],
        *[(str(i % 2), str(i % 2 + 1), "True") for i in range(4)],
    ]
    assert changes("wrong.csv", "x") == []
    assert [change.row[0] for change in changes("true.csv", "b", "own_posterior")] == ["True"] * 2
    # The logarithm of zero is not finite: nothing is predicted of that row.
    found = [change.row for change in changes("roots.csv", "x", "predicted_label", "posterior")]
    assert [row[1:] for row in found if row[0] == "0.0"] == [("", "")] * 2


def test_a_resumed_run_scores_the_same(folder: Path) -> None:
    """Stopped and gone on with, the rows have the scores of a run that was not; and verify finds the rest right."""
    tell, _ = ANALYSES["quadratic"]

    def run(epochs: int | None = None) -> None:
        t = table(things(60, 4), 2, 8)
        sr.io.csv.write(tell(t).predict_on(t), "scores.csv")
        state = None if epochs is None else "state"
        sr.run(processes=0, state=state, stop=lambda now: now.epochs >= (epochs or 99))

    run()
    whole = Path("scores.csv").read_bytes()
    Path("scores.csv").unlink()
    for epochs in (2, 3, 99):
        run(epochs)
    assert Path("scores.csv").read_bytes() == whole
    t = table(things(60, 4), 2, 8)
    plan = compile_plan([csv_output(tell(t).predict_on(t), "scores.csv")])
    told: list[str] = []
    found = verify(plan, read_state(Path("state")), None, report=told.append, tell=lambda *_: None)
    assert {check.difference for check in found} == {""}


def test_too_many_classes_end_a_run_that_only_scores(folder: Path) -> None:
    """Where the table of classes itself is not written their number is bounded all the same."""
    rows = [f"{i},true,{i % 7}".encode() for i in range(1001)]
    t = read([rows], schema=Numbered, header=["k", "b", "x"])
    sr.io.csv.write(t.gaussian_naive_bayes(t.k, t.x).predict_on(t), "scores.csv")
    with pytest.raises(sr.SourceError, match="the column k has more than 1,000"):
        sr.run(processes=0)


def test_what_cannot_be_scored(folder: Path) -> None:
    """A table that is no model, rows of another table, and columns of the names of scores."""
    t = table([], 1, 1)
    classes = t.linear_discriminant(t.kind, t.x)
    with pytest.raises(sr.ProgramError, match="is not what linear_regression gave, or a discrim"):
        classes.filter(classes.n > 3).predict_on(t)
    with pytest.raises(sr.ProgramError, match="the model is of"):
        classes.predict_on(table([], 1, 1))
    with pytest.raises(sr.ProgramError, match="has a column posterior of its own"):
        classes.predict_on(t.select(*t, posterior=t.x))
    assert classes.predict_on(t.select(*t, residual=t.x)).keys()[3:] == ["residual", *COLUMNS[3:]]
