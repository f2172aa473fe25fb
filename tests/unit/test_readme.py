"""The README's programs do what it says: ```python is run, ```text right after it is what it prints."""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.programs import ROOT, check_program, document, missing

README = document(ROOT / "README.md")


def test_there_is_a_program() -> None:
    """The README shows a program that runs."""
    assert README.programs


@pytest.mark.parametrize(("program", "printed"), README.programs)
def test_programs_of_the_readme(tmp_path: Path, program: str, printed: str) -> None:
    """Each runs as it stands, in an empty folder, and prints what the README says."""
    check_program(tmp_path, program, printed)


@pytest.mark.parametrize("part", README.parts)
def test_parts_of_programs_in_the_readme(part: str) -> None:
    """What is shown but not run is at least Python."""
    compile(part, README.name, "exec")


def test_files_that_the_readme_points_at() -> None:
    """Every relative link leads to a file."""
    assert missing(ROOT / "README.md", README.links) == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem
)
def test_examples_say_what_they_need(path: Path) -> None:
    """What an example imports comes with streamreg or Python, or its first lines tell how to install it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = {each.partition(">")[0].replace("-", "_") for each in project["dependencies"]}
    more = imported - base - sys.stdlib_module_names - {"streamreg"}
    assert ("pip install '" in (ast.get_docstring(tree) or "")) >= bool(more), more
