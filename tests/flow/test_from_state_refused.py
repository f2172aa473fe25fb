"""States and regressions that cannot be opened: the error says why, and which there are."""

import re
from pathlib import Path

import numpy as np
import pytest

import streamreg as sr
from streamreg import testing
from streamreg._state import store
from tests.support.numbered import Point, stream, write_regression
from tests.support.opened import keyed, open_state, run


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
    with pytest.raises(sr.ConfigurationError, match=r"more than one regression \(y on x, x on y\)"):
        open_state("state", output="two.csv")
    with pytest.raises(sr.ConfigurationError, match="y on x is not by keys"):
        open_state("state", output="line.csv", key=1)


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


def test_damage_is_refused(folder: Path) -> None:
    """A bit turned anywhere in the database is damage, or in a place that nothing is read from."""
    write_regression(testing.read(stream(40, 3), schema=Point))
    sr.run(processes=0, state="state")
    whole = open_state("state").to_bytes()
    database = Path("state") / store.FILE
    held = database.read_bytes()
    refused = 0
    for at in range(0, len(held), len(held) // 150):
        database.write_bytes(held[:at] + bytes([held[at] ^ 4]) + held[at + 1 :])
        try:
            assert open_state("state").to_bytes() == whole
        except sr.StateError:
            refused += 1
    assert refused > 10
