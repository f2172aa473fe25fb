"""The command `streamreg` as a process of its own, in a folder."""

import subprocess
import sys
from pathlib import Path


def streamreg(folder: Path, *arguments: str, seconds: float = 120) -> tuple[int, str]:
    """Runs it to its end; returns the exit code, and all that it has printed."""
    done = subprocess.run(
        [sys.executable, "-m", "streamreg", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    return done.returncode, done.stdout


def failed_checks(said: str) -> dict[str, str]:
    """What `streamreg doctor` finds wrong: the text of each check that failed."""
    failures = [line.split(maxsplit=1)[1] for line in said.splitlines() if line.startswith("FAIL")]
    return {check.rstrip(): text for check, text in (line.split("  ", 1) for line in failures)}
