"""A run inside of others' programs: in daemonic processes, in several threads, as process 1."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

import streamreg as sr
from streamreg._worker import spawn
from streamreg.testing import read, write
from tests.support.child import Child
from tests.support.numbered import Point, count_sound, stream
from tests.support.process import wait_until

SECONDS = 60


@pytest.mark.parametrize("asked", [{}, {"PROCESSES": 0}], ids=["nothing", "processes=0"])
def test_a_daemonic_process_does_all_work_itself(folder: Path, asked: dict[str, int]) -> None:
    """It may start no workers: the run needs none, and one line says so where nobody has asked for that."""
    with Child("embedded", folder, **asked) as program:
        program.finish(SECONDS)
        assert program.said.endswith("40\n")
        assert program.said.count("daemonic") == (0 if asked else 1)
    assert count_sound(folder, 4) == 40


@pytest.mark.parametrize(
    ("asked", "name"), [("PROCESSES", "processes"), ("STREAMREG_PROCESSES",) * 2]
)
def test_workers_of_a_daemonic_process_are_refused(folder: Path, asked: str, name: str) -> None:
    """The error says what to do, and comes before any file is made."""
    with Child("embedded", folder, **{asked: 2}) as program:
        program.finish(SECONDS)
        assert program.said.startswith(f"{name}: 2 worker processes")
        assert "processes=0" in program.said
    assert not list(folder.glob("*.csv"))


@pytest.mark.parametrize("processes", [0, 1])
def test_runs_in_threads_have_their_own_outputs(folder: Path, processes: int) -> None:
    """Eight runs at once, each of its own rows and outputs: each summary and each list is that of its own."""
    meet = threading.Barrier(8)
    rows: dict[int, int] = {}
    changes: dict[int, list[tuple[tuple[object, ...], int, int]]] = {i: [] for i in range(8)}
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            meet.wait(SECONDS)
            t = read(stream(10 * (number + 1), 2), schema=Point)
            outputs = [
                sr.io.csv.write(t, f"{number}.csv"),
                write(t.reduce(n=sr.reducers.count()), changes[number]),
            ]
            rows[number] = sr.run(outputs=outputs, processes=processes).rows
        except BaseException as error:
            failed.append(error)

    main = sys.modules["__main__"]
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert not failed
    assert rows == {number: 10 * (number + 1) for number in range(8)}
    for number in range(8):
        written = (folder / f"{number}.csv").read_text().splitlines()
        assert len(written) == 1 + 10 * (number + 1)
        assert changes[number][-1][0] == (10 * (number + 1),)
    assert sys.modules["__main__"] is main
    with pytest.raises(sr.ProgramError, match="nothing to run"):
        sr.run(processes=0)


class _Started:
    """A process that takes a moment to start, and sees whether the main module is what others need."""

    def __init__(self, seen: list[bool]) -> None:
        self._seen = seen

    def start(self) -> None:
        main = sys.modules["__main__"]
        self._seen.append(main.__spec__ is None and getattr(main, "__file__", None) is None)
        threading.Event().wait(0.0001)


def test_the_main_module_is_never_lost() -> None:
    """Workers that start in several threads leave `__main__` as it was, and other threads find all that is in it."""
    main = sys.modules["__main__"]
    mark = object()
    setattr(main, "mark", mark)  # noqa: B010  # a name that no module declares
    specs = {id(main.__spec__)}
    seen: list[bool] = []
    missed: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            found: ModuleType = sys.modules["__main__"]
            if getattr(found, "mark", None) is not mark or id(found.__spec__) not in specs:
                missed.append(repr(found))

    def begin() -> None:
        for _ in range(200):
            spawn.start(cast("SpawnProcess", _Started(seen)))

    looking = threading.Thread(target=look)
    starting = [threading.Thread(target=begin) for _ in range(3)]
    for thread in (looking, *starting):
        thread.start()
    for thread in starting:
        thread.join()
    done.set()
    looking.join()
    assert sys.modules["__main__"] is main
    delattr(main, "mark")
    assert seen == [True] * 600
    assert not missed


PAUSE = """
import signal, sys
from pathlib import Path

class Pause:
    def find_spec(self, name, path=None, target=None):
        if name == "streamreg._cli" and not Path("importing").exists():
            Path("importing").touch()
            while True:
                signal.pause()

sys.meta_path.insert(0, Pause())
"""


def first_process() -> list[str]:
    """The command that lets another be process 1 of a namespace of its own; skips where it may not."""
    command = ["unshare", "-p", "-f", "--kill-child", "--mount-proc"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*command, "true"], check=False).returncode
    ):
        pytest.skip("no right to make a PID namespace")
    return command


@pytest.mark.parametrize("first", [False, True], ids=["any process", "process 1"])
def test_sigterm_is_heard_from_the_first_moment(folder: Path, first: bool) -> None:
    """While the command is still being imported SIGTERM ends it, also where it is the first process of a container."""
    (folder / "sitecustomize.py").write_text(PAUSE)
    prefix = first_process() if first else []
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [*prefix, sys.executable, "-m", "streamreg", "run", "job.toml"],
        env={**os.environ, "PYTHONPATH": path},
        cwd=folder,
    )
    try:
        wait_until((folder / "importing").exists, SECONDS)
        target = process.pid
        if first:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            target = int(children.split()[0])
        os.kill(target, signal.SIGTERM)
        assert process.wait(SECONDS) == 143
    finally:
        process.kill()
        process.wait()


def test_a_second_signal_ends_at_once(folder: Path) -> None:
    """A function that does not come back holds up a clean end, but not the second signal."""
    with Child("stuck", folder, STREAMREG_PROCESSES=0) as program:
        program.wait_until((folder / "stuck").exists)
        program.signal(signal.SIGTERM)
        program.wait_until((folder / "noted").exists)
        program.signal(signal.SIGTERM)
        assert program.exit_code(SECONDS) == -signal.SIGTERM
