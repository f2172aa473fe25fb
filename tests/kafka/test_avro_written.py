"""Avro that a run writes to topics, by a real registry: Confluent's deserializer reads each change once."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

import streamreg as sr
from streamreg._cli import main
from streamreg._operate.doctor import examine
from tests.support.apicurio import Apicurio
from tests.support.destinations import NAMES, besieged, check, folded, kinds
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.consumed import Load, changes, consumed, current
from tests.support.kafka.produce import Produce
from tests.support.process import wait_until
from tests.support.registry import fake_registry

JOB = """
[source]
topic = "{topic}"
format = "json"
mode = "static"
[source.kafka]
bootstrap.servers = "{servers}"
[schema]
k = "str"
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
by = ["k"]
singular = "null"
[state]
directory = "state"
[[output]]
sink = "kafka"
topic = "{topic}-log"
format = "avro"
[output.create]
num.partitions = 1
[output.schema_registry]
url = "{url}"
[[output]]
sink = "kafka"
topic = "{topic}-now"
mode = "current"
format = "avro"
subject = "{topic}-fit"
[output.create]
num.partitions = 2
[output.schema_registry]
url = "{url}"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def deserializer(registry: Apicurio, topic: str) -> Iterator[Load]:
    """Confluent's, of the values of a topic."""
    context = SerializationContext(topic, MessageField.VALUE)
    with registry.client() as client:
        found = AvroDeserializer(client)
        yield lambda value: dict(found(value, context))


def test_each_change_is_there_once_whatever_dies(
    broker: KafkaBroker, registry: Apicurio, topic: str, folder: Path
) -> None:
    """After a death at every step folded changelogs are the current tables, and these the exact ones."""
    settings = json.dumps(broker.plaintext)
    besieged(
        "kafka", folder, 360, SINK_SETTINGS=settings, SINK_TOPIC=topic, SINK_REGISTRY=registry.url
    )
    readers = {"changelog": changes, "current": current}
    found = {}
    for name, mode in NAMES:
        written = f"{topic}-{name}_{mode}"
        with deserializer(registry, written) as load:
            found[f"{name}_{mode}"] = readers[mode](broker.plaintext, written, load)
    check(found, 360, folder)


def test_types_are_kept(broker: KafkaBroker, registry: Apicurio, topic: str, folder: Path) -> None:
    """Each type is the one that Avro has for it, with all its bits; what is missing is null; keys are JSON."""
    rows = [
        b'-9223372036854775808,0.1,True,"a,""b""\nc\xc3\xa9",AAH/,2026-01-01T00:00:00.000001Z,PT1.5S,1e300',
        b'7,-12345678901234567890.123,False,"",,9999-12-31T23:59:59Z,PT0S,',
    ]
    output = sr.io.kafka.write(
        kinds([rows]),
        broker.plaintext,
        topic,
        key="i",
        format="avro",
        schema_registry=registry.settings,
        create={"num.partitions": 1},
    )
    sr.run(outputs=[output], processes=0)
    with deserializer(registry, topic) as load:
        first, second = [
            load(message.value or b"") for message in consumed(broker.plaintext, topic)
        ]
    assert first == {
        "i": -(2**63),
        "d": Decimal("0.1"),
        "b": True,
        "s": 'a,"b"\ncé',
        "raw": b"\x00\x01\xff",
        "at": datetime(2026, 1, 1, 0, 0, 0, 1, UTC),
        "lasted": "PT1.5S",
        "f": 1e300,
        "time": 0,
        "diff": 1,
    }
    assert (second["d"], second["s"], second["f"]) == (Decimal("-12345678901234567890.123"), "", None)  # fmt: skip
    assert second["at"] == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert consumed(broker.plaintext, topic)[0].key == b'{"i":-9223372036854775808}'


def test_a_job_is_verified(
    broker: KafkaBroker, registry: Apicurio, topic: str, produce: Produce, folder: Path
) -> None:
    """A job file writes both modes; `doctor` finds nothing before and after, `verify` reads the same back."""
    broker.create_topic(topic)
    rows = [{"k": "ab"[i % 2], "x": float(i), "y": float(i * i % 7)} for i in range(60)]
    produce(topic, [json.dumps(row).encode() for row in rows])
    servers = broker.plaintext["bootstrap.servers"]
    job = folder / "job.toml"
    job.write_text(JOB.format(topic=topic, servers=servers, url=registry.url))
    assert {each.check: each for each in examine(job)}["outputs"].status == "ok"
    assert main(["run", str(job)]) == 0
    assert {each.check: each for each in examine(job)}["outputs"].status == "ok"
    assert main(["verify", str(job)]) == 0
    with deserializer(registry, f"{topic}-log") as load:
        log = changes(broker.plaintext, f"{topic}-log", load)
        now = current(broker.plaintext, f"{topic}-now", load)
    assert folded(log) == Counter(now)
    assert len(now) == 2
    with registry.client() as client:
        assert {f"{topic}-log-value", f"{topic}-fit"} <= set(client.get_subjects())


def written(broker: KafkaBroker, topic: str, settings: dict[str, str]) -> sr.Output:
    t = kinds([[b"1,2,True,s,AA==,2026-01-01T00:00:00Z,PT0S,1"]])
    return sr.io.kafka.write(
        t, broker.plaintext, topic, format="avro", schema_registry=settings, create={}
    )


def test_a_schema_that_does_not_go_with_the_subject_is_refused(
    broker: KafkaBroker, registry: Apicurio, topic: str, folder: Path
) -> None:
    """One line before the run begins names the subject; nothing is written, and no topic is made."""
    text: dict[str, Any] = {"type": "record", "name": "R", "fields": [{"name": "i", "type": "string"}]}  # fmt: skip
    with registry.client() as client:
        client.register_schema(f"{topic}-value", Schema(json.dumps(text), "AVRO"))
        client.set_compatibility(f"{topic}-value", "BACKWARD")
        output = written(broker, topic, registry.settings)
        with pytest.raises(sr.OutputError, match=rf"subject '{topic}-value': .*write to another"):
            sr.run(outputs=[output], processes=0, state="state")
        assert client.get_versions(f"{topic}-value") == [1]


def test_values_that_do_not_fit_are_named(
    broker: KafkaBroker, registry: Apicurio, topic: str, folder: Path
) -> None:
    """A decimal with more digits than the schema's ends the run, and names the column."""
    t = kinds([[b"1,1e-19,True,s,AA==,2026-01-01T00:00:00Z,PT0S,1"]])
    output = sr.io.kafka.write(
        t, broker.plaintext, topic, format="avro", schema_registry=registry.settings, create={}
    )
    with pytest.raises(sr.OutputError, match=r"column 'd': 1E-19 does not fit in decimal"):
        sr.run(outputs=[output], processes=0)


def test_a_registry_that_refuses_ends_the_run(broker: KafkaBroker, topic: str) -> None:
    """One that does not let the program in ends the run, and its credentials stay secret."""
    with fake_registry() as away:
        away.status = 401
        settings = {**away.settings, "basic.auth.user.info": "alice:alice-secret"}
        with pytest.raises(sr.OutputError, match="does not let this program in") as caught:
            sr.run(outputs=[written(broker, topic, settings)], processes=0, state="state")
    assert "alice-secret" not in str(caught.value)


def test_a_registry_that_is_away_is_waited_for(
    broker: KafkaBroker, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    """While the registry does not answer the run waits and says so; then all is written."""
    with fake_registry() as away:
        away.status = 503

        def mend() -> None:
            wait_until(lambda: len(away.asked) > 1, 60)
            away.status = 200

        mending = threading.Thread(target=mend)
        mending.start()
        summary = sr.run(
            outputs=[written(broker, topic, away.settings)], processes=0, state="state"
        )
        mending.join()
    assert (summary.rows, summary.ended_by) == (1, "source")
    assert "waits until it is back" in caplog.text
    # The broker may still write the mark of the commit that it has confirmed.
    wait_until(lambda: len(consumed(broker.plaintext, topic)) > 0, 30)
    (message,) = consumed(broker.plaintext, topic)
    assert message.value is not None
    assert message.value.startswith(b"\0\0\0\0\1")


def test_options_go_with_the_format(broker: KafkaBroker) -> None:
    """A registry is needed for Avro, and for nothing else."""
    t = kinds([[]])
    for options, message in [
        ({"format": "avro"}, "schema_registry: format=.avro. needs it"),
        ({"schema_registry": {"url": "http://x"}}, "schema_registry: only format=.avro."),
        ({"subject": "s"}, "subject: only format=.avro."),
    ]:
        with pytest.raises(sr.ConfigurationError, match=message):
            sr.io.kafka.write(t, broker.plaintext, "t", **options)  # type: ignore[arg-type]
    odd = sr.io.kafka.write(
        t.select(**{"a b": t.i}),
        broker.plaintext,
        "t",
        format="avro",
        schema_registry={"url": "http://x"},
    )
    with pytest.raises(sr.OutputError, match="column 'a b': Avro has names of letters"):
        sr.run(outputs=[odd], processes=0)
