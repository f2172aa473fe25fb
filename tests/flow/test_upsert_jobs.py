"""Job files over rows that are replaced: run, stopped, gone on with and verified by the command line."""

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer

from streamreg._cli import main
from streamreg._jobs import JobError, job_from_bytes
from streamreg._kafka.mock_broker import EmbeddedBroker
from tests.support.changelog import result

JOB = """
[source]
topic = "{topic}"
mode = "static"
{source}
[source.kafka]
bootstrap.servers = "{servers}"
[schema]
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
statistics = ["n"]
[output]
regression = "fit.csv"
input = "rows.csv"
[state]
directory = "state"
[run]
processes = 2
"""


def value(form: str, row: dict[str, float] | None) -> bytes | None:
    """A message that puts a row in the place of that of its key, or removes it."""
    if form == "debezium":
        event = {"op": "d" if row is None else "u", "before": None, "after": row}
        return json.dumps({"schema": None, "payload": event}).encode()
    return None if row is None else json.dumps(row).encode()


@pytest.mark.parametrize(
    ("form", "source"),
    [("json", 'format = "json"\nupsert = true'), ("debezium", 'format = "debezium"')],
)
def test_a_job_over_rows_that_are_replaced(
    folder: Path,
    broker: EmbeddedBroker,
    topic: str,
    capsys: pytest.CaptureFixture[str],
    form: str,
    source: str,
) -> None:
    """Two runs leave the line through the rows that stand; verify and inspect agree."""
    job = folder / "job.toml"
    job.write_text(
        JOB.format(topic=topic, source=source, servers=broker.settings["bootstrap.servers"])
    )
    producer = Producer({**broker.settings, "log_level": 0})

    def send(key: int, row: dict[str, float] | None) -> None:
        producer.produce(topic, value(form, row), b"%d" % key, partition=key % 4)

    for key in range(40):
        send(key, {"x": key, "y": 7.0})
    producer.flush()
    assert main(["run", str(job)]) == 0
    for key in range(40):
        send(key, {"x": key, "y": 2.0 * key + 1} if key % 3 else None)
    producer.flush()
    assert main(["run", str(job)]) == 0
    assert result(folder / "fit.csv", "intercept", "x", "n") == ("1.0", "2.0", "26")
    capsys.readouterr()
    assert main(["verify", str(job)]) == 0
    assert "rows that stand: the same 26" in capsys.readouterr().out
    assert main(["inspect", "state"]) == 0
    assert "26 rows stand" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "more", "told"),
    [
        ("upsert = 1", "", "source.upsert"),
        ('upsert = true\nrecords = "many"', "", "source.upsert"),
        ('format = "debezium"\nrecords = "many"', "", "source.records"),
        ("upsert = true", '[forget]\nhalf_life = 5\ntime = "n"', "forget: takes no row back"),
        (
            'format = "debezium"',
            '[window]\nkind = "last"\ntime = "n"\nrows = 5',
            "window: takes no row back",
        ),
    ],
)
def test_what_does_not_go_together_is_told(source: str, more: str, told: str) -> None:
    """With the key of the job file."""
    text = JOB.format(topic="t", source=source, servers="localhost:1") + more
    text = text.replace('y = "float"', 'y = "float"\nn = "int"', 1)
    with pytest.raises(JobError) as error:
        job_from_bytes(text.encode(), "job.toml", {})
    assert told in str(error.value)
