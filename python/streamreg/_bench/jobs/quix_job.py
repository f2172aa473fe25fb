"""Bench, contender: Quix Streams in its fastest form: the sums in the program, not in its state store."""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import Any

from line import Line  # a neighbour: the folder of the program is on its path
from quixstreams import Application
from quixstreams.kafka import ConnectionConfig

job = json.load(sys.stdin)
line = Line(job["autocommit_ms"])


def add(value: dict[str, Any]) -> None:
    """Takes one message."""
    line.add([(value["x"], value["y"])])


connection = ConnectionConfig.from_librdkafka_dict(job["settings"], ignore_extras=True)
app = Application(
    broker_address=connection,
    # A new one each time: it would go on where the last one of its name has ended.
    consumer_group=f"streamreg-bench-{uuid.uuid4()}",
    auto_offset_reset="earliest",
    auto_create_topics=False,
    commit_interval=job["autocommit_ms"] / 1000,
    loglevel="ERROR",
)
sdf = app.dataframe(app.topic(job["topic"], value_deserializer="json"))
sdf.update(add)
started = time.time()
app.run(count=job["rows"], collect=False)
line.close()
print(json.dumps({"seconds": time.time() - started}))
