"""Functions of a user's program: where they run, and what happens when they fail."""

import gc
import os
import threading
from pathlib import Path

import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support.changelog import inserted, result
from tests.support.child import Child
from tests.support.numbered import Point, count_sound, row, stream, write_regression


def test_functions_of_a_main_module_without_a_guard(folder: Path, processes: int) -> None:
    """They are found by the workers, the file is run once, and what follows reduce is not pickled."""
    with Child("guardless", folder, STREAMREG_PROCESSES=processes) as program:
        program.finish()
    assert (folder / "ran.txt").read_text() == "once\n"
    expected = {(repr(x + 1000.0),) for x in range(90)}
    assert set(inserted("shifted.csv", "z")) == expected
    assert result("half.csv", "half") == ("45.0",)


def test_an_error_in_a_row_function_ends_the_run(folder: Path, processes: int) -> None:
    """It is a WorkerError that shows the traceback and the row; what was merged before is written."""
    with Child("raising", folder, STREAMREG_PROCESSES=processes, FAIL_AT=200.0) as program:
        assert program.exit_code() == 1
        said = program.said
    assert "WorkerError: " in said
    assert "ZeroDivisionError: " in said
    assert "return 1 / (x - FAIL_AT)" in said
    assert "raised in sr.apply for the row risky(200.0)" in said
    assert 0 <= count_sound(folder, 3) < 300
    if processes == 0:
        # The batches before that of row 200, in their order.
        assert count_sound(folder, 3) == 3 * 60 - 3


def test_an_error_in_a_row_function_is_a_worker_error(processes: int) -> None:
    """To a program that catches it too, and to one that closes the run in its own process."""
    t = read([[b"1,1", b"0,1"]], schema=Point, header=["x", "y"])
    sr.io.csv.write(t.select(z=sr.apply(lambda x: 1 / x, t.x)), "z.csv")
    with pytest.raises(sr.WorkerError, match=r"(?s)Traceback.*ZeroDivisionError.*\(0\.0\)"):
        sr.run(processes=processes)


def test_a_wrong_type_names_column_function_and_value(processes: int) -> None:
    """A function that does not return what it is declared to is an error, not a wrong column."""
    t = read([[b"1,1"]], schema=Point, header=["x", "y"])

    def word(x: float) -> float:
        return "one"  # type: ignore[return-value]

    sr.io.csv.write(t.select(z=sr.apply(word, t.x)), "z.csv")
    with pytest.raises(sr.WorkerError, match=r"column z: word should return float.*'one'"):
        sr.run(processes=processes)


@pytest.mark.parametrize(("given", "expected"), [(None, "1.0"), ("3", "3.0")])
def test_a_worker_has_one_thread_for_linear_algebra(
    monkeypatch: pytest.MonkeyPatch, given: str | None, expected: str
) -> None:
    """Not one for each core, unless the user wants so; the program's own environment is left alone."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if given is not None:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", given)
    t = read([[b"1,1"]], schema=Point, header=["x", "y"])

    def threads(x: float) -> float:
        return x * float(os.environ["OPENBLAS_NUM_THREADS"])

    sr.io.csv.write(t.select(z=sr.apply(threads, t.x)), "z.csv")
    sr.run(processes=1)
    assert inserted("z.csv", "z") == [(expected,)]
    assert os.environ.get("OPENBLAS_NUM_THREADS") == given


@pytest.mark.parametrize("declared", [True, False])
def test_half_of_a_surrogate_pair_is_no_text(processes: int, *, declared: bool) -> None:
    """Text that no file can hold is an error that names column, function and value."""
    t = read([[b"1,1", b"2,1"]], schema=Point, header=["x", "y"])

    def half(x: float) -> str:
        return "\ud83d" if x == 2.0 else "whole"

    sr.io.csv.write(t.select(z=sr.apply(half if declared else lambda x: half(x), t.x)), "z.csv")
    with pytest.raises(sr.WorkerError, match=r"column z: .* should return text.*'\\ud83d'.*half"):
        sr.run(processes=processes)


def test_a_constant_that_is_no_text() -> None:
    """The same in a constant is found while the program is written."""
    t = read([[b"1,1"]], schema=Point, header=["x", "y"])
    with pytest.raises(sr.ProgramError, match=r"'\\ud83d' holds half"):
        t.select(z=sr.if_else(t.x > 0.0, "\ud83d", "whole"))


def test_cycles_that_a_function_makes_are_collected(processes: int) -> None:
    """Python's garbage collection is that of any program, wherever a function of the user's runs."""
    t = read([[b"1,1"]], schema=Point, header=["x", "y"])

    def threshold(x: float) -> int:
        return gc.get_threshold()[0]

    sr.io.csv.write(t.select(n=sr.apply(threshold, t.x)), "n.csv")
    sr.run(processes=processes)
    assert inserted("n.csv", "n") == [(str(gc.get_threshold()[0]),)]


def test_an_error_after_reduce_is_raised_as_it_is(processes: int) -> None:
    """Such a function runs in the program's own process: its error comes with the user's traceback."""
    t = read(stream(30, 3), schema=Point, batch=6)
    totals = t.reduce(n=sr.reducers.count())
    sr.io.csv.write(totals.select(z=sr.apply(lambda n: 1 // max(12 - n, 0), totals.n)), "z.csv")
    with pytest.raises(ZeroDivisionError) as found:
        sr.run(processes=processes)
    assert any("raised in sr.apply for the row" in note for note in found.value.__notes__)


@pytest.mark.parametrize("processes", [1, 3])
def test_a_row_function_that_cannot_travel_is_named(processes: int) -> None:
    """What cannot be pickled cannot go to the workers: the error says so, and what to do."""
    lock = threading.Lock()

    def locked(x: float) -> float:
        with lock:
            return x

    t = read(stream(30, 3), schema=Point)
    sr.io.csv.write(t.select(z=sr.apply(locked, t.x)), "z.csv")
    with pytest.raises(sr.ProgramError, match=r"lock.*processes=0"):
        sr.run(processes=processes)


def test_the_same_inline_needs_no_pickle() -> None:
    """Without worker processes a function may hold what it likes."""
    lock = threading.Lock()

    def locked(x: float) -> float:
        with lock:
            return x

    t = read([[b"x,y", row(3)]], schema=Point)
    sr.io.csv.write(t.select(z=sr.apply(locked, t.x)), "z.csv")
    sr.run(processes=0)
    assert inserted("z.csv", "z") == [("3.0",)]


def test_errors_leave_the_next_run_alone(processes: int) -> None:
    """After a failed run whose outputs are cleared another one works: nothing of the first is left."""
    t = read([[b"0,0"]], schema=Point, header=["x", "y"])
    sr.io.csv.write(t.select(z=sr.apply(lambda x: 1 / x, t.x)), "z.csv")
    with pytest.raises(sr.WorkerError):
        sr.run(processes=processes)
    sr.clear()
    write_regression(read(stream(30, 3), schema=Point))
    assert sr.run(processes=processes).rows == 30
