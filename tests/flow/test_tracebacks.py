"""An error in a function of the user's names its file, line and source, in whatever process it was raised."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from tests.support.child import JOBS, Child
from tests.support.process import ROOT

PROGRAM: Final = JOBS / "raising_kinds.py"
LINES: Final = PROGRAM.read_text(encoding="utf-8").splitlines()
CELL: Final = "/tmp/cells/1.py"
TYPED: Final = ["", "def typed(x: float) -> float:", "    return 1 / x  # typed"]
KINDS: Final = sorted(
    {kind for line in LINES if "  # " in line for kind in line.split("  # ")[1].split(", ")}
)

SMALL: Final = """\
import streamreg as sr
from streamreg.testing import read
class Point(sr.Schema):
    x: float

def risky(x: float) -> float:
    return 1 / x

t = read([[b"1", b"0"]], schema=Point, header=["x"])
sr.io.csv.write(t.select(z=sr.apply(risky, t.x)), "z.csv")
sr.run()
"""
"""A whole program, as it can be typed at a prompt too."""


@pytest.fixture(scope="module", params=[0, 1], ids=lambda number: f"processes={number}")
def errors(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What each kind of function led to."""
    folder = tmp_path_factory.mktemp("errors")
    with Child("raising_kinds", folder, STREAMREG_PROCESSES=request.param) as program:
        program.finish()
    found: dict[str, str] = json.loads((folder / "errors.json").read_text())
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_function_is_shown_with_its_source(errors: dict[str, str], kind: str) -> None:
    """File, line and text of each line of the program's that the error came through, and the row."""
    name, source = (CELL, TYPED) if kind == "typed" else (str(PROGRAM), LINES)
    marked = re.compile(rf"  # (.*, )?{kind}(, |$)")
    through = [(number, line) for number, line in enumerate(source, 1) if marked.search(line)]
    assert through
    for number, line in through:
        place = rf'File "{re.escape(name)}", line {number}, in .*'
        assert re.search(rf"{place}\n +{re.escape(line.strip())}\n", errors[kind])
    assert "raised in sr.apply for the row" in errors[kind]


def test_each_kind_is_a_worker_error(errors: dict[str, str]) -> None:
    """Whatever was raised, also what is no Exception, or one of ours."""
    assert sorted(errors) == KINDS
    assert "OddError: odd" in errors["chained"]
    assert "SourceError: of the user's" in errors["streamreg"]
    assert "SystemExit: 3" in errors["exit"]


def run(folder: Path, processes: int, *arguments: str, typed: str = "") -> str:
    """What Python says that is started so, and given such text as if typed."""
    environment = {**os.environ, "STREAMREG_PROCESSES": str(processes), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    ).stderr


def frame(said: str) -> str:
    """How the function is shown in the text of the WorkerError, with the source if there is one."""
    *_, found = re.finditer(r' +File "[^"]*", line \d+, in risky\n( {4}.*\n)*', said)
    return found[0]


@pytest.mark.parametrize("way", ["-c", "-", "-i"])
def test_a_program_without_a_file(tmp_path: Path, way: str) -> None:
    """As an argument, through a pipe, or at a prompt: the traceback is the same in a worker as in the program."""
    arguments = ("-c", SMALL) if way == "-c" else (way,) if way == "-" else ("-i", "-q")
    typed = "" if way == "-c" else SMALL
    shown = [frame(run(tmp_path, processes, *arguments, typed=typed)) for processes in (0, 1)]
    assert shown[0] == shown[1]
    assert re.search(r'File "<(string|stdin)>", line \d', shown[0])


def test_a_program_in_an_archive(tmp_path: Path) -> None:
    """Its source is not where its name says."""
    with zipfile.ZipFile(tmp_path / "job.pyz", "w") as archive:
        archive.writestr("__main__.py", SMALL)
    for processes in (0, 1):
        (tmp_path / "z.csv").unlink(missing_ok=True)
        shown = frame(run(tmp_path, processes, "job.pyz"))
        assert "__main__.py" in shown
        assert "return 1 / x" in shown


def test_a_program_whose_file_has_changed_since(tmp_path: Path) -> None:
    """The worker shows the source as it was when it was given the function."""
    changing = SMALL.replace(
        "    return 1 / x",
        '    if x == 0:\n        open("job.py", "w").write("changed\\n" * 20)\n    return 1 / x',
    )
    (tmp_path / "job.py").write_text(changing)
    shown = frame(run(tmp_path, 1, "job.py"))
    assert (tmp_path / "job.py").read_text().startswith("changed")
    assert "return 1 / x" in shown
