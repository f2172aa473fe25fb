"""Classes of a run, opened from its state as classifiers: the bytes of ones that were fitted to the same rows."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support.kinds import Thing, things, topic, write_tables

Model = sr.LinearDiscriminantAnalysis | sr.QuadraticDiscriminantAnalysis | sr.GaussianNB
METHODS: Mapping[str, Callable[[], Model]] = {
    "linear.csv": lambda: sr.LinearDiscriminantAnalysis(unbiased=True),
    "quadratic.csv": sr.QuadraticDiscriminantAnalysis,
    "bayes.csv": lambda: sr.GaussianNB(var_smoothing=0.25),
}


class Labelled(sr.Schema):
    kind: str
    flag: bool
    code: int
    x: float


def labelled(rows: list[tuple[str, bool, int, float]]) -> sr.Table:
    messages = [f"{kind},{str(flag).lower()},{code},{x}".encode() for kind, flag, code, x in rows]
    return read([messages], schema=Labelled, header=["kind", "flag", "code", "x"])


ROWS = [(f"k{i % 3}", i % 2 == 0, i % 4 - 1, (i * 37 % 11) / 4) for i in range(40)]


def frame(found: list[Thing]) -> tuple[pd.DataFrame, list[str]]:
    return pd.DataFrame([row[1:] for row in found], columns=["x", "z"]), [row[0] for row in found]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("output", [True, False])
def test_law_classes_of_a_state_are_those_of_its_rows(
    folder: Path, name: str, *, output: bool
) -> None:
    """Each method finds its own table, with the job's options, and what it says is what the fit says."""
    found = things(300, 8)
    write_tables(topic(found, 3, 20))
    sr.run(processes=0, state="state")
    fitted = METHODS[name]().fit(*frame(found))
    opened = type(fitted).from_state("state", output=name if output else None)
    assert opened.to_bytes() == fitted.to_bytes()
    rows = frame(found)[0]
    assert opened.predict_proba(rows).tobytes() == fitted.predict_proba(rows).tobytes()
    more = frame(things(50, 9))
    assert opened.partial_fit(*more).to_bytes() == fitted.partial_fit(*more).to_bytes()


@pytest.mark.parametrize("label", ["kind", "flag", "code"])
def test_labels_keep_their_type(folder: Path, label: str) -> None:
    """Text, bool and int come back as they were."""
    t = labelled(ROWS)
    sr.io.csv.write(t.gaussian_naive_bayes(t[label], t.x), "bayes.csv")
    sr.run(processes=0, state="state")
    at = ("kind", "flag", "code").index(label)
    x = pd.DataFrame({"x": [row[3] for row in ROWS]})
    fitted = sr.GaussianNB().fit(x, [row[at] for row in ROWS])
    opened = sr.GaussianNB.from_state("state")
    assert opened.classes_.tolist() == fitted.classes_.tolist()
    assert opened.to_bytes() == fitted.to_bytes()


def test_priors_are_the_jobs(folder: Path) -> None:
    """Also that of a class without rows; a class without a prior is an error that names it."""
    t = labelled(ROWS)
    priors = {"k0": 0.5, "k1": 0.25, "k2": 0.125, "unseen": 0.125}
    sr.io.csv.write(t.linear_discriminant(t.kind, t.x, priors=priors), "all.csv")
    sr.io.csv.write(t.quadratic_discriminant(t.kind, t.x, priors={"k0": 0.5, "k2": 0.5}), "two.csv")
    sr.run(processes=0, state="state")
    opened = sr.LinearDiscriminantAnalysis.from_state("state")
    assert opened.classes_.tolist() == [*priors]
    assert opened.priors_.tolist() == [*priors.values()]
    x = pd.DataFrame({"x": [row[3] for row in ROWS]})
    fitted = sr.LinearDiscriminantAnalysis(priors=[*priors.values()])
    fitted.partial_fit(x, [row[0] for row in ROWS], classes=[*priors])
    assert opened.predict_proba(x).tobytes() == fitted.predict_proba(x).tobytes()
    with pytest.raises(sr.ConfigurationError, match="none for the class 'k1'"):
        sr.QuadraticDiscriminantAnalysis.from_state("state")


def test_what_there_is_is_told(folder: Path) -> None:
    """Another method's table is none, one of several must be chosen, and a state without rows has no classes."""
    t = labelled(ROWS)
    sr.io.csv.write(t.gaussian_naive_bayes(t.kind, t.x), "one.csv")
    sr.io.csv.write(t.gaussian_naive_bayes(t.flag, t.x), "other.csv")
    sr.run(processes=0, state="state")
    with pytest.raises(
        sr.StateError, match=r"no table of classes, as linear_discriminant gives it"
    ):
        sr.LinearDiscriminantAnalysis.from_state("state")
    with pytest.raises(sr.StateError, match=r"no regression, as linear_regression gives it"):
        sr.LinearRegression.from_state("state")
    there_are = r"there are one.csv \(kind by x\); other.csv \(flag by x\)"
    with pytest.raises(sr.ConfigurationError, match=there_are):
        sr.GaussianNB.from_state("state")
    with pytest.raises(sr.ConfigurationError, match=there_are):
        sr.GaussianNB.from_state("state", output="third.csv")
    assert sr.GaussianNB.from_state("state", output="other.csv").classes_.tolist() == [False, True]


def test_rows_that_were_left_out_are_in_no_class(folder: Path) -> None:
    """A feature that is not finite leaves its row out, of the state as of the table."""
    t = labelled(ROWS)
    t += t.select(size=sr.log(t.x))
    sr.io.csv.write(t.gaussian_naive_bayes(t.kind, t.size), "bayes.csv")
    sr.run(processes=0, state="state")
    opened = sr.GaussianNB.from_state("state")
    assert opened.n_samples_seen_ == sum(row[3] > 0 for row in ROWS) < len(ROWS)
    assert np.isfinite(opened.means_).all()
