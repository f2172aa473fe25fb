"""What a run leaves on the disk: who may read it, and that reading it runs nothing."""

import ast
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

import streamreg as sr
from streamreg.testing import read
from tests.support.numbered import Point

PACKAGE = Path(sr.__file__).parent
# They make objects of any kind from bytes, and so run whatever the bytes say.
UNSAFE = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}


@pytest.fixture(params=[0o077, 0o027, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
    }


def test_files_are_made_as_the_umask_says(folder: Path, umask: int) -> None:
    """Outputs, rejects and state are for those whom the user lets read new files, while it runs and after."""
    seen: dict[str, int] = {}

    def look(progress: sr.Progress) -> None:
        seen.update(modes(folder))

    sr.io.csv.write(read([[b"x,y", b"1,2", b"bad"]], schema=Point), "rows.csv")
    sr.run(processes=1, state="made/state", rejects="rejects.jsonl", progress=look)
    seen.update(modes(folder))
    assert {"rows.csv", "rejects.jsonl", "made", "made/state/checkpoint.sqlite"} <= seen.keys()
    assert {path: mode for path, mode in seen.items() if mode & umask} == {}
    assert seen["rows.csv"] == seen["rejects.jsonl"] == 0o666 & ~umask
    assert seen["made"] == seen["made/state"] == 0o777 & ~umask


def imports(path: Path) -> set[str]:
    """The names of the top-level packages that a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


def test_nothing_on_the_disk_is_unpickled() -> None:
    """Pickles go through pipes between a run's own processes, and nowhere else."""
    found = {
        str(path.relative_to(PACKAGE)): unsafe
        for path in PACKAGE.rglob("*.py")
        if (unsafe := imports(path) & UNSAFE)
    }
    assert found == {
        "_worker/mailbox.py": {"pickle"},  # frames, from a worker to the parent
        # What changes, from a run to the process that serves it.
        "_serve/server.py": {"pickle"},
        "_serve/process.py": {"pickle"},
        # What a task of Spark is given and hands in, between driver and executors of one application.
        "_spark/jobs.py": {"pickle"},
        "_spark/shard_work.py": {"pickle"},
        "_spark/work.py": {"pickle"},
        # A worker's task, from the parent.
        "_worker/carried.py": {"pickle"},
        "_worker/code_pickler.py": {"cloudpickle", "marshal"},
    }
