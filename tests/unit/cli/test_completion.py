"""`streamreg completion`: what bash and zsh complete."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from streamreg._cli import _parser, main

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


# Asks zsh on a terminal: a line is typed, TAB is pressed, and what the line is then is printed.
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'autoload -U compinit bashcompinit; compinit -u -D; bashcompinit; source ./script'
zpty -w shell 'told() { print -r -- "$BUFFER" > told; exit }; zle -N told; bindkey "^T" told "^I" complete-word'
zpty -n -w shell "$1"$'\\t\\C-t'
while zpty -r shell; do :; done
cat told
"""


def script() -> str:
    return subprocess.run(
        [sys.executable, "-m", "streamreg", "completion"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def completed(*words: str) -> list[str]:
    """What bash offers for the last of these words."""
    ask = (
        f'{script()}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _streamreg; '
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


def test_values_of_options() -> None:
    """Where an option has choices, as one word with it too, which bash takes apart at the sign."""
    assert completed("streamreg", "run", "--log-format", "") == ["text", "json"]
    assert completed("streamreg", "run", "job.toml", "--engine", "sp") == ["spark"]
    assert completed("streamreg", "generate", "--format", "=", "j") == ["json"]
    assert completed("streamreg", "generate", "--format", "=") == ["csv", "json"]
    assert completed("streamreg", "run", "--log-level=wa") == ["--log-level=warning"]
    assert "null" in completed("streamreg", "replay-rejects", "--reason", "")
    assert completed("streamreg", "run", "--processes", "") == []


def test_every_option_with_choices() -> None:
    """Each of each command, by what the parser takes."""
    (commands,) = [a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction)]
    text = script()
    for name, parser in commands.choices.items():
        for action in parser._actions:
            for option in action.option_strings if action.choices else ():
                assert f"'{name} {option}') choices=" in text


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("streamreg ver", "streamreg verify "),
        ("streamreg run --log-format j", "streamreg run --log-format json "),
        ("streamreg run --log-level=wa", "streamreg run --log-level=warning "),
        ("streamreg run ./scr", "streamreg run ./script "),
    ],
)
def test_zsh(tmp_path: Path, typed: str, line: str) -> None:
    """The same script, by bashcompinit."""
    (tmp_path / "script").write_text(script(), encoding="utf-8")
    done = subprocess.run(
        ["zsh", "-f", "-c", ZSH, "zsh", typed],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1].strip() == line.strip()
