"""Tables of classes: a row for each, whose cells depend on the rows of all."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import streamreg as sr
from streamreg._core import MOST_CLASSES
from streamreg.testing import read
from tests.support.changelog import changes, current
from tests.support.kinds import (
    COLUMNS,
    KINDS,
    Seen,
    Thing,
    check,
    message,
    things,
    topic,
    write_tables,
)


@pytest.mark.parametrize("batch", [7, 1000])
def test_oracle_each_class_has_its_exact_parameters(
    folder: Path, processes: int, batch: int
) -> None:
    """Whoever reads the rows in whatever batches: the rational parameters of all rows, rounded once."""
    found = things(400, 7)
    write_tables(topic(found, 5, batch))
    assert sr.run(processes=processes).rows == 400
    check(folder, found)


values = st.tuples(
    st.sampled_from(KINDS[:3]), st.integers(-9, 9).map(lambda x: x / 8), st.integers(-3, 3)
)


@hypothesis_settings(max_examples=30)
@given(
    found=st.lists(values, min_size=1, max_size=25),
    partitions=st.integers(1, 4),
    batch=st.integers(1, 50),
)
def test_law_any_split_gives_the_same(found: list[Thing], partitions: int, batch: int) -> None:
    """Any rows, over any partitions in any batches, end in the tables that they determine, empty cells included."""
    for name in COLUMNS:
        Path(name).unlink(missing_ok=True)
    write_tables(topic(found, partitions, batch))
    sr.run(processes=0)
    check(Path(), found)


def test_the_table_predicts_as_the_estimator(folder: Path) -> None:
    """The class of the greatest score, and exp of the scores over their sum: its prediction, its probabilities."""
    found = things(300, 2)
    write_tables(topic(found, 1, 100))
    sr.run(processes=0)
    x = np.array([thing[1:] for thing in found])
    labels = [thing[0] for thing in found]

    def cells(name: str) -> np.ndarray:
        rows = current(name, 1, *COLUMNS[name]).values()
        return np.array([[float(cell) for cell in row[1:]] for row in rows])

    linear, quadratic, bayes = map(cells, COLUMNS)
    products = np.column_stack([x[:, 0] ** 2, x[:, 0] * x[:, 1], x[:, 1] ** 2])
    away = (x[:, None, :] - bayes[:, 2:4]) ** 2 / bayes[:, 4:]
    scores = [
        linear[:, 2] + x @ linear[:, 3:].T,
        quadratic[:, 2] + x @ quadratic[:, 3:5].T + products @ quadratic[:, 5:].T,
        np.log(bayes[:, 0]) - (np.log(bayes[:, 4:]) + away).sum(axis=2) / 2,
    ]
    models = [
        sr.LinearDiscriminantAnalysis(unbiased=True),
        sr.QuadraticDiscriminantAnalysis(),
        sr.GaussianNB(var_smoothing=0.25),
    ]
    for model, score in zip(models, scores, strict=True):
        model.fit(x, labels)
        assert (model.predict(x) == np.array(sorted(KINDS), object)[score.argmax(axis=1)]).all()
        odds = np.exp(score - score.max(axis=1, keepdims=True))
        posteriors = odds / odds.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(posteriors, model.predict_proba(x), rtol=1e-9, atol=1e-300)


def written(found: list[Thing], batch: int) -> sr.Table:
    return read([[message(thing) for thing in found]], schema=Seen, format="json", batch=batch)


def test_a_row_changes_the_classes_that_it_bears_on(folder: Path) -> None:
    """Of the linear table all, by their covariance; of the quadratic, where priors are given, its own alone."""
    chance = random.Random(1)
    found = [("abc"[i % 3], chance.gauss(i % 3, 1.0), chance.randrange(9)) for i in range(30)]
    t = written([*found, ("b", 2.5, 1)], 30)
    given = {"a": 0.5, "b": 0.25, "c": 0.25}
    sr.io.csv.write(t.linear_discriminant(t.kind, t.x, t.z, priors=given), "linear.csv")
    sr.io.csv.write(t.quadratic_discriminant(t.kind, t.x, t.z, priors=given), "quadratic.csv")
    sr.run(processes=0)
    for name, kinds in (("linear.csv", ["a", "b", "c"]), ("quadratic.csv", ["b"])):
        later = [change for change in changes(name, *COLUMNS[name]) if change.time == 1]
        assert [change.row[0] for change in later if change.diff == 1] == kinds
        assert [change.row[0] for change in later if change.diff == -1] == kinds


def test_labels_without_a_prior_have_no_intercept(folder: Path) -> None:
    """They are never the greatest; their rows count in the covariance of all, as those of others."""
    found = [("a", 1.0, 2), ("a", 2.0, 5), ("b", 3.5, 1), ("b", 3.0, 3), ("c", 4.0, 4)]
    t = written(found, 10)
    sr.io.csv.write(t.linear_discriminant(t.kind, t.x, priors={"a": 0.5, "b": 0.5}), "some.csv")
    sr.io.csv.write(t.linear_discriminant(t.kind, t.x), "all.csv")
    sr.run(processes=0)
    columns = ("kind", "prior", "n", "intercept", "x")
    some, every = current("some.csv", 1, *columns), current("all.csv", 1, *columns)
    assert [row[:3] for row in some.values()] == [
        ("a", "0.5", "2"),
        ("b", "0.5", "2"),
        ("c", "", "1"),
    ]
    assert [bool(row[3]) for row in some.values()] == [True, True, False]
    assert [row[4] for row in some.values()] == [row[4] for row in every.values()]


class Numbered(sr.Schema):
    k: int
    b: bool
    x: float


def numbered(*rows: str) -> sr.Table:
    return read([[row.encode() for row in rows]], schema=Numbered, header=["k", "b", "x"])


def test_labels_are_integers_or_booleans_too(folder: Path) -> None:
    """In the order of their values; priors are of labels of that type."""
    t = numbered("10,true,1", "-2,false,2", "10,true,2.5", "-2,true,4")
    by_number = t.gaussian_naive_bayes(t.k, t.x, priors={10: 0.25, -2: 0.75})
    sr.io.csv.write(by_number, "numbers.csv")
    sr.io.csv.write(t.gaussian_naive_bayes(t.b, t.x), "flags.csv")
    sr.run(processes=0)
    names = ("prior", "n", "mean_x", "variance_x")
    found = list(current("numbers.csv", 1, "k", *names).values())
    assert found == [("-2", "0.75", "2", "3.0", "1.0"), ("10", "0.25", "2", "1.75", "0.5625")]
    flags = current("flags.csv", 1, "b", *names)
    assert flags["False",] == ("False", "0.25", "1", "2.0", "0.0")


def test_results_are_filtered_and_stand_beside_others(folder: Path) -> None:
    """Reducers by the same key are columns of the same rows; what follows is computed for each class."""
    found = things(50, 3)
    t = written(found, 20)
    table = t.linear_discriminant(t.kind, t.x, t.z)
    sums = t.groupby(t.kind).reduce(most=sr.reducers.max(t.x))
    both = table + sums
    chosen = both.filter(both.n > 8).select(
        both.kind, odds=both.prior / (1 - both.prior), most=both.most
    )
    sr.io.csv.write(chosen, "chosen.csv")
    sr.run(processes=0)
    expected = {}
    for kind in KINDS:
        own = [x for name, x, _ in found if name == kind]
        if len(own) > 8:
            prior = len(own) / 50
            expected[kind,] = (kind, repr(prior / (1 - prior)), repr(max(own)))
    assert 1 < len(expected) < len(KINDS)
    assert current("chosen.csv", 1, "kind", "odds", "most") == expected


def test_rows_that_are_not_finite_are_counted(folder: Path) -> None:
    """They are in no class's moments; a class that has no other row has n 0 and no parameters."""
    t = numbered("1,true,4", "2,true,-1", "1,true,9", "3,true,1", "1,true,-4")
    t += t.select(root=sr.sqrt(t.x))
    sr.io.csv.write(t.linear_discriminant(t.k, t.root), "roots.csv")
    assert sr.run(processes=0).excluded == 2
    found = current("roots.csv", 1, "k", "prior", "n", "intercept", "root")
    assert [row[:3] for row in found.values()] == [
        ("1", "0.6666666666666666", "2"),
        ("2", "0.0", "0"),
        ("3", "0.3333333333333333", "1"),
    ]
    assert found["2",][3:] == ("", "")
    assert float(found["1",][4]) == 2.5 / (0.5 / 3)


@pytest.mark.parametrize("processes", [0, 1])
def test_too_many_classes(folder: Path, processes: int) -> None:
    """The run ends with the column's name and what to do; as many as there may be are classified."""
    rows = [f"{i},true,{i % 7}" for i in range(MOST_CLASSES + 1)]
    t = numbered(*rows[:-1])
    sr.io.csv.write(t.linear_discriminant(t.k, t.x, singular="drop"), "most.csv")
    sr.run(processes=processes)
    assert len(current("most.csv", 1, "k", "prior", "n", "intercept", "x")) == MOST_CLASSES
    t = numbered(*rows)
    sr.io.csv.write(t.linear_discriminant(t.k, t.x), "more.csv")
    with pytest.raises(sr.SourceError, match=r"the column k has more than 1,000 .* t\.filter"):
        sr.run(processes=processes, state="state")
    sr.clear()  # an output outlives a run that failed
    kept = t.filter(t.k < 3)
    sr.io.csv.write(kept.linear_discriminant(kept.k, kept.x), "some.csv")
    assert sr.run(processes=processes).rows == MOST_CLASSES + 1
