"""The pages of the documentation: their programs run, their jobs are valid, their links lead somewhere."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import streamreg
from streamreg._jobs import load_job
from streamreg._run.served import table_names
from tests.support.programs import ROOT, Document, check_program, document, missing

DOCS = ROOT / "docs"
PAGES = [document(path) for path in sorted(DOCS.rglob("*.md"))]
PROGRAMS = [
    pytest.param(*program, id=f"{page.name}-{at}")
    for page in PAGES
    for at, program in enumerate(page.programs)
]
PARTS = [
    pytest.param(part, id=f"{page.name}-{at}")
    for page in PAGES
    for at, part in enumerate(page.parts)
]
JOBS = [
    pytest.param(job, id=f"{page.name}-{at}")
    for page in PAGES
    for at, job in enumerate(page.jobs)
    if "[source]" in job  # others are a part of a job
]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.mark.parametrize(("program", "printed"), PROGRAMS)
def test_programs_of_the_pages(tmp_path: Path, program: str, printed: str) -> None:
    """Each runs as it stands, in an empty folder, and prints what the page says."""
    check_program(tmp_path, program, printed)


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_programs(part: str) -> None:
    """What is shown but not run is at least Python."""
    compile(part, "page", "exec")


@pytest.mark.parametrize("job", JOBS)
def test_jobs_of_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: str) -> None:
    """Each job file is one that `streamreg run` takes."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))  # as systemd does
    path = tmp_path / "job.toml"
    path.write_text(job, encoding="utf-8")
    load_job(path)


def test_the_first_page_lists_every_extra() -> None:
    """What there is to be installed beside, in the words of pip."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = re.findall(
        r"^\| `streamreg\[(\w+)\]` \|", (DOCS / "index.md").read_text(encoding="utf-8"), re.M
    )
    assert sorted(listed) == sorted(project["optional-dependencies"])


def test_tables_are_called_as_the_page_about_watching_says() -> None:
    """The page's own example comes to what it says there."""
    text = (DOCS / "how-to/observe.md").read_text(encoding="utf-8")
    ((file, name),) = re.findall(r"that\s+of `([^`]+)` is `([^`]+)`", text)
    assert table_names([file, f"other/{file}"]) == {file: name, f"other/{file}": f"{name}-2"}


@pages
def test_files_that_pages_include(page: Document) -> None:
    """What looks like an include is one, of a file that is there: to a formatter of Python it is an expression."""
    text = (ROOT / page.name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if re.search(r"\b8 ?<", line)]
    assert [line for line in lines if not re.fullmatch(r'--8<-- "[\w./-]+"', line)] == []
    names = re.findall(r'^--8<-- "(.*)"', text, re.M)
    # The help of the commands is made by `make docs`.
    assert [x for x in names if not (x.startswith("target/help/") or (ROOT / x).is_file())] == []


def test_the_tutorial_shows_its_two_programs() -> None:
    """They stand on the page line by line."""
    (tutorial,) = [page for page in PAGES if page.name == "docs/tutorial.md"]
    shown = [
        (ROOT / f"examples/{name}.py").read_text(encoding="utf-8")
        for name in ("generating_kafka_stream", "realtime_regression")
    ]
    assert [part.rstrip("\n") for part in tutorial.parts[:2]] == [
        text.rstrip("\n") for text in shown
    ]
    assert "pw.run()" in tutorial.parts[1]


@pages
def test_files_that_pages_point_at(page: Document) -> None:
    """Every relative link leads to a file."""
    assert missing(ROOT / page.name, page.links) == []


def test_every_page_is_in_the_navigation() -> None:
    """The navigation lists each page once, and none that is not there."""
    site: dict[str, Any] = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    listed = re.findall(r"[\w/-]+\.md", str(site["project"]["nav"]))
    assert sorted(listed) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


def test_the_reference_has_all_public_names() -> None:
    """Each has an entry, by itself or as a member of a module that has one; `sr.this` stands in a text."""
    entries = {
        name
        for page in (DOCS / "reference").glob("*.md")
        for name in re.findall(r"^::: (\S+)$", page.read_text(encoding="utf-8"), re.M)
    }
    assert [
        name for name in public("streamreg") if not {name, name.rpartition(".")[0]} & entries
    ] == []
    assert "`sr.this`" in (DOCS / "reference/programs.md").read_text(encoding="utf-8")


def public(module: str) -> Iterator[str]:
    """What a module lists, and the modules that it lists."""
    found = importlib.import_module(module)
    for name in found.__all__:
        if isinstance(getattr(found, name, None), ModuleType):
            yield from public(f"{module}.{name}")
        elif name not in ("__version__", "this"):
            yield f"{module}.{name}"


def test_messages_of_the_page_of_troubles_are_those_of_the_program() -> None:
    """What stands there in italics is said by the program in these words, but for what it fills in (…)."""
    said = "\n".join(
        "…".join(str(part.value) if isinstance(part, ast.Constant) else "" for part in parts)
        for path in Path(str(streamreg.__file__)).parent.rglob("*.py")
        for parts in literals(ast.parse(path.read_text(encoding="utf-8")))
    )
    page = (DOCS / "how-to/troubleshooting.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\*([^*]+)\*", page, re.M)
    words = [word.strip(" ,") for message in messages for word in message.split("…")]
    assert len(messages) > 10
    assert [word for word in words if word not in said] == []


def literals(tree: ast.Module) -> Iterator[list[Any]]:
    """The texts of a module: those written in one piece, and the parts of those that something is filled in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.values
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield [node]
