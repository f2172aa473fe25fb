"""Keys that stand in several partitions of a real broker."""

from pathlib import Path

import pytest

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import job_environment, run_in_parts
from tests.support.sensors import NAMES, check, message, points

SENSORS = [*NAMES, *(f"sensor-{number}" for number in range(2000))]


@pytest.mark.parametrize("processes", [1, 2])
def test_oracle_keys_in_two_partitions(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path, processes: int
) -> None:
    """Read in two runs, by one process or two: the rational line of each key over both partitions."""
    broker.create_topic(topic, 2)
    found = points(20_000, 11, SENSORS)
    environment = job_environment(
        settings=broker.plaintext, topic=topic, format="json", autocommit_ms=50, processes=processes
    )
    sent = [message(one) for one in found]
    run_in_parts("sensors", tmp_path, environment, produce, (sent[:12_000], sent[12_000:]))
    check(tmp_path, found)
