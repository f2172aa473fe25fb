"""What a worker process imports: what it runs, and no table language."""

from __future__ import annotations

from pathlib import Path

import streamreg as sr
from streamreg import testing


class Point(sr.Schema):
    x: float
    y: float


def test_a_worker_knows_no_tables(folder: Path) -> None:
    """Neither the language nor what compiles it is imported in the process that unpickles a row plan."""

    def loaded(
        _: float,
    ) -> str:  # travels by value, so that its module, which knows tables, is not imported there
        import sys

        return " ".join(sorted(name for name in sys.modules if name.startswith("streamreg")))

    t = testing.read([[b"1,2", b"2,5"]], schema=Point, header=["x", "y"])
    sr.io.csv.write(t.select(modules=sr.apply_with_type(loaded, str, t.x)), "modules.csv")
    sr.io.csv.write(t.linear_regression(t.y, t.x), "fit.csv")
    sr.run(processes=1)
    first = (folder / "modules.csv").read_text().splitlines()[1]
    modules = first.rsplit(",", 2)[0].split()
    assert "streamreg._plan.row_plan" in modules, "it is another process's list"
    assert "streamreg._run.run" not in modules
    unwanted = (
        "streamreg._language",
        "streamreg._compile",
        "streamreg.reducers",
        "streamreg._state",
    )
    assert [name for name in modules if name.startswith(unwanted)] == []
