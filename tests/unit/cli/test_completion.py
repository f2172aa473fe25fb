"""`streamreg completion`: what bash completes."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from streamreg._cli import main

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def completed(*words: str) -> list[str]:
    """What bash offers for the last of these words."""
    script = subprocess.run(
        [sys.executable, "-m", "streamreg", "completion"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    ask = (
        f'{script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _streamreg; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-u", "-c", ask, "bash", *words],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_and_options(capsys: pytest.CaptureFixture[str]) -> None:
    """Commands come first, then the options of the command; each is one that `--help` shows."""
    assert completed("streamreg", "ver") == ["verify"]
    assert completed("streamreg", "--debug", "do") == ["doctor"]
    assert completed("streamreg", "--ver") == ["--version"]
    options = completed("streamreg", "run", "--")
    assert {"--processes", "--fresh", "--check", "--example", "--help", "--debug"} <= set(options)
    assert main(["run", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in options)


def test_files_are_left_to_the_shell() -> None:
    """Behind a command a word without a dash is a file, also if it is that of a command."""
    assert completed("streamreg", "run", "") == []
    assert completed("streamreg", "run", "ver") == []
    assert completed("streamreg", "no-such-command", "--") == []
