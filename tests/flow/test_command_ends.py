"""Signals that come before a command does anything, paths of odd bytes, letters that a terminal lacks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import streamreg as sr
from tests.support.process import wait_until

SECONDS = 60.0
LEAVES = (signal.SIGINT, signal.SIGTERM)


class One(sr.Schema):
    x: float


SLOW_IMPORT = """
import os, pathlib, sys, time
from streamreg._terminal.end_signals import end_by_signals
end_by_signals()
pathlib.Path("slow.py").write_text('''
import weakref, pathlib, time
class Kept: pass
def wait(_):
    pathlib.Path("there").touch()
    time.sleep(60)
kept = Kept()
gone = weakref.ref(kept, wait)
del kept  # what is raised in such a function is lost
''')
sys.path.insert(0, "")
import slow
pathlib.Path("went-on").touch()
"""


@pytest.mark.parametrize("number", LEAVES)
def test_a_signal_in_the_midst_of_an_import(folder: Path, number: signal.Signals) -> None:
    """Exceptions are lost there, or become others: the process ends all the same, without a word."""
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_IMPORT], cwd=folder, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until((folder / "there").exists, SECONDS)
        process.send_signal(number)
        _, said = process.communicate(timeout=SECONDS)
    assert (process.returncode, said) == (128 + number, "")
    assert not (folder / "went-on").exists()


def test_little_is_imported_before_a_signal_is_handled() -> None:
    """Until then Ctrl-C ends a command by a traceback of Python's."""
    code = """
import sys
before = {*sys.modules}
import streamreg.__main__
print(*sorted({*sys.modules} - before))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path += {sys.path}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = {name.partition(".")[0] for name in done.stdout.split()}
    assert "streamreg" in found
    assert not found & {"typing", "re", "contextlib"}
    assert "streamreg._core" not in done.stdout.split()


def rejected(folder: Path) -> None:
    """A file of rejects, `rejects.jsonl`."""
    (folder / "points.jsonl").write_text('{"x": "one"}\n')
    t = sr.io.jsonlines.read(folder / "points.jsonl", schema=One, mode="static")
    output = sr.io.csv.write(t.reduce(sum=sr.reducers.sum(t.x)), folder / "sum.csv")
    sr.run(outputs=[output], processes=0, rejects=folder / "rejects.jsonl")


@pytest.mark.parametrize("number", LEAVES)
@pytest.mark.parametrize(
    "command",
    [
        ["generate", "--topic", "x"],
        ["replay-rejects", "rejects.jsonl", "--topic", "x"],
    ],
)
def test_a_signal_while_no_broker_responds(
    folder: Path, command: list[str], number: signal.Signals
) -> None:
    """It ends the command soon and as usual, whatever the client is doing."""
    rejected(folder)
    command = [sys.executable, "-m", "streamreg", "--debug", *command]
    with subprocess.Popen(
        [*command, "--bootstrap-servers", "127.0.0.1:1"],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = ""
        while "Connection refused" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(number)
        _, rest = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + number, said + rest
    assert "SystemError" not in rest


def test_a_folder_whose_name_is_no_utf_8(folder: Path) -> None:
    """A state is written there, and read again by all who look at it."""
    place = os.fsencode(folder) + b"/caf\xe9"
    os.mkdir(place)
    with open(place + b"/points.csv", "w") as points:
        points.write("x,y\n1,2\n2,4\n3,7\n")
    with open(place + b"/job.toml", "w") as job:
        job.write(
            '[source]\npath = "points.csv"\nmode = "static"\n[schema]\nx = "float"\ny = "float"\n'
            '[regression]\ntarget = "y"\nfeatures = ["x"]\n[[output]]\nsink = "csv"\npath = "line.csv"\n'
            '[[output]]\nsink = "sqlite"\npath = "line.db"\ntable = "line"\n'
        )
    for command in (
        ["run", "job.toml"],
        ["run", "job.toml"],
        ["inspect", "job.state"],
        ["top", "job.state"],
        ["doctor", "job.toml"],
        ["verify", "job.toml"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "streamreg", *command],
            cwd=place,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "command",
    [
        ["--help"],
        ["run", "--help"],
        ["generate", "--help"],
        ["replay-rejects", "--help"],
        ["bench", "--help"],
        ["run", "--example"],
    ],
)
@pytest.mark.parametrize(
    "of",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
)
def test_what_a_terminal_has_no_letters_for(
    folder: Path, command: list[str], of: dict[str, str]
) -> None:
    """It is written all the same, whether the encoding was asked for or is the locale's."""
    done = subprocess.run(
        [sys.executable, "-m", "streamreg", *command],
        cwd=folder,
        capture_output=True,
        env={**os.environ, **of},
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(done.stdout) > 500
