"""Prints constraints for pip: `python -m tests.versions lock|lowest|newest`, in the root of the repository.

lock: what is installed in the environment that runs this, for constraints.txt.
lowest: the lowest versions that pyproject.toml allows streamreg's users, and of what it is tested beside whatever goes
with them; newest: whatever there is. What runs the tests is in both of the version that constraints.txt says.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

LOCK: Final = Path("constraints.txt")
EXTRAS: Final = ("tables", "sklearn", "plot", "serve")
"""Those that the tests use."""

HEAD: Final = """\
# Which versions tests and lint run with. Not written by hand: `make lock` renews it, with Python {0}.{1}.
"""


def project() -> dict[str, Any]:
    return tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))


def lock() -> Iterator[str]:
    """Names and versions alone: where packages come from is each machine's own affair."""
    frozen = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--all"], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    yield HEAD.format(*sys.version_info).rstrip()
    # Setuptools comes with the environments of Python 3.11, and nothing uses it.
    yield from (line for line in frozen if "==" in line and not line.startswith("setuptools=="))


def lowest() -> Iterator[str]:
    found = project()["project"]
    extras = found["optional-dependencies"]
    for requirement in (*found["dependencies"], *(one for name in EXTRAS for one in extras[name])):
        bound = re.fullmatch(r"([\w.-]+)>=([\w.]+)", requirement)
        if bound is None:
            raise SystemExit(f"pyproject.toml: {requirement!r} is not of the form name>=version")
        yield f"{bound[1]}=={bound[2]}"
    yield from newest()


def newest() -> Iterator[str]:
    tools = project()["dependency-groups"]["test"]
    pinned = dict(line.split("==") for line in LOCK.read_text().splitlines() if "==" in line)
    yield from (f"{tool}=={pinned[tool]}" for tool in tools)


if __name__ == "__main__":
    print(*{"lock": lock, "lowest": lowest, "newest": newest}[sys.argv[1]](), sep="\n")
