"""`streamreg bench` on a broker of the user's, over TLS and with a password."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from streamreg._bench import latency, throughput, windows
from streamreg._cli import main
from tests.support.kafka.broker import PASSWORD, KafkaBroker


def test_bench_measures_on_the_users_broker(
    broker: KafkaBroker,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All contenders come in with the settings given, the topics are gone afterwards, the password is not told."""
    # Fewer processes and messages than it takes to measure something.
    monkeypatch.setattr(throughput, "PARALLEL", (2,))
    monkeypatch.setattr(latency, "FAST", 200.0)
    settings = dict(broker.sasl_ssl)
    path = tmp_path / "found.json"
    arguments = ["--bootstrap-servers", settings.pop("bootstrap.servers"), "--json", str(path)]
    arguments += ["--rows", "2000", "--rounds", "1", "--seconds", "1"]
    for key, value in settings.items():
        arguments += ["--setting", f"{key}={value}"]
    assert main(["bench", *arguments]) == 0
    found = json.loads(path.read_text())
    assert {case["format"] for case in found["cases"]} == {"csv", "json"}
    assert len(found["latency"]) == 4
    assert 0 < found["empty_run"] < found["empty_program"]
    assert 0 < found["imports"]["streamreg"] < found["empty_program"]
    said = "".join(capsys.readouterr())
    assert PASSWORD not in said + path.read_text()
    topics = AdminClient(dict(broker.plaintext)).list_topics(timeout=10).topics
    assert not any(name.startswith("streamreg-bench-") for name in topics)


def test_bench_measures_windows_on_the_users_broker(
    broker: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows with keys reach a real broker in their order: each window is right, whatever number of processes reads."""
    monkeypatch.setattr(windows, "PARALLEL", (1, 2))
    monkeypatch.setattr(windows, "PEERS", ())
    path = tmp_path / "found.json"
    arguments = ["--peers", "windows", "--rows", "70000", "--rounds", "1", "--json", str(path)]
    servers = broker.plaintext["bootstrap.servers"]
    assert main(["bench", "--bootstrap-servers", servers, *arguments]) == 0
    assert [case["parallel"] for case in json.loads(path.read_text())["cases"]] == [1, 1, 2, 2]
    topics = AdminClient(dict(broker.plaintext)).list_topics(timeout=10).topics
    assert not any(name.startswith("streamreg-bench-") for name in topics)
