"""A run is served where the system allows little."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.process import wait_until

SECONDS = 30
SETPRIORITY = {"x86_64": 141, "aarch64": 140}
CONFINED = """
import ctypes, errno, os, struct, sys

def step(code, yes, no, value):
    return struct.pack("HBBI", code, yes, no, value)

# Of the call its number: that of setpriority is refused, and every other allowed.
steps = step(0x20, 0, 0, 0) + step(0x15, 0, 1, {number})
steps += step(0x06, 0, 0, 0x00050000 | errno.EPERM) + step(0x06, 0, 0, 0x7FFF0000)
held = ctypes.create_string_buffer(steps, len(steps))

class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

program = Program(4, ctypes.addressof(held))
prctl = ctypes.CDLL(None).prctl
assert prctl(38, 1, 0, 0, 0) == 0
assert prctl(22, 2, ctypes.byref(program), 0, 0) == 0
try:
    os.nice(1)
    raise SystemExit("os.nice is allowed")
except PermissionError:
    os.execv(sys.executable, [sys.executable, "-m", "streamreg", "run", "job.toml"])
"""


@pytest.mark.skipif(platform.machine() not in SETPRIORITY, reason="another number of the call")
def test_a_process_that_may_not_lower_its_priority(folder: Path) -> None:
    """As under the unit for systemd, whose filter refuses what is of resources."""
    (folder / "in.csv").write_text("x,y\n1,2\n2,3\n")
    (folder / "job.toml").write_text(
        """
        [source]
        path = "in.csv"
        [schema]
        x = "float"
        y = "float"
        [regression]
        target = "y"
        features = ["x"]
        [output]
        regression = "out.csv"
        [listen]
        address = "127.0.0.1:0"
        """
    )
    code = CONFINED.format(number=SETPRIORITY[platform.machine()])
    log = folder / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen([sys.executable, "-c", code], stderr=stderr)

    def healthy() -> bool:
        found = re.search(r"http://\S+", log.read_text())
        if found is None:
            return False
        try:
            with urllib.request.urlopen(f"{found[0]}/healthz", timeout=SECONDS) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    try:
        wait_until(healthy, SECONDS, log.read_text)
        process.terminate()
        assert process.wait(SECONDS) == 0, log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()
