"""`sr.apply(…, on_error="reject")`: a function that raises costs its row, and nothing else."""

import json
from pathlib import Path

import pytest

import streamreg as sr
from streamreg.testing import collect, read


class Row(sr.Schema):
    """A number, and text that should be one."""

    x: int
    text: str


MESSAGES = [
    b"x,text",
    b"1,10",
    b"2,ten",
    b"3,30",
    b"4,forty \xc2\xb5\xe2\x82\xac",
    b"5,50",
    b"6,60",
]


def parsed(text: str, *, base: int = 10) -> int:
    return int(text, base)


class Unsayable(Exception):
    """An error that cannot be written."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def surrogate(text: str) -> int:
    if text == "ten":
        raise ValueError("half \ud800 of\na pair")
    if not text.isdecimal():
        raise Unsayable
    return int(text)


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_row_whose_function_raises_is_a_reject(folder: Path, processes: int, batch: int) -> None:
    """The others are as without it, however the batch is cut; the dead-letter file has what was raised."""
    t = read([MESSAGES], schema=Row, batch=batch)
    numbers = t.select(t.x, number=sr.apply(parsed, t.text, base=10, on_error="reject"))
    rows = collect(numbers)
    sr.io.csv.write(numbers.reduce(total=sr.reducers.sum(numbers.number)), "sums.csv")
    summary = sr.run(processes=processes, rejects="rejects.jsonl")
    assert sorted(row for row, _, _ in rows) == [(1, 10), (3, 30), (5, 50), (6, 60)]
    last = (folder / "sums.csv").read_text().splitlines()[-1]
    assert last.split(",")[0] == "150"
    assert summary.rejects == {"function-error": 2}
    first, second = map(json.loads, Path("rejects.jsonl").read_text().splitlines())
    assert (first["offset"], first["reason"], first["column"], first["value"]) == (
        2,
        "function-error",
        "number",
        "2,ten",
    )
    assert first["detail"] == (
        "parsed raises ValueError: invalid literal for int() with base 10: 'ten'"
    )
    assert second["offset"] == 4
    assert "forty µ€" in second["detail"]


def test_whatever_is_raised_can_be_written() -> None:
    """Half a surrogate pair, several lines, an error without words."""
    t = read([MESSAGES], schema=Row)
    collect(t.select(a=sr.apply(surrogate, t.text, on_error="reject")))
    assert sr.run(processes=0, rejects="rejects.jsonl").rejects == {"function-error": 2}
    details = [
        json.loads(line)["detail"] for line in Path("rejects.jsonl").read_text().splitlines()
    ]
    assert details == [
        "surrogate raises ValueError: half \\ud800 of a pair",
        "surrogate raises Unsayable",
    ]


def test_only_rows_that_the_function_is_called_for() -> None:
    """In an arm of `if_else` and behind a filter it raises for no other row."""
    t = read([MESSAGES], schema=Row)
    number = sr.apply(parsed, t.text, on_error="reject")
    rows = collect(t.select(t.x, a=sr.if_else(t.x < 3, number, 0)))
    assert sr.run(processes=0).rejects == {"function-error": 1}
    assert sorted(row for row, _, _ in rows) == [(1, 10), (3, 0), (4, 0), (5, 0), (6, 0)]


def test_after_a_reduce_the_value_is_missing() -> None:
    """There is no message to reject: the row of the result stays, without the value."""

    def odd(total: int) -> int:
        if total % 2 == 0:
            raise ValueError("even")
        return total

    t = read([[b"x,text", b"1,a", b"2,b", b"3,c"]], schema=Row, batch=1)
    result = t.reduce(total=sr.reducers.sum(t.x))
    rows = collect(result.select(result.total, odd=sr.apply(odd, result.total, on_error="reject")))
    assert not sr.run(processes=0).rejects
    assert [row for row, _, diff in rows if diff == 1] == [(1, 1), (3, 3), (6, None)]


def test_by_default_the_run_ends() -> None:
    """With the function's own error; and only these two words are known."""
    t = read([MESSAGES], schema=Row)
    collect(t.select(a=sr.apply(parsed, t.text)))
    with pytest.raises(sr.WorkerError, match="invalid literal"):
        sr.run(processes=0)
    with pytest.raises(sr.ProgramError, match="on_error"):
        sr.apply(parsed, t.text, on_error="ignore")  # type: ignore[call-overload, unused-ignore, arg-type]
