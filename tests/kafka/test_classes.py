"""Classes that stand in several partitions of a real broker."""

from pathlib import Path

import pytest

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import job_environment, run_in_parts
from tests.support.kinds import check, message, things


@pytest.mark.parametrize("processes", [1, 2])
def test_oracle_classes_in_two_partitions(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path, processes: int
) -> None:
    """Read in two runs, by one process or two: the rational parameters of each class over both partitions."""
    broker.create_topic(topic, 2)
    found = things(6000, 11)
    environment = job_environment(
        settings=broker.plaintext, topic=topic, format="json", autocommit_ms=50, processes=processes
    )
    sent = [message(one) for one in found]
    run_in_parts("kinds", tmp_path, environment, produce, (sent[:2000], sent[2000:]))
    check(tmp_path, found)
