"""Protobuf, by a Schema Registry: the line through points that are messages of a schema.

python examples/protobuf.py

KAFKA_SERVERS says where the broker is, REGISTRY_URL where the registry. It makes the topic `points`, or that of
KAFKA_TOPIC, which must not be there yet. Needs: pip install 'streamreg[registry]' 'confluent-kafka[protobuf]'
"""

import os
import tempfile
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

import streamreg as sr
from streamreg import testing

settings = {"bootstrap.servers": os.environ.get("KAFKA_SERVERS", "localhost:9092")}
registry = {"url": os.environ.get("REGISTRY_URL", "http://localhost:8081")}
points = os.environ.get("KAFKA_TOPIC", "points")


class Point(sr.Schema):
    """Fields of the messages; others are skipped."""

    x: float
    y: float | None  # `optional`: where it is not written, the value is missing


# What a producer does elsewhere, with a class that protoc makes of
#     syntax = "proto3"; message Point { double x = 1; optional double y = 2; }
field = descriptor_pb2.FieldDescriptorProto
double, one = field.TYPE_DOUBLE, field.LABEL_OPTIONAL
x = field(name="x", number=1, type=double, label=one)
y = field(name="y", number=2, type=double, label=one, proto3_optional=True, oneof_index=0)
optional = descriptor_pb2.OneofDescriptorProto(name="_y")
point = descriptor_pb2.DescriptorProto(name="Point", field=[x, y], oneof_decl=[optional])
proto = descriptor_pb2.FileDescriptorProto(
    name="point.proto", syntax="proto3", message_type=[point]
)
pool = descriptor_pool.DescriptorPool()
pool.Add(proto)
Message = message_factory.GetMessageClass(pool.FindMessageTypeByName("Point"))

admin = AdminClient({**settings})
admin.create_topics([NewTopic(points, 1)])[points].result(30)
serialized = ProtobufSerializer(
    Message, SchemaRegistryClient({**registry, "timeout": 10}), {"use.deprecated.format": False}
)
producer = Producer(settings)
for number in range(100):
    value = Message(x=number + 0.5, y=None if number % 10 == 9 else 3 * number + 1.0)
    producer.produce(points, serialized(value, SerializationContext(points, MessageField.VALUE)))
producer.flush()

t = sr.io.kafka.read(
    settings, points, schema=Point, format="protobuf", schema_registry=registry, mode="static"
)
changes = testing.collect(t.linear_regression(t.y, t.x, statistics=["n"]))
summary = sr.run(state=Path(tempfile.mkdtemp()) / "line.state", processes=0)
intercept, slope, n = changes[-1][0]
print(f"{summary.rows} messages, {summary.excluded} without y")
print(f"y = {intercept} + {slope} x, of {n}:", (intercept, slope, n) == (-0.5, 3.0, 90))
