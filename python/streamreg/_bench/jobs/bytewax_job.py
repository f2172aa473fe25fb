"""Bench, contender: Bytewax: its Kafka source, and a sink that keeps the sums of what comes to it in batches."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main
from line import Line  # a neighbour: the folder of the program is on its path

job = json.load(sys.stdin)


class Partition(StatelessSinkPartition[tuple[float, float]]):
    """What one worker writes."""

    def __init__(self) -> None:
        """Opens the files."""
        self._line = Line(job["autocommit_ms"])

    def write_batch(self, items: list[tuple[float, float]]) -> None:
        """Takes the points of a batch."""
        self._line.add(items)

    def close(self) -> None:
        """Writes the last result."""
        self._line.close()


class Sink(DynamicSink[tuple[float, float]]):
    """The end of the flow."""

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Partition:
        """One for the one worker."""
        return Partition()


def decode(message: Any) -> tuple[float, float]:  # noqa: ANN401 - its class has another name in each version
    """The point of a message."""
    value = json.loads(message.value)
    return value["x"], value["y"]


settings = {key: str(value) for key, value in job["settings"].items()}
servers = settings.pop("bootstrap.servers").split(",")
flow = Dataflow("line")
source = KafkaSource(servers, [job["topic"]], tail=False, add_config=settings, batch_size=10_000)
op.output("out", op.map("decode", op.input("in", flow, source), decode), Sink())
started = time.time()
run_main(flow)
print(json.dumps({"seconds": time.time() - started}))
