"""What a function is given makes a job itself by its value, and what is done when it raises is told by the state."""

import datetime
import itertools
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._compile.compile import compile as compile_plan
from streamreg._language import outputs
from streamreg._state import job_identity
from streamreg._state.snapshot import read
from tests.support.verified import rewritten

MESSAGES: Final = [b"1,2", b"2,-1", b"3,0.5", b"-4,3"]
NUMBER: Final = 10**30


class Row(sr.Schema):
    n: int
    x: float


def told(x: float, first: object, second: object) -> str:
    return f"{x} {first!r} {second!r}"


def root(x: float) -> float:
    if x < 0:
        raise ValueError("below zero")
    return x


def table(count: int) -> sr.Table:
    return testing.read([MESSAGES[:count]], schema=Row, header=["n", "x"])


def run(count: int, write: Callable[[sr.Table], sr.Table]) -> str:
    """The job's output after it has gone on, from the state in the current folder."""
    sr.io.csv.write(write(table(count)), "out.csv")
    try:
        sr.run(processes=0, state="state")
    finally:
        sr.clear()
    return Path("out.csv").read_text()


def twice(first: object, second: object) -> Callable[[sr.Table], sr.Table]:
    """Two columns, computed with a constant each."""
    return lambda t: t.select(a=sr.apply(told, t.x, first, first), b=sr.apply(told, t.x, second, 0))


EQUAL: Final[list[Callable[[], object]]] = [
    lambda: int(str(NUMBER)),
    lambda: float("0.1"),
    lambda: float("nan"),
    lambda: "".join(["a", "b"]),
    lambda: bytes([1, 2, 250]),
    lambda: Decimal("1.10"),
    lambda: [1, (2.5, "x"), {"k": [b"z"]}],
    lambda: {"a", "b", "c"},
    lambda: frozenset([1, 2]),
    lambda: datetime.date(2026, 1, 2),
    lambda: range(3),
]


@pytest.mark.parametrize("make", EQUAL, ids=itertools.count())
def test_equal_constants_are_one_whether_they_are_one_object_or_two(
    folder: Path, make: Callable[[], object]
) -> None:
    """A job goes on where Python has made two objects of what was one constant, and the other way round."""
    shared = make()
    run(1, twice(shared, shared))
    run(2, twice(make(), make()))
    shared = make()
    assert run(4, twice(shared, shared)).count("\n") == 5


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        ([1], (1,)),
        ({"a"}, {"b"}),
        (datetime.date(2026, 1, 2), datetime.date(2026, 1, 3)),
        (Decimal("1.0"), Decimal("1.00")),
    ],
)
def test_another_constant_is_another_job(folder: Path, before: object, now: object) -> None:
    """Whatever Python's own equality says of the two, and both within one program are two."""
    run(1, twice(before, now))
    for others in ((before, before), (now, now), (now, before)):
        with pytest.raises(sr.StateError, match="another job: program: "):
            run(2, twice(*others))
    assert run(4, twice(before, now)).count("\n") == 5


def calls(on_error: str, function: Callable[..., object] = root) -> Callable[[sr.Table], sr.Table]:
    return lambda t: t.select(r=sr.apply(function, t.x, on_error=on_error))  # type: ignore[arg-type]


def test_a_job_whose_function_has_raised_goes_on_when_it_may_reject(folder: Path) -> None:
    """A state of `raise` holds no row that has raised: it is what the same job with `reject` would have left."""
    run(1, calls("raise"))
    with pytest.raises(sr.WorkerError, match="below zero"):
        run(4, calls("raise"))
    run(4, calls("reject"))
    assert Path("out.csv").read_text() == "r,time,diff\n2.0,0,1\n0.5,1,1\n3.0,1,1\n"
    assert dict(read(Path("state")).rejects) == {"function-error": 1}


def test_a_job_that_has_rejected_does_not_go_on_as_one_that_raises(folder: Path) -> None:
    """What the state counts as rejects, the job that raises would never have got past."""
    run(4, calls("reject"))
    with pytest.raises(
        sr.StateError, match=r"program: \d+: on_error: it was 'reject', now it is 'raise'"
    ):
        run(4, calls("raise"))


def test_a_state_that_does_not_say_what_is_done_on_errors_goes_on(folder: Path) -> None:
    """States of earlier builds had no word of it."""
    run(1, calls("reject"))
    job = {**read(Path("state")).job}
    job["program"] = [{k: v for k, v in step.items() if k != "on_error"} for step in job["program"]]
    for on_error in ("raise", "reject"):
        rewritten(Path("state"), job=job)
        run(1, calls(on_error))


def test_one_function_may_raise_here_and_reject_there(folder: Path) -> None:
    """A call that rejects is not taken for one of the same function that ends the run."""

    def both(t: sr.Table) -> sr.Table:
        total = t.reduce(x=sr.reducers.min(t.x))
        missing = sr.apply(root, total.x, on_error="reject")
        return total.select(missing=missing, raised=sr.apply(root, total.x))

    with pytest.raises(ValueError, match="below zero"):
        run(4, both)


def mixed(t: sr.Table) -> sr.Table:
    return t.filter(t.n > t.x)


def cast(t: sr.Table) -> sr.Table:
    return t.filter(sr.cast(float, t.n) > t.x)


def test_a_state_of_rounded_comparisons_goes_on_with_them_alone(folder: Path) -> None:
    """An integer beside a float was brought to a double once: such a state goes on; one of a cast now is another."""
    run(1, cast)
    with pytest.raises(sr.StateError, match="another job: program: "):
        run(2, mixed)
    job = {k: v for k, v in read(Path("state")).job.items() if k != "rules"}
    rewritten(Path("state"), job=job)
    run(2, mixed)
    assert read(Path("state")).job == job, "it goes on as the same program for ever"
    run(4, mixed)


def test_the_plan_says_what_earlier_builds_made_of_it(folder: Path) -> None:
    """Only where they made something else of it; a worker gets nothing of that."""

    def plan(write: Callable[[sr.Table], sr.Table]) -> list[list[str]]:
        found = compile_plan([sr.io.csv.write(write(table(1)), "out.csv")])
        outputs.clear()
        steps = [job_identity.job(each, None)["program"] for each in (found, *found.earlier)]
        return [[step.get("kernel", step["step"]) for step in each] for each in steps]

    assert len(plan(cast)) == 1
    now, by_identity, rounded = plan(mixed)
    assert now == by_identity == ["load", "load", "greater.mixed", "take", "take"]
    assert rounded == ["load", "cast.int.float", "load", "greater.float", "take", "take"]
    assert len(plan(twice([1], [1]))) == 3
    assert len(plan(twice(1, "a"))) == 1
