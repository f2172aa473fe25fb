"""`streamreg bench` on a broker of the user's, over TLS and with a password."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from streamreg._bench import latency, throughput
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
    said = "".join(capsys.readouterr())
    assert PASSWORD not in said + path.read_text()
    topics = AdminClient(dict(broker.plaintext)).list_topics(timeout=10).topics
    assert not any(name.startswith("streamreg-bench-") for name in topics)
