"""`streamreg bench` on its embedded broker, from the topics to the tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from streamreg._bench import latency, throughput, windows
from streamreg._bench.broker import Embedded
from streamreg._bench.tables import windows_json
from streamreg._cli import main
from streamreg._kafka.mock_broker import EmbeddedBroker


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
        "raw client, roomy",
        "streamreg",
        "streamreg, results only",
    }
    late = [(one["rate"], one["contender"]) for one in found["latency"]]
    assert late == [(rate, name) for rate in (200.0, 20.0) for name in ("raw client", "streamreg")]
    assert found["imports"].keys() == {"streamreg", "numpy", "confluent_kafka"}


def test_bench_measures_windows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--peers windows` these are measured instead, each window checked; peers that are missing are named."""
    monkeypatch.setattr(windows, "PARALLEL", (2,))
    nothing = [replace(peer, needs="no-such-package") for peer in windows.PEERS]
    monkeypatch.setattr(windows, "PEERS", nothing)
    path = tmp_path / "found.json"
    arguments = ["--peers", "windows", "--rows", "3000", "--rounds", "1", "--json", str(path)]
    assert main(["bench", *arguments]) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n| ----") == 1
    assert "Not measured: Pathway (no-such-package is not installed)." in printed
    found = json.loads(path.read_text())
    names = ["streamreg, final windows", "streamreg, updated windows"]
    assert [case["contender"] for case in found["cases"]] == names
    assert all(case["rows"] == 4000 and case["processor"] > 0 for case in found["cases"])
    assert found["absent"].keys() == {"Pathway", "Quix Streams"}


def test_windows_cost_beside_the_keys_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The regression by key, tumbling windows and those of 60 panes are right on one topic of CSV, and compared."""
    monkeypatch.setattr(windows, "PARALLEL", (1,))
    ours = [windows.BY, windows.FINAL, windows.SLIDING]
    with EmbeddedBroker() as broker:
        found = windows.windows(Embedded(broker), "csv", 3000, 1, ours, [], lambda text: None)
    kept = windows_json(found, windows.BY.name)["cases"]
    assert [case["contender"] for case in kept] == [each.name for each in ours]
    assert (kept[0]["slower"], kept[0]["dearer"]) == (1.0, 1.0)
    assert all(case["dearer"] > 0 for case in kept)
