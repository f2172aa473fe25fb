"""A CSV file that is there: refused, replaced, or gone on with by the state that wrote it."""

import logging
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._sinks.csv_file import IfExists
from streamreg.testing import read
from tests.support.numbered import Point, count_sound, stream
from tests.support.parts import parts_of


def run(
    rows: int = 30,
    state: str | None = None,
    rotate: str | None = None,
    if_exists: IfExists = "fail",
) -> sr.Summary:
    t = read(stream(rows, 3), schema=Point, batch=6)
    fit = t.linear_regression(t.y, t.x)
    outputs = [
        sr.io.csv.write(t, "rows.csv", rotate=rotate, if_exists=if_exists),
        sr.io.csv.write(
            fit.select(a=fit.intercept, b=fit.x), "line.csv", rotate=rotate, if_exists=if_exists
        ),
    ]
    return sr.run(outputs=outputs, processes=0, state=state)


def test_by_default_it_is_refused(folder: Path) -> None:
    """It stays as it is; a run with the state that wrote it goes on with it."""
    Path("line.csv").write_text("mine\n")
    for state in (None, "state"):
        with pytest.raises(sr.OutputError, match=r"^line\.csv exists, and there is no state"):
            run(state=state)
    assert Path("line.csv").read_text() == "mine\n"
    Path("line.csv").unlink()
    run(15, "state")
    run(30, "state")
    assert count_sound(folder, 3) == 30


@pytest.mark.parametrize("state", [None, "state"])
def test_it_is_replaced(folder: Path, state: str | None, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it was, which the run says; with a state the next run goes on all the same."""
    Path("line.csv").write_text("somebody else's\n" * 1000)
    with caplog.at_level(logging.WARNING, "streamreg"):
        run(15, state, if_exists="replace")
    said = [record.message for record in caplog.records]
    assert said == ["line.csv: what is there is replaced: 16,000 bytes"]
    assert count_sound(folder, 3) == 15
    run(30, state, if_exists="replace")
    assert count_sound(folder, 3) == 30
    # Written on, and not anew: the epochs of the second run follow those of the first.
    times = [int(row.split(",")[2]) for row in Path("rows.csv").read_text().splitlines()[1:]]
    assert (times[14] < times[15]) == (times.count(0) < 15) is True


def test_only_its_state_appends_to_it(folder: Path) -> None:
    """Without a state, or with another one, nothing is appended."""
    with pytest.raises(sr.OutputError, match=r'if_exists="append" goes on .* run with state=…'):
        run(if_exists="append")
    run(15, "state", if_exists="append")
    before = Path("rows.csv").read_bytes()
    with pytest.raises(sr.OutputError, match="there is no state to continue it from"):
        run(30, "other", if_exists="append")
    assert Path("rows.csv").read_bytes() == before
    run(30, "state", if_exists="append")
    assert Path("rows.csv").read_bytes().startswith(before)
    assert count_sound(folder, 3) == 30


def test_nothing_is_replaced_by_a_run_that_does_not_begin(folder: Path) -> None:
    """Where another output is refused, this one stays."""
    Path("rows.csv").write_text("mine\n")
    Path("line.csv").mkdir()
    with pytest.raises(sr.OutputError, match=r"line\.csv: Is a directory"):
        run(if_exists="replace")
    assert Path("rows.csv").read_text() == "mine\n"


def test_parts_are_replaced_too(folder: Path) -> None:
    """All that an earlier run has finished goes, and nothing else of that name."""
    run(180, rotate="300 B")
    with pytest.raises(sr.OutputError, match=r"^rows\.0\d+\.csv exists, a finished part"):
        run(30, rotate="300 B")
    run(30, rotate="1 MB", if_exists="replace")
    assert parts_of(Path("rows.csv")) == [Path("rows.csv")]
    assert count_sound(folder, 3) == 30
    Path("rows.000000007.csv").write_text("mine\n")
    with pytest.raises(sr.OutputError, match=r"is no finished part of rows\.csv: move it away"):
        run(30, rotate="1 MB", if_exists="replace")
    assert Path("rows.000000007.csv").read_text() == "mine\n"


def test_no_other_value_is_taken(folder: Path) -> None:
    """The message lists those there are."""
    with pytest.raises(sr.ConfigurationError, match=r'^if_exists: expected "fail", "replace" or'):
        run(if_exists="overwrite")  # type: ignore[arg-type]  # what people try
