"""A job file over messages with keys, headers and timestamps, of many records each, whose rows fade."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer

from streamreg._cli import main
from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.changelog import inserted, rejects, result

JOB = """
[source]
topic = "{topic}"
mode = "static"
header = ["x", "y"]
delimiter = ";"
records = "many"
[source.kafka]
bootstrap.servers = "{servers}"
[source.metadata]
sensor = "key"
at = "timestamp"
unit = "header:unit"
[schema]
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
statistics = ["n"]
[forget]
half_life = "PT1S"
time = "at"
[output]
regression = "fit.csv"
input = "rows.csv"
[state]
directory = "state"
[run]
rejects = "rejects.jsonl"
processes = {processes}
"""


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


BEGIN = 1_764_345_600_000


def test_a_job_over_messages_as_they_are(
    folder: Path, broker: EmbeddedBroker, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows have what their messages carry, old ones fade, and a second run and verify go on with it."""
    producer = Producer({**broker.settings, "log_level": 0})
    rows = []

    def send(first: int, count: int, key: bytes | None = b"north") -> None:
        for i in range(first, first + count):
            text = f"{i};{i if i < 20 else -i}\n{i + 0.5};{i if i < 20 else -i}\n"
            at = BEGIN + 1000 * i
            producer.produce(
                topic, text.encode(), key, 0, timestamp=at, headers=[("unit", b"km"), ("x", None)]
            )
            if key == b"north":
                y = float(i if i < 20 else -i)
                rows.extend([(repr(x), repr(y), "north", iso(at), "km") for x in (i, i + 0.5)])
        assert producer.flush(30) == 0

    Path("job.toml").write_text(
        JOB.format(topic=topic, servers=broker.settings["bootstrap.servers"], processes=1)
    )
    send(0, 20)
    send(20, 1, None)
    assert main(["run", "job.toml"]) == 0
    send(21, 200)
    assert main(["run", "job.toml"]) == 0
    assert main(["verify", "job.toml"]) == 0
    assert "different" not in capsys.readouterr().out
    found = inserted("rows.csv", "x", "y", "sensor", "at", "unit")
    assert found == [(repr(float(x)), *rest) for x, *rest in rows]
    [reject] = rejects("rejects.jsonl")
    assert (reject["reason"], reject["column"]) == ("null", "sensor")
    fit = result("fit.csv", "intercept", "x", "n")
    assert fit is not None
    assert fit[2] == str(2 * 101)
    assert -1.01 < float(fit[1]) < -0.95
