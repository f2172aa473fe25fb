"""Programs that stand in documents: ```python is run, ```text right after it is what it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]

_PROGRAM: Final = re.compile(
    r"^```python\n(?P<program>.*?)^```\n(?:\n*^```text\n(?P<printed>.*?)^```$)?", re.M | re.S
)
# Parts of a program, shown but not run: they need a broker, or stand in a function.
_PART: Final = re.compile(r"^```py\n(.*?)^```$", re.M | re.S)
_JOB: Final = re.compile(r"^```toml\n(.*?)^```$", re.M | re.S)
_FENCE: Final = re.compile(r"^ *(```|~~~)\s*(py\w*)", re.M | re.I)
_INCLUDED: Final = re.compile(r'^--8<-- "(.*)"$', re.M)
_LINK: Final = re.compile(r"\]\((?!https?:|#)([^)#]+)")


class Document(NamedTuple):
    """What stands in a document."""

    name: str
    programs: list[tuple[str, str]]
    """Each with what it prints; empty where that is not said."""

    parts: list[str]
    jobs: list[str]
    links: list[str]
    """Those to files."""


def document(path: Path) -> Document:
    """A document taken apart; no fence of Python is written in a way that would be passed over."""
    text = path.read_text(encoding="utf-8")
    found = Document(
        str(path.relative_to(ROOT)),
        [(match["program"], match["printed"] or "") for match in _PROGRAM.finditer(text)],
        [_whole(part) for part in _PART.findall(text)],
        [_whole(job) for job in _JOB.findall(text)],
        _LINK.findall(text),
    )
    fences = _FENCE.findall(text)
    assert fences.count(("```", "python")) == len(found.programs), path
    assert fences.count(("```", "py")) == len(found.parts), path
    assert len(fences) == len(found.programs) + len(found.parts), path
    return found


def _whole(text: str) -> str:
    """A block with the files that it includes."""
    return _INCLUDED.sub(lambda match: (ROOT / match[1]).read_text(encoding="utf-8"), text)


def check_program(folder: Path, program: str, printed: str) -> None:
    """Runs a program as it stands, in an empty folder: it must print what the document says."""
    path = folder / "program.py"
    path.write_text(program, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "STREAMREG_PROCESSES"}
    run = subprocess.run(
        [sys.executable, "-W", "error", path.name],
        cwd=folder,
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


def missing(path: Path, links: list[str]) -> list[str]:
    """The links that lead to no file."""
    return [link for link in links if not (path.parent / link).exists()]
