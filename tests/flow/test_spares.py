"""Worker processes that start before the run knows what they are to do."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
from pathlib import Path

import pytest

import streamreg as sr
from streamreg import testing
from streamreg._process import quick_imports


class Point(sr.Schema):
    x: float
    y: float


def program() -> sr.Output:
    t = testing.read([[b"1,2"], [b"2,5"]], schema=Point, header=["x", "y"])
    return sr.io.csv.write(t.linear_regression(t.y, t.x), "fit.csv")


def test_a_refused_run_leaves_no_process(folder: Path) -> None:
    """An output that is there already ends the run before its workers get a task; they end too."""
    (folder / "fit.csv").write_text("somebody's own\n")
    program()
    with pytest.raises(sr.OutputError):
        sr.run(processes=2)
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("processes", [1, 2, 7])
def test_spares_that_nobody_takes_end(folder: Path, processes: int) -> None:
    """More workers than partitions are asked for: those that have nothing to do end with the others."""
    program()
    summary = sr.run(processes=processes)
    assert summary.rows == 2
    assert multiprocessing.active_children() == []


def test_a_function_that_cannot_travel_leaves_no_process(folder: Path) -> None:
    """What cannot be sent to a worker is said; the worker that waited for it ends."""
    lock = multiprocessing.Lock()

    def held(x: float) -> float:
        with lock:
            return x

    t = testing.read([[b"1,2"]], schema=Point, header=["x", "y"])
    sr.io.csv.write(t.select(x=sr.apply_with_type(held, float, t.x)), "rows.csv")
    with pytest.raises(sr.ProgramError, match="cannot be sent to a worker process"):
        sr.run(processes=1)
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("collects", [True, False])
@pytest.mark.parametrize("patience", [None, "26"])
def test_importing_leaves_everything_as_it_was(
    monkeypatch: pytest.MonkeyPatch, *, collects: bool, patience: str | None
) -> None:
    """The collector and the environment are the program's own again, also after an import that fails."""
    name = "OPENBLAS_THREAD_TIMEOUT"
    monkeypatch.delenv(name, raising=False)
    if patience is not None:
        monkeypatch.setenv(name, patience)
    was = gc.isenabled()
    (gc.enable if collects else gc.disable)()
    try:
        seen: list[object] = []

        def importing() -> None:
            with quick_imports():
                seen.extend([gc.isenabled(), os.environ[name]])
                importlib.import_module("streamreg._nowhere")

        with pytest.raises(ModuleNotFoundError):
            importing()
        assert seen == [False, patience or "20"]
        assert gc.isenabled() == collects
    finally:
        (gc.enable if was else gc.disable)()
    assert os.environ.get(name) == patience
