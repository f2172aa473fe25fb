"""`streamreg bench` on its embedded broker, from the topics to the tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streamreg._bench import latency, throughput
from streamreg._cli import main


def test_bench_measures_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Throughput, latency and start-up are measured, printed and kept."""
    # Fewer processes and messages than it takes to measure something.
    monkeypatch.setattr(throughput, "PARALLEL", (2,))
    monkeypatch.setattr(latency, "FAST", 200.0)
    path = tmp_path / "found.json"
    arguments = ["--rows", "2000", "--rounds", "1", "--seconds", "1", "--json", str(path)]
    assert main(["bench", *arguments]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n| ----") == 3
    found = json.loads(path.read_text())
    assert {case["contender"] for case in found["cases"]} == {
        "raw client",
        "raw client, no collector",
        "streamreg",
        "streamreg, results only",
    }
    late = [(one["rate"], one["contender"]) for one in found["latency"]]
    assert late == [(rate, name) for rate in (200.0, 20.0) for name in ("raw client", "streamreg")]
    assert found["imports"].keys() == {"streamreg", "numpy", "confluent_kafka"}
