"""Files in parts: a row stands in one of them, once, whatever dies; finished ones are never touched again."""

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import streamreg as sr
from streamreg._compile.compile import compile as compile_plan
from streamreg._epoch.merge import Merge
from streamreg._operate import inspect
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._run.aside import start_over
from streamreg._sinks.contract import RunTerms
from streamreg._sinks.part_position import parts_beside
from streamreg._state.snapshot import read as read_state
from streamreg._state.store import FILE
from streamreg.testing import read
from tests.support import parts_faults
from tests.support.numbered import Point, count_sound, stream
from tests.support.parts import check_finished, join, parts_of
from tests.support.process import ROOT, Process

ROWS = 240
JOB = ROOT / "tests" / "support" / "parts_job.py"
DEATHS = [(step, 1 + at % 2) for at, step in enumerate(parts_faults.STEPS)]


def write(rows: int = ROWS, rotate: str | timedelta | None = "300 B") -> list[sr.Output]:
    t = read(stream(rows, 3), schema=Point, batch=6)
    fit = t.linear_regression(t.y, t.x)
    return [
        sr.io.csv.write(t, "rows.csv", rotate=rotate),
        sr.io.csv.write(fit.select(a=fit.intercept, b=fit.x), "line.csv", rotate=rotate),
    ]


def run(
    rows: int = ROWS,
    rotate: str | timedelta | None = "300 B",
    *,
    state: str | None = "state",
    stop: Callable[[sr.Progress], bool] | None = None,
) -> sr.Summary:
    return sr.run(outputs=write(rows, rotate), processes=0, state=state, stop=stop)


def whole(folder: Path) -> Path:
    """A folder with the files that all parts make together."""
    into = folder / "whole"
    into.mkdir(exist_ok=True)
    for name in ("rows.csv", "line.csv"):
        join(folder / name, into / name)
    return into


def checks(rows: int = ROWS, rotate: str | None = "300 B") -> list[Check]:
    plan = compile_plan(write(rows, rotate))
    sr.clear()
    return list(verify(plan, read_state(Path("state")), None, report=print, tell=lambda *_: None))


def start(folder: Path, **environment: str) -> Process:
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return Process(JOB, folder, {"PYTHONPATH": path, "ROWS": str(ROWS), **environment})


def test_each_row_is_there_once_whatever_dies(folder: Path) -> None:
    """After a death at every step the parts make the exact files, and are those that the state has."""
    for step, count in DEATHS:
        with start(folder, CHAOS_STEP=step, CHAOS_COUNT=str(count)) as job:
            code = job.exit_code(60)
            assert code == -signal.SIGKILL, f"{step}: exit code {code}: {job.said}"
    with start(folder) as job:
        job.finish(60)
    assert count_sound(whole(folder), 3) == ROWS
    assert min(check_finished(Path(name), Path("state")) for name in ("rows.csv", "line.csv")) > 5


@pytest.mark.parametrize("state", [None, "state"])
def test_differential_parts_and_a_whole_file(folder: Path, state: str | None) -> None:
    """The parts hold what one file would, each is as large as it was asked to be, and no epoch is split."""
    run(state=state)
    assert count_sound(whole(folder), 3) == ROWS
    *finished, last = parts_of(folder / "rows.csv")
    assert len(finished) > 5
    assert all(part.stat().st_size >= 300 for part in finished)
    times = [{row.split(",")[2] for row in part.read_text().splitlines()[1:]} for part in finished]
    assert all(not a & b for a, b in pairwise(times))
    assert finished[0].name == f"rows.{int(max(times[0], key=int)):09d}.csv"
    assert last.read_text().startswith("x,y,time,diff\n")


def test_a_run_goes_on_with_its_parts(folder: Path) -> None:
    """Stopped and gone on, with other bounds and with none, the parts make the same files."""
    for rows, rotate in ((30, None), (60, "300 B"), (90, "1 day"), (120, "100 B"), (ROWS, None)):
        run(rows, rotate)
        run(rows, rotate)
        assert count_sound(whole(folder), 3) == rows
        assert [str(c) for c in checks(rows, rotate) if c.difference or not c.compared] == []
    assert len(parts_beside(Path("rows.csv"))) > 5


def test_a_part_is_finished_by_its_age(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clocks of epochs say how old it is, also where a run goes on with it."""
    begin = Merge.__init__
    clock = iter(range(1_000_000, 10**9, 400))
    monkeypatch.setattr(
        Merge,
        "__init__",
        lambda self, *given, **named: begin(
            self, *given, **{**named, "unix_ms": lambda: next(clock)}
        ),
    )
    for rows in (20, 60, 120):
        run(rows, timedelta(seconds=2))
    assert count_sound(whole(folder), 3) == 120
    for part in parts_beside(Path("rows.csv")).values():
        assert len({row.split(",")[2] for row in part.read_text().splitlines()[1:]}) == 6


def test_finished_parts_are_the_users(folder: Path) -> None:
    """They may be moved away; one that is there is as it was, or the run is refused; `verify` misses them."""
    run(90)
    first, second, *_, last = parts_beside(Path("rows.csv")).values()
    text = second.read_bytes()
    second.write_bytes(text[:-1])
    with pytest.raises(sr.OutputError, match=rf"^{second} has .* put it back as it was, or move"):
        run(120)
    header, one, other, *rest = text.splitlines(keepends=True)
    second.write_bytes(b"".join([header, other, one, *rest]))
    checked = {c.subject: c for c in checks(90)}
    assert second.name in checked["rows.csv, its bytes"].difference
    with pytest.raises(sr.OutputError, match=f"{second}: other bytes than the run has written"):
        write(120)[0].sink.check(
            compile_plan(write(120)).outputs[0].columns,
            read_state(Path("state")).positions["rows.csv"],
            RunTerms(Path("state"), thorough=True),
        )
    second.write_bytes(text)
    os.mkdir("archive")
    for part in (first, last):
        part.rename(f"archive/{part.name}")
    run(ROWS)
    assert (
        f"{first.name}: it is missing"
        in {c.subject: c for c in checks()}["rows.csv, its rows"].difference
    )
    for part in (first, last):
        Path(f"archive/{part.name}").rename(part)
    assert count_sound(whole(folder), 3) == ROWS
    assert [str(c) for c in checks() if c.difference] == []


def test_nothing_of_others_is_taken(folder: Path) -> None:
    """What has the name of a part ends the run before a checkpoint says otherwise; old parts refuse a new run."""
    Path("rows.000000001.csv").write_text("mine\n")
    for rotate in ("300 B", "1 day"):
        with pytest.raises(sr.OutputError, match=r"^rows.000000001.csv exists, a finished part of"):
            run(rotate=rotate)
    Path("rows.000000001.csv").unlink()

    def in_the_way(progress: sr.Progress) -> bool:
        for time in range(progress.epochs, progress.epochs + 40):
            Path(f"rows.{time:09d}.csv").touch()
        return False

    with pytest.raises(sr.OutputError, match="is in the way: a part that is finished gets this"):
        run(stop=in_the_way)
    for path in Path().glob("rows.0*.csv"):
        if not path.stat().st_size:
            path.unlink()
    run()
    assert count_sound(whole(folder), 3) == ROWS


def test_a_file_that_is_changed_at_its_end_is_told(folder: Path) -> None:
    """While a part is open it is guarded as every file, and so is one that has yet to get its name."""
    with start(folder, CHAOS_STEP="before it gets its name", CHAOS_COUNT="3") as job:
        job.exit_code(60)
    position = read_state(Path("state")).positions
    [(name, last)] = [(n, p["finished"][-1]) for n, p in position.items() if not p["length"]]
    text = Path(name).read_bytes()
    assert len(text) == last[1]
    Path(name).write_bytes(b"9" + text[1:])
    with start(folder) as job:
        assert job.exit_code(60) == 1
        assert f"{name} is not what the run has written" in job.said
    Path(name).write_bytes(text)
    shown = inspect.describe(read_state(Path("state")))
    assert list(shown["parts"][name])[-1] == f"{name[:-4]}.{last[0]:09d}.csv"
    assert [str(c) for c in checks() if "its bytes" in c.subject and c.difference] == []
    with start(folder) as job:
        job.finish(60)
    assert count_sound(whole(folder), 3) == ROWS


def test_a_checkpoint_does_not_grow_with_its_parts(folder: Path) -> None:
    """Finished parts are in a table of their own, which `inspect` shows; a tampered one is a damaged state."""
    run(rotate="100 B")
    found = inspect.describe(read_state(Path("state")))
    count = len(found["parts"]["rows.csv"])
    assert count == len(parts_beside(Path("rows.csv"))) > 20
    assert any(f"{count} finished parts" in line for line in inspect.lines("state", found))
    with closing(sqlite3.connect(Path("state") / FILE)) as database, database:
        (run_text,) = database.execute("SELECT value FROM part WHERE name = 'run'").fetchone()
        assert len(run_text) < 1500
        database.execute("UPDATE finished_part SET length = length + 1 WHERE number = 3")
    with pytest.raises(sr.StateError, match=r"damaged .the finished parts of one of its files"):
        read_state(Path("state"))


def test_changed_jobs_and_new_starts_move_all_parts_aside(folder: Path) -> None:
    """Other columns begin anew, and so does a fresh start; what was there keeps its bytes under other names."""
    run(90)
    before = {path.read_bytes() for path in parts_of(Path("line.csv"))}
    t = read(stream(ROWS, 3), schema=Point, batch=6)
    fit = t.linear_regression(t.y, t.x, statistics=["n"])
    outputs = [sr.io.csv.write(t, "rows.csv", rotate="300 B")]
    outputs.append(sr.io.csv.write(fit, "line.csv", rotate="300 B"))
    sr.run(outputs=outputs, processes=0, state="state")
    aside = set(Path().glob("line.*Z.csv"))
    assert {path.read_bytes() for path in aside} == before
    assert check_finished(Path("line.csv"), Path("state")) > 0
    kept = {path.read_bytes() for path in parts_of(Path("rows.csv"))}
    moved = start_over(Path("state"), [Path("rows.csv"), Path("line.csv")])
    assert {moved[path].read_bytes() for path in moved if path.name.startswith("rows")} == kept
    run()
    assert count_sound(whole(folder), 3) == ROWS


def test_a_renamed_output_takes_its_parts_along(folder: Path) -> None:
    """Renamed as a whole it goes on; without its parts it is another output."""
    run(90)
    for part in parts_of(Path("rows.csv")):
        part.rename(part.name.replace("rows", "points"))
    t = read(stream(ROWS, 3), schema=Point, batch=6)
    fit = t.linear_regression(t.y, t.x)
    renamed = [
        sr.io.csv.write(t, "points.csv", rotate="300 B"),
        sr.io.csv.write(fit.select(a=fit.intercept, b=fit.x), "line.csv", rotate="300 B"),
    ]
    sr.run(outputs=renamed, processes=0, state="state")
    join(Path("points.csv"), Path("whole.csv"))
    assert len(Path("whole.csv").read_text().splitlines()) == ROWS + 1
    assert check_finished(Path("points.csv"), Path("state")) > 5


def test_what_has_no_parts_is_told(folder: Path) -> None:
    """A pipe, and a link, which another file cannot take the place of."""
    os.mkfifo("pipe.csv")
    Path("there.csv").touch()
    os.symlink("there.csv", "link.csv")
    for name, words in (("pipe.csv", "which has no parts"), ("link.csv", "is a link")):
        t = read(stream(9, 3), schema=Point)
        output = sr.io.csv.write(t, name, rotate="1 MB")
        with pytest.raises(sr.OutputError, match=words):
            sr.run(outputs=[output], processes=0)
    with pytest.raises(sr.ConfigurationError, match=r"^rotate: expected a size"):
        sr.io.csv.write(read(stream(9, 3), schema=Point), "x.csv", rotate="1 month")
