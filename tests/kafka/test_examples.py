"""The examples that need a broker run as they are, against a real one and a real registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.apicurio import Apicurio
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.program import EXAMPLES, Program


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("topic_of_lines.py", "bit for bit what the run has come to: True"),
        ("avro.py", "bit for bit the changes of the run: True"),
        ("protobuf.py", "y = -0.5 + 3.0 x, of 90: True"),
    ],
)
def test_an_example_ends_with_its_promise(
    broker: KafkaBroker, registry: Apicurio, topic: str, tmp_path: Path, name: str, line: str
) -> None:
    """What the last line says is what the example is for."""
    servers = broker.plaintext["bootstrap.servers"]
    environment = {"KAFKA_SERVERS": servers, "KAFKA_TOPIC": topic, "REGISTRY_URL": registry.url}
    with Program(EXAMPLES / name, tmp_path, environment) as program:
        program.finish(60)
        assert program.said.splitlines()[-1] == line
