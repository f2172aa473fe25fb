"""What a state's JSON says of windows and event time: each thing that no run writes is refused, and named."""

import copy
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import streamreg as sr
from streamreg._state.checkpoint_shape import check_shape
from streamreg._state.shape import ShapeError
from streamreg._state.store import FILE
from streamreg.testing import read
from tests.support.plans import csv_output


class Timed(sr.Schema):
    at: int
    f: float
    x: float
    y: float


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """The job and the run of a state with two clocks, the first of integers, the second of floats."""
    folder = tmp_path_factory.mktemp("held")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        t = read([[b"at,f,x,y", *(b"%d,%d.5,1,2" % (i, i) for i in range(30))]], schema=Timed)
        behavior = sr.temporal.common_behavior(delay=2, cutoff=3)
        whole = t.windowby(t.at, window=sr.temporal.sliding(5, 10), behavior=behavior)
        real = t.windowby(t.f, window=sr.temporal.session(max_gap=0.5))
        outputs = [
            csv_output(whole.reduce(n=sr.reducers.count()), "whole.csv"),
            csv_output(real.reduce(n=sr.reducers.count()), "real.csv"),
        ]
        sr.run(outputs=outputs, processes=0, state="state")
        with closing(sqlite3.connect(Path("state", FILE))) as database:
            parts = dict(database.execute("SELECT name, value FROM part"))
    return json.loads(parts["job"]), json.loads(parts["run"])


def windows(job: Any) -> Any:  # noqa: ANN401 - JSON
    return job["reductions"][0]["windows"]


def put(name: str, value: object) -> Callable[[Any, Any], None]:
    return lambda job, _: windows(job).update({name: value})


def times(value: object) -> Callable[[Any, Any], None]:
    return lambda _, run: run.update(times=value)


def moves(value: object) -> Callable[[Any, Any], None]:
    return lambda _, run: run.update(moves=value)


def without_its_clock(job: Any, _: Any) -> None:  # noqa: ANN401 - JSON
    del windows(job)["clock"]


def without_windows(job: Any, _: Any) -> None:  # noqa: ANN401 - JSON
    del job["reductions"][0]["windows"]


BAD: dict[str, Callable[[Any, Any], None]] = {
    "no clock": without_its_clock,
    "times of a clock that is not there": without_windows,
    "a clock too far": put("clock", 2),
    "a clock below 0": put("clock", -1),
    "a clock that is none": put("clock", 0.0),
    "a clock of another unit": put("time", "float"),
    "times of no type": put("time", "str"),
    "no window": put("window", []),
    "an unknown window": put("window", ["hourly", 1]),
    "a window of null": put("window", None),
    "a window in a window": put("window", [["grid", 0, 5, 10]]),
    "too few numbers": put("window", ["grid", 0, 5]),
    "too many numbers": put("window", ["grid", 0, 5, 10, 10]),
    "a hop of 0": put("window", ["grid", 0, 0, 10]),
    "a duration below 0": put("window", ["grid", 0, 5, -10]),
    "a hop of another unit": put("window", ["grid", 0, 5.5, 10]),
    "a huge origin": put("window", ["grid", 10**400, 5, 10]),
    "a hop of text": put("window", ["grid", 0, "5", 10]),
    "a gap of 0": put("window", ["session", 0]),
    "no last rows": put("window", ["last", 0]),
    "last rows below 0": put("window", ["last", -1]),
    "a huge number of last rows": put("window", ["last", 10**30]),
    "last rows that are closed": put("window", ["last", 5]),
    "a cutoff below 0": put("cutoff", -1),
    "a cutoff of text": put("cutoff", "1"),
    "a cutoff of another unit": put("cutoff", 1.5),
    "a cutoff that is true": put("cutoff", True),
    "a huge cutoff": put("cutoff", 10**400),
    "a delay below 0": put("delay", -1),
    "a delay that is infinite": put("delay", float("inf")),
    "final and null": put("final", None),
    "keep_results of a number": put("keep_results", 1),
    "keep_closed of text": put("keep_closed", "no"),
    "something unknown": put("more", 1),
    "an idle timeout": put("idle_timeout", 1.0),
    "times that are an object": times({}),
    "times of one clock": times([{}]),
    "times of three clocks": times([{}, {}, {}]),
    "times of null": times([None, None]),
    "a float where integers are": times([{"0": 1.5}, {}]),
    "an integer where floats are": times([{}, {"0": 1}]),
    "a time that is not finite": times([{}, {"0": float("nan")}]),
    "a time of 65 bits": times([{"0": 2**63}, {}]),
    "a time that is true": times([{"0": True}, {}]),
    "a partition of no number": times([{"x": 1}, {}]),
    "a partition below 0": times([{"-1": 1}, {}]),
    "a huge partition": times([{"2147483648": 1}, {}]),
    "moves that are an object": moves({}),
    "a move of three": moves([[0, 0, 0]]),
    "a move of five": moves([[0, 0, 0, 0, 0]]),
    "a move of no clock": moves([[2, 0, 0, 0]]),
    "a move of a clock below 0": moves([[-1, 0, 0, 0]]),
    "a move of a partition below 0": moves([[0, -1, 0, 0]]),
    "a move from an offset below 0": moves([[0, 0, -1, 0]]),
    "a move to a float": moves([[0, 0, 0, 0.5]]),
    "a move to an integer": moves([[1, 0, 0, 1]]),
    "a move to nowhere": moves([[1, 0, 0, None]]),
    "a move to 65 bits": moves([[0, 0, 0, -(2**63) - 1]]),
    "a move of a huge partition": moves([[0, 2**40, 0, 1]]),
}


@pytest.mark.parametrize("what", BAD)
def test_what_no_run_writes_is_refused(held: tuple[Any, Any], what: str) -> None:
    """With a ShapeError, which says where, and with nothing else."""
    job, run = copy.deepcopy(held)
    BAD[what](job, run)
    with pytest.raises(ShapeError, match=r"^(job|run): "):
        check_shape(job, run)


def test_what_a_run_writes_is_taken(held: tuple[Any, Any]) -> None:
    """Also with moves, and from before there were event times."""
    job, run = held
    assert windows(job) == {
        "clock": 0,
        "time": "int",
        "window": ["grid", 0, 5, 10],
        "delay": 2,
        "cutoff": 3,
        "final": False,
        "keep_results": True,
        "keep_closed": False,
    }
    assert run["times"] == [{"0": 29}, {"0": 29.5}]
    check_shape(job, run)
    check_shape(job, {**run, "moves": [[0, 0, 5, 7], [1, 0, 31, -0.5]]})
    check_shape(job, {**run, "times": [{}, {}]})
