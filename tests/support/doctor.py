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
    """The line of each check, of outputs the last one; every check has one, in the order that is promised."""
    lines = _lines(path)
    return {line.check: line for line in lines}


def of_outputs(path: Path) -> list[str]:
    """What is said of each output."""
    return [f"{line.status} {line.text}" for line in _lines(path) if line.check == "outputs"]


def _lines(path: Path) -> list[Line]:
    lines = list(examine(path))
    assert tuple(dict.fromkeys(line.check for line in lines)) == CHECKS
    assert {line.check for line in lines[len(CHECKS) :]} <= {"outputs"}
    assert all(line.text and "\n" not in str(line) for line in lines)
    return lines


def failure(path: Path) -> Line:
    """The only thing that is wrong."""
    [line] = [line for line in _lines(path) if line.status == "FAIL"]
    return line
