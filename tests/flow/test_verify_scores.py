"""Verify compares of scored rows what the topic tells: the rows, not the fits that they were scored by."""

from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify import score_check
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read
from tests.support.plans import csv_output
from tests.support.readings import readings, topic

HELD = [*readings(150, 21), ('two\nlines, "quoted"', "1", "2.0", "3", "1.0", "4.0")]


def tables() -> dict[str, sr.Table]:
    t = topic(HELD)
    scored = t.linear_regression(t.y, t.x).predict_on(t)
    some = t.linear_regression(t.y, t.x, by=t.k).predict_on(t.filter(t.n > 0))
    return {
        "scores.csv": scored,
        "some.csv": some.select(some.residual, some.k, two=2, d=some.d, size=abs(some.residual)),
        "only.csv": scored.select(scored.prediction),
        "large.csv": scored.filter(abs(scored.standardized_residual) > 1),
    }


@pytest.fixture(autouse=True)
def written(folder: Path) -> None:
    for name, table in tables().items():
        sr.io.csv.write(table, name)
    sr.run(processes=0, state="state")


def checks() -> list[Check]:
    plan = compile_plan([csv_output(table, name) for name, table in tables().items()])
    return list(verify(plan, read(Path("state")), None, report=print, tell=lambda *_: None))


def test_what_a_run_left_is_equal() -> None:
    """Files of scores are compared row by row, but for what has scores in it; the states as ever."""
    found = [str(check) for check in checks()]
    rows = len(Path("large.csv").read_text().splitlines()) - 1
    some = sum(int(row[1]) > 0 for row in HELD)
    assert [line.rpartition(";")[0] or line for line in found] == [
        "ok         topic: 151 offsets of 3 partitions read anew",
        "ok         rows: 151",
        "ok         tombstones: 0",
        "ok         rejects: 0",
        *[f"ok         exact state {i}: {what}" for i, what in STATES],
        "ok         scores.csv, its rows but for scores: the same 151",
        "ok         scores.csv, its scores: as the rows before each epoch give them",
        "ok         only.csv, its rows but for scores: the same 151",
        f"ok         only.csv, its scores: {NOT_COMPARED} that they are computed from",
        f"ok         large.csv, its rows but for scores: {rows}, filtered by scores and so not compared",
        f"ok         some.csv, its rows but for scores: the same {some}",
        f"ok         some.csv, its scores: {NOT_COMPARED} rows of the regression",
        *(
            f"ok         {name}, its bytes: those that the run has written: {Path(name).stat().st_size:,} bytes"
            for name in ("large.csv", "only.csv", "scores.csv", "some.csv")
        ),
    ]


NOT_COMPARED = "not compared: the output does not hold all"
STATES = [(1, "the same 122 bytes"), (2, "the same for 5 keys")]


@pytest.mark.parametrize(
    ("name", "old", "new", "difference"),
    [
        ("scores.csv", ",3,1.0,4.0,", ",3,1.0,5.0,", 'the row \'"two\\nlines, ""quoted""'),
        ("some.csv", 'quoted""",2,3,', 'quoted""",2,4,', "stands there 1 time, here 0"),
        ("only.csv", ",1,1\n", ",1,3\n", "diff '3' of"),
        ("large.csv", ",1\n", ",-1\n", "change 1: diff '-1'"),
        ("scores.csv", ",3,1.0,4.0,", ",3,1.0,4.0,,", "has 10 cells, not 9"),
        ("scores.csv", ",8,1\n", ",9,1\n", "comes after 9"),
    ],
)
def test_what_was_changed_is_told(name: str, old: str, new: str, difference: str) -> None:
    """A row that the topic does not give, a wrong diff or time, or a torn row."""
    path = Path(name)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    found = [check for check in checks() if check.difference]
    assert [check.subject for check in found] == [f"{name}, its rows but for scores"]
    assert difference in found[0].difference


def test_an_epoch_is_scored_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many rows are scored together, none is scored by another of its epoch."""
    monkeypatch.setattr(score_check, "_AT_A_TIME", 5)
    assert [check for check in checks() if check.difference] == []


@pytest.mark.parametrize("column", [6, 7, 8])
def test_a_score_that_was_changed_is_told(column: int) -> None:
    """Each of them is worked out again, from the rows of earlier epochs."""
    head, *lines = Path("scores.csv").read_text().split("\n")
    cells = lines[40].split(",")
    last = "6" if cells[column].endswith("5") else "5"
    cells[column] = cells[column][:-1] + last
    lines[40] = ",".join(cells)
    check_scores_differ([head, *lines])


def test_another_epoch_is_told() -> None:
    """A row that was moved to the next epoch has not the scores that it would have there."""
    head, *lines = Path("scores.csv").read_text().split("\n")
    row, time = next(line for line in lines if line.endswith(",3,1"))[:-4], ",4,1"
    lines.remove(f"{row},3,1")
    lines.insert(next(i for i, line in enumerate(lines) if line.endswith(time)), row + time)
    check_scores_differ([head, *lines])


def check_scores_differ(lines: list[str]) -> None:
    Path("scores.csv").write_text("\n".join(lines))
    (found,) = [check for check in checks() if check.difference]
    assert found.subject == "scores.csv, its scores"
    assert found.difference.startswith("it has ")
    assert ", the rows before give " in found.difference
