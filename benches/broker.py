"""Apache Kafka for the benchmarks: one node, started for the time of a `with`."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from streamreg._bench.broker import Remote
from tests.support.kafka.broker import KafkaBroker


@contextlib.contextmanager
def apache_kafka() -> Iterator[Remote]:
    """The broker; it and its data are gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        broker = KafkaBroker(Path(folder) / "broker")
        broker.start()
        try:
            yield Remote(broker.plaintext)
        finally:
            broker.close()
