"""Avro in and out, by a Schema Registry: points of one topic, each change of their line in another.

python examples/avro.py

KAFKA_SERVERS says where the broker is, REGISTRY_URL where the registry. It makes the topics `points` and `points-line`
(KAFKA_TOPIC in place of `points`), which must not be there yet. Needs: pip install 'streamreg[registry]'
"""

import json
import os
import tempfile
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

import streamreg as sr
from streamreg import testing

settings = {"bootstrap.servers": os.environ.get("KAFKA_SERVERS", "localhost:9092")}
registry = {"url": os.environ.get("REGISTRY_URL", "http://localhost:8081")}
points = os.environ.get("KAFKA_TOPIC", "points")
line = f"{points}-line"


class Point(sr.Schema):
    """Fields of the records; others are skipped."""

    x: float
    y: float


# What a producer does elsewhere.
fields = [{"name": name, "type": "double"} for name in ("x", "y")]
schema = json.dumps({"type": "record", "name": "Point", "fields": fields})
admin = AdminClient({**settings})
admin.create_topics([NewTopic(points, 1)])[points].result(30)
client = SchemaRegistryClient({**registry, "timeout": 10})
serialized = AvroSerializer(client, schema)
producer = Producer(settings)
for x in range(100):
    point = {"x": x + 0.5, "y": 3 * x + 1.0}
    producer.produce(points, serialized(point, SerializationContext(points, MessageField.VALUE)))
producer.flush()

t = sr.io.kafka.read(
    settings, points, schema=Point, format="avro", schema_registry=registry, mode="static"
)
fit = t.linear_regression(t.y, t.x, statistics=["n"])
# The schema of what is written is made of the columns, and registered under the subject `points-line-value`.
sr.io.kafka.write(
    fit,
    settings,
    topic=line,
    format="avro",
    schema_registry=registry,
    create={"num.partitions": 1},
)
changes = testing.collect(fit)
sr.run(state=Path(tempfile.mkdtemp()) / "line.state", processes=0)

# What whoever reads the changes does.
deserialized = AvroDeserializer(client)
reader = Consumer({**settings, "group.id": "unused", "enable.partition.eof": True})
reader.assign([TopicPartition(line, 0, 0)])
found = []
while (message := reader.poll(30)) is not None and message.error() is None:
    found.append(deserialized(message.value(), SerializationContext(line, MessageField.VALUE)))
reader.close()
print("the last change:", found[-1])
written = [tuple(record.values()) for record in found]
print("bit for bit the changes of the run:", written == [(*row, *ends) for row, *ends in changes])
