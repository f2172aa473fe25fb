"""Prometheus's own tool, which says what is wrong with metrics, configurations and rules."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def promtool(folder: Path, *arguments: str, given: str = "") -> None:
    """Runs it in a folder; it must find nothing to say."""
    found = shutil.which("promtool")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("promtool is missing: install Debian's package prometheus")
        pytest.skip("promtool is missing")
    done = subprocess.run(
        [found, *arguments], input=given, capture_output=True, text=True, cwd=folder, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
