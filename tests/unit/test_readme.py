"""The README's programs do what it says: ```python is run, ```text right after it is what it prints."""

from __future__ import annotations

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
