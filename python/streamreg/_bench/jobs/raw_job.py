"""Bench, contender: the client alone. Each process reads its partitions with `consume(50_000)` and joins the values.

It imports nothing of streamreg, so that its processes start as fast as they can.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import sys
import time
from multiprocessing.queues import SimpleQueue
from typing import Any

from confluent_kafka import Consumer, Message, TopicPartition

ROOMY: dict[str, str | int | float | bool] = {
    "queued.max.messages.kbytes": 256 * 1024,
    "queued.min.messages": 1_000_000,
    "fetch.max.bytes": 10 * 1024 * 1024,
    "fetch.message.max.bytes": 10 * 1024 * 1024,
}
"""With which the client is fastest, whatever memory that takes."""

Reading = tuple[int, int, float, float]
"""Messages, those of the first batch, the time of that, the time of the end."""


def read(job: dict[str, Any], partitions: list[int], results: SimpleQueue[Reading]) -> None:
    """Reads some partitions to their ends."""
    room = {}
    if not job["collector"]:
        # The fastest that anyone could write.
        room = ROOMY
        gc.disable()  # each message is an object: it would look for cycles among them dozens of times a batch
    ours = {
        "group.id": "streamreg-bench",
        "enable.partition.eof": True,
        # Without it the client pauses for a second whenever its queue is full: not a rival worth having.
        "fetch.queue.backoff.ms": 2,
    }
    consumer = Consumer({**ours, **room, **job["settings"]})
    consumer.assign([TopicPartition(job["topic"], p, 0) for p in partitions])
    count = first = ends = 0
    began = 0.0
    while ends < len(partitions):
        messages = consumer.consume(50_000, 0.1)
        if any(map(Message.error, messages)):
            ends += sum(message.error() is not None for message in messages)
            messages = [message for message in messages if message.error() is None]
        b"".join([message.value() or b"" for message in messages])
        count += len(messages)
        if messages and not first:
            first, began = len(messages), time.time()
    results.put((count, first, began, time.time()))
    consumer.close()


def main() -> None:
    """Starts the processes and adds up what they have read."""
    job = json.load(sys.stdin)
    context = multiprocessing.get_context("spawn")
    results: SimpleQueue[Reading] = context.SimpleQueue()
    partitions, parallel = list(range(job["partitions"])), job["parallel"]
    shares = [partitions[i::parallel] for i in range(parallel)]
    started = time.time()
    workers = [context.Process(target=read, args=(job, share, results)) for share in shares]
    for worker in workers:
        worker.start()
    found = [results.get() for _ in workers]
    ended = max(end for *_, end in found)
    for worker in workers:
        worker.join()
    headers = len(partitions) if job["format"] == "csv" else 0
    counted = sum(count for count, *_ in found) - headers
    # From the first batch of the first process on: what came before that is the start.
    began, first = min((began, first) for _, first, began, _ in found)
    steady = [counted - first, ended - began]
    print(json.dumps({"rows": counted, "seconds": ended - started, "steady": steady}))


if __name__ == "__main__":
    main()
