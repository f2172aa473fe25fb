"""What the release workflow does with wheels before it publishes them can be done: there is no other way to try it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support.programs import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))
(MUSL,) = [
    each
    for each in WORKFLOW["jobs"]["oldest"]["strategy"]["matrix"]["include"]
    if each["target"].endswith("musl")
]


def test_alpine_installs_what_has_wheels_there() -> None:
    """All that the project depends on but the Kafka client, which would have to be compiled there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.match(r"[\w-]+", each)[0] for each in project["dependencies"]}  # type: ignore[index]  # each has one
    beside, _, own = MUSL["install"].partition(" && ")
    assert set(beside.split()) == needed - {"confluent-kafka"}
    assert own.endswith("/pip install --no-deps /wheels/*.whl")


def test_what_alpine_runs_needs_no_kafka_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fits a regression, by the compiled core, where the client cannot be imported."""
    (tmp_path / "confluent_kafka.py").write_text("raise ImportError\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = MUSL["smoke"].replace("/tmp/venv/bin/python", sys.executable)
    assert command != MUSL["smoke"]
    subprocess.run(["sh", "-c", command], check=True)
