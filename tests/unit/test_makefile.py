"""The Makefile builds what has changed, also what changed while it was building."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Edits a source in the middle of a build, later by what clocks of file systems can tell, and makes a wheel.
EDITS = """#!/bin/sh
touch begun
until [ python/streamreg/module.py -nt begun ]; do echo '# edited' >> python/streamreg/module.py; done
mkdir -p dist && echo wheel > dist/streamreg.whl
"""
WITHOUT_EDITS = """#!/bin/sh
mkdir -p dist && echo wheel > dist/streamreg.whl
"""
NOTHING = "#!/bin/sh\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with one module, whose tools do next to nothing."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("Cargo.toml", "Cargo.lock", "pyproject.toml", "README.md", "LICENSE"):
        (tmp_path / name).write_text("")
    (tmp_path / "constraints.txt").write_text("")
    for folder in ("python/streamreg", "rust/streamreg-core/src", ".venv/bin", "tools"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "python/streamreg/module.py").write_text("")
    for tool, text in {
        ".venv/bin/maturin": EDITS,
        ".venv/bin/python": NOTHING,
        "tools/cargo": NOTHING,
    }.items():
        (tmp_path / tool).write_text(text)
        (tmp_path / tool).chmod(0o755)
    for stamp in (".made", ".tools"):
        (tmp_path / ".venv" / stamp).write_text("")
    return tmp_path


def make(tree: Path, *arguments: str) -> int:
    environment = {**os.environ, "PATH": f"{tree / 'tools'}:{os.environ['PATH']}"}
    # Of a make that these tests were started by.
    environment = {k: v for k, v in environment.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments], cwd=tree, env=environment, capture_output=True, check=False
    ).returncode


def test_what_is_edited_while_it_is_built_is_built_again(tree: Path) -> None:
    """A source that changed during the build makes the wheel, and what is installed, old."""
    assert make(tree, "install") == 0
    assert (tree / "dist/streamreg.whl").exists()
    assert make(tree, "--question", "build") == 1
    assert make(tree, "--question", "install") == 1


def test_what_was_built_from_what_is_there_is_not_built_again(tree: Path) -> None:
    """Without a change make has nothing to do."""
    (tree / ".venv/bin/maturin").write_text(WITHOUT_EDITS)
    assert make(tree, "install") == 0
    assert make(tree, "--question", "build", "install") == 0
