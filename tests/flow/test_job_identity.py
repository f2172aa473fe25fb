"""A state is continued by the job that wrote it alone: what makes two jobs differ."""

from pathlib import Path

import pytest

import streamreg as sr
from streamreg import testing

MESSAGES = [b"0,1", b"1,3", b"2,5.5"]


class Points(sr.Schema):
    x: float
    y: float


def run(state: Path, messages: list[bytes], ridge: float = 0.0, **outputs: tuple[str, ...]) -> None:
    """Writes for each output these coefficients, in this order."""
    table = testing.read([messages], schema=Points, format="csv", header=["x", "y"])
    fit = table.linear_regression(table.y, table.x, ridge=ridge)
    for name, columns in outputs.items():
        chosen = {column: fit[column] for column in columns}
        sr.io.csv.write(fit.select(**chosen), state.parent / f"{name}.csv")
    sr.run(processes=0, state=state)


def test_columns_in_another_order_are_another_file(tmp_path: Path) -> None:
    """A changelog is not continued with its columns in other places: a new one begins, and the old one is kept."""
    run(tmp_path / "state", MESSAGES[:2], fit=("intercept", "x"))
    before = (tmp_path / "fit.csv").read_bytes()
    run(tmp_path / "state", MESSAGES, fit=("x", "intercept"))
    (aside,) = tmp_path.glob("fit.*.csv")
    assert aside.read_bytes() == before
    assert (tmp_path / "fit.csv").read_text().startswith("x,intercept,time,diff\n")


def test_outputs_in_another_order_are_the_same(tmp_path: Path) -> None:
    """No output's last row is taken back in the file of another."""
    run(tmp_path / "state", MESSAGES[:2], a=("intercept",), b=("x",))
    run(tmp_path / "state", MESSAGES, b=("x",), a=("intercept",))
    assert (tmp_path / "b.csv").read_text() == "x,time,diff\n2.0,0,1\n2.0,1,-1\n2.25,1,1\n"


def test_another_model_is_another_job(tmp_path: Path) -> None:
    """A changelog does not go from one regression to another under the same columns."""
    run(tmp_path / "state", MESSAGES[:2], fit=("intercept", "x"))
    with pytest.raises(sr.StateError, match=r"of another job: ridge: it was 0\.0, now it is 0\.5"):
        run(tmp_path / "state", MESSAGES, ridge=0.5, fit=("intercept", "x"))
