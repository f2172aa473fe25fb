"""Avro and Protobuf by Confluent's serializers, and JSON, by a real registry: the right bits as schemas change."""

import json
import random
import struct
from fractions import Fraction
from pathlib import Path

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor_pool import DescriptorPool

import streamreg as sr
from streamreg._cli import main
from streamreg._operate.doctor import examine
from streamreg.testing import collect
from tests.support.apicurio import Apicurio
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.oracle import line
from tests.support.kafka.produce import Produce
from tests.support.registry import framed

FIELDS = [{"name": "x", "type": "double"}, {"name": "y", "type": "double"}]
FIRST = {"type": "record", "name": "Point", "fields": FIELDS}
SECOND = {
    "type": "record",
    "name": "Point",
    "fields": [
        {"name": "label", "type": ["null", "string"], "default": None},
        *FIELDS[::-1],
        {"name": "weight", "type": ["null", "double"], "default": None},
    ],
}
JOB = """
[source]
topic = "{topic}"
format = "avro"
mode = "static"
[source.kafka]
bootstrap.servers = "{servers}"
[source.schema_registry]
url = "{url}"
[schema]
x = "float"
y = "float"
[regression]
target = "y"
features = ["x"]
[output]
regression = "line.csv"
[state]
directory = "state"
"""


def avro(
    registry: Apicurio, topic: str, schema: object, rows: list[dict[str, object]]
) -> list[bytes]:
    """The values that Confluent's serializer makes, which registers the schema."""
    context = SerializationContext(topic, MessageField.VALUE)
    with registry.client() as client:
        serializer = AvroSerializer(client, json.dumps(schema))
        return [bytes(serializer(row, context)) for row in rows]


def points(count: int) -> list[dict[str, object]]:
    noise = random.Random(5)
    return [{"x": 1e12 + i, "y": 2.0 * i + noise.uniform(-1, 1)} for i in range(count)]


def test_the_line_is_exact_over_a_change_of_schema(
    broker: KafkaBroker, registry: Apicurio, topic: str, produce: Produce, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Half by one schema, half by its successor: the line is that of all rows; `doctor` and `verify` agree."""
    monkeypatch.chdir(tmp_path)
    rows = points(2000)
    broker.create_topic(topic)
    produce(topic, avro(registry, topic, FIRST, rows[:1000]))
    produce(topic, avro(registry, topic, SECOND, rows[1000:]))
    servers = broker.plaintext["bootstrap.servers"]
    job = tmp_path / "job.toml"
    job.write_text(JOB.format(topic=topic, servers=servers, url=registry.url))
    found = {each.check: each for each in examine(job)}
    assert found["registry"].status == "ok", found["registry"]
    assert found["header"].status == "ok", found["header"]
    assert main(["run", str(job)]) == 0
    last = (tmp_path / "line.csv").read_text().splitlines()[-1].split(",")
    xs, ys = ([float(str(row[name])) for row in rows] for name in ("x", "y"))
    wanted = line(xs, ys)
    assert {float(cell) for cell in last[:-2] if cell} >= set(wanted)
    assert main(["verify", str(job)]) == 0
    capsys.readouterr()
    assert main(["inspect", "--json", str(tmp_path / "state")]) == 0
    assert '"avro"' in capsys.readouterr().out


def test_doctor_names_what_is_wrong(
    broker: KafkaBroker, registry: Apicurio, topic: str, tmp_path: Path
) -> None:
    """A subject that is not there, and a schema that does not give a column, are named."""
    broker.create_topic(topic)
    servers = broker.plaintext["bootstrap.servers"]
    job = tmp_path / "job.toml"
    job.write_text(JOB.format(topic=topic, servers=servers, url=registry.url))
    found = {each.check: each for each in examine(job)}["registry"]
    assert (found.status, f"{topic}-value" in found.text) == ("FAIL", True)
    text = {"type": "record", "name": "P", "fields": [FIELDS[0], {"name": "y", "type": "string"}]}
    with registry.client() as client:
        client.register_schema(f"{topic}-value", Schema(json.dumps(text), "AVRO"))
    found = {each.check: each for each in examine(job)}["registry"]
    assert (found.status, "y (float): string where float belongs" in found.text) == ("FAIL", True)


class Point(sr.Schema):
    x: float
    y: float


def test_json_behind_a_frame(
    broker: KafkaBroker, registry: Apicurio, topic: str, produce: Produce
) -> None:
    """JSON behind a frame whose schema the registry has gives the sums of its rows, exactly."""
    schema = {
        "title": "Point",
        "type": "object",
        "properties": {"x": {"type": "number"}, "y": {"type": "number"}},
    }
    with registry.client() as client:
        id = client.register_schema(f"{topic}-value", Schema(json.dumps(schema), "JSON"))
    rows = points(100)
    broker.create_topic(topic)
    produce(topic, [framed(id, json.dumps(row).encode()) for row in rows])
    t = sr.io.kafka.read(
        broker.plaintext,
        topic,
        schema=Point,
        format="json",
        schema_registry=registry.settings,
        mode="static",
    )
    found = collect(t.reduce(total=sr.reducers.sum(sr.this.y)))
    sr.run(processes=1)
    total = float(sum(Fraction(float(str(row["y"]))) for row in rows))
    assert found[-1][0] == (total,)


def test_protobuf_by_confluents_serializer(
    broker: KafkaBroker, registry: Apicurio, topic: str, produce: Produce, tmp_path: Path
) -> None:
    """What Confluent's serializer registers and writes is read exactly, by `streamreg run`, `doctor` and `verify`."""
    rows = points(500)
    values = protobuf(registry, topic, rows)
    broker.create_topic(topic)
    produce(topic, values)
    servers = broker.plaintext["bootstrap.servers"]
    job = tmp_path / "job.toml"
    text = JOB.replace('"avro"', '"protobuf"').format(
        topic=topic, servers=servers, url=registry.url
    )
    job.write_text(text)
    found = {each.check: each for each in examine(job)}
    assert found["registry"].status == "ok", found["registry"]
    assert main(["run", str(job)]) == 0
    last = (tmp_path / "line.csv").read_text().splitlines()[-1].split(",")
    xs, ys = ([float(str(row[name])) for row in rows] for name in ("x", "y"))
    assert {float(cell) for cell in last[:-2] if cell} >= set(line(xs, ys))
    assert main(["verify", str(job)]) == 0


def test_protobuf_of_a_text(
    broker: KafkaBroker, registry: Apicurio, topic: str, produce: Produce
) -> None:
    """A schema that was registered as the text of a .proto file, which imports another, is read by that."""
    inner = 'syntax = "proto3"; package q; message Inner { double x = 1; }'
    text = (
        'syntax = "proto3"; import "q/inner.proto"; message Outer { q.Inner at = 1; double y = 2; }'
    )
    with registry.client() as client:
        client.register_schema(f"{topic}-inner", Schema(inner, "PROTOBUF"))
        reference = SchemaReference("q/inner.proto", f"{topic}-inner", 1)
        id = client.register_schema(f"{topic}-value", Schema(text, "PROTOBUF", [reference]))
    rows = points(50)
    broker.create_topic(topic)
    produce(topic, [framed(id, b"\0" + nested(row)) for row in rows])
    t = sr.io.kafka.read(
        broker.plaintext,
        topic,
        schema=Point,
        format="protobuf",
        schema_registry=registry.settings,
        json_field_paths={"x": "/at/x"},
        mode="static",
    )
    found = collect(t)
    sr.run(processes=1)
    assert sorted(row for row, _, _ in found) == sorted((row["x"], row["y"]) for row in rows)


def protobuf(registry: Apicurio, topic: str, rows: list[dict[str, object]]) -> list[bytes]:
    """The values that Confluent's serializer makes, which registers the schema."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{topic}.proto", syntax="proto3")
    message = file.message_type.add(name="Point")
    for number, name in enumerate(("x", "y"), 1):
        message.field.add(name=name, number=number, type=1, label=1)
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName("Point"))
    context = SerializationContext(topic, MessageField.VALUE)
    with registry.client() as client:
        serializer = ProtobufSerializer(kind, client, {"use.deprecated.format": False})
        return [bytes(serializer(kind(**row), context) or b"") for row in rows]


def nested(row: dict[str, object]) -> bytes:
    """A message of the schema with an inner message."""
    inner = b"\x09" + struct.pack("<d", row["x"])
    return b"\x0a" + bytes([len(inner)]) + inner + b"\x11" + struct.pack("<d", row["y"])
