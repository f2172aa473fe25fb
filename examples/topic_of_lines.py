"""A line for each sensor into a topic that is compacted: the key of a message names the sensor, its value has the line.

python examples/topic_of_lines.py

KAFKA_SERVERS says where the broker is. It makes the topic `lines`, or that of KAFKA_TOPIC, which must be empty.
"""

import json
import os
import tempfile
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

import streamreg as sr
from streamreg import testing

settings = {"bootstrap.servers": os.environ.get("KAFKA_SERVERS", "localhost:9092")}
topic = os.environ.get("KAFKA_TOPIC", "lines")


class Reading(sr.Schema):
    """What a message holds; with Kafka the table would come from `sr.io.kafka.read`."""

    sensor: str
    x: float
    y: float


lines = [f"s{i % 3},{i},{i * (i % 3 + 1) + 7}".encode() for i in range(300)]
t = testing.read([lines], schema=Reading, header=["sensor", "x", "y"], batch=50)
fit = t.linear_regression(t.y, t.x, by=t.sensor)
create: dict[str, str | int] = {"num.partitions": 1, "cleanup.policy": "compact"}
sr.io.kafka.write(fit, settings, topic=topic, mode="current", create=create)
stands = testing.collect(fit)

# Each change is in the topic once, in the transaction of its epoch, whatever dies whenever.
sr.run(state=Path(tempfile.mkdtemp()) / "lines.state", processes=0)

# Whoever reads takes the last value of each key.
reader = Consumer(
    {
        **settings,
        "group.id": "unused",
        "isolation.level": "read_committed",
        "enable.partition.eof": True,
    }
)
reader.assign([TopicPartition(topic, 0, 0)])
found = {}
while (message := reader.poll(30)) is not None and message.error() is None:
    found[message.key()] = json.loads(message.value() or b"")
reader.close()
rows = [tuple(row.values()) for row in found.values()]
for sensor, intercept, slope in sorted(rows):
    print(f"{sensor}: y = {intercept} + {slope} x")
print(
    "bit for bit what the run has come to:",
    sorted(rows) == sorted(row for row, _, _ in stands[-3:]),
)
