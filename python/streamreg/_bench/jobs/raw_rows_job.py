"""Bench, contender: the client alone, as a floor for latency. It writes each message to `input.csv` at once.

One process reads all partitions; nothing is parsed but where the first number ends, nothing is solved or kept for a
restart. It imports nothing of streamreg.
"""

from __future__ import annotations

import json
import os
import sys
import time

from confluent_kafka import Consumer, Message, TopicPartition

_AT_ONCE = 10_000


def main() -> None:
    """Reads until it is ended."""
    job = json.load(sys.stdin)
    started = time.time()
    print(json.dumps({"started": started}), flush=True)
    consumer = Consumer({"group.id": "streamreg-bench", **job["settings"]})
    consumer.assign([TopicPartition(job["topic"], p, 0) for p in range(job["partitions"])])
    file = os.open("input.csv", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.write(file, b"x\n")
    while True:
        first = consumer.poll(1.0)
        if first is None:
            continue
        messages = [first, *consumer.consume(_AT_ONCE, 0)]
        for message in messages:
            if (error := message.error()) is not None:
                raise SystemExit(error.str())
        # The values are {"x":…,"y":…}: what stands between the first colon and the first comma is x.
        values = (value for value in map(Message.value, messages) if value)
        os.write(file, b"".join([value[5 : value.index(b",")] + b"\n" for value in values]))


if __name__ == "__main__":
    main()
