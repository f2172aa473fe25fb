"""The README's programs do what it says: ```python is run, ```text right after it is what it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
TEXT = README.read_text(encoding="utf-8")
PROGRAMS = re.findall(
    r"^```python\n(?P<program>.*?)^```\n(?:\n*^```text\n(?P<printed>.*?)^```$)?", TEXT, re.M | re.S
)
# Parts of a program, shown but not run: they need a broker, or stand in a function.
PARTS = re.findall(r"^```py\n(.*?)^```$", TEXT, re.M | re.S)


def test_every_block_of_python_is_found() -> None:
    """No fence is written in a way that the tests would pass over."""
    fences = re.findall(r"^ *(```|~~~)\s*(py\w*)", TEXT, re.M | re.I)
    assert fences.count(("```", "python")) == len(PROGRAMS) >= 1
    assert fences.count(("```", "py")) == len(PARTS)
    assert len(fences) == len(PROGRAMS) + len(PARTS)


@pytest.mark.parametrize(("program", "printed"), PROGRAMS)
def test_programs_of_the_readme(tmp_path: Path, program: str, printed: str) -> None:
    """Each runs as it stands, in an empty folder, and prints what the README says."""
    path = tmp_path / "program.py"
    path.write_text(program, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "STREAMREG_PROCESSES"}
    run = subprocess.run(
        [sys.executable, "-W", "error", path.name],
        cwd=tmp_path,
        env=environment | {"PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    if printed:
        assert run.stdout == printed


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_programs_in_the_readme(part: str) -> None:
    """What is shown but not run is at least Python."""
    compile(part, README.name, "exec")


def test_files_that_the_readme_points_at() -> None:
    """Every relative link leads to a file."""
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", TEXT)
    assert [link for link in links if not (README.parent / link).exists()] == []
