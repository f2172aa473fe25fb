"""Job files for the doctor, and its findings."""

from collections.abc import Mapping
from pathlib import Path

from streamreg._operate.doctor import CHECKS, Line, examine


def job_file(
    settings: Mapping[str, object],
    topic: str,
    *,
    source: str = "",
    output: str = "out.csv",
    more: str = "",
    folder: Path = Path(),
) -> Path:
    """A job that fits y = a + b x, in this folder or the current one."""
    client = "\n".join(f'"{key}" = "{value}"' for key, value in settings.items())
    path = folder / "job.toml"
    path.write_text(
        f'[source]\ntopic = "{topic}"\nmode = "static"\n{source}\n[source.kafka]\n{client}\n'
        '[schema]\nx = "float"\ny = "float"\n[regression]\ntarget = "y"\nfeatures = ["x"]\n'
        f'[output]\nregression = "{output}"\n{more}\n'
    )
    return path


def findings(path: Path) -> dict[str, Line]:
    """The line of each check; every check has one, in the order that is promised."""
    lines = list(examine(path))
    assert tuple(line.check for line in lines) == CHECKS
    assert all(line.text and "\n" not in str(line) for line in lines)
    return {line.check: line for line in lines}


def failure(path: Path) -> Line:
    """The only thing that is wrong."""
    [line] = [line for line in findings(path).values() if line.status == "FAIL"]
    return line
