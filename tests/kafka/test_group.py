"""The group that offsets are committed to, for tools that show the lag."""

import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._resource import ResourceType

from tests.support.kafka.acls import deny
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.outputs import changes_so_far, fold, read_changelog
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import JOBS, Program, job_environment


@pytest.mark.parametrize("allowed", [True, False])
def test_a_run_ends_in_time_whether_its_group_takes_commits_or_not(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path, allowed: bool
) -> None:
    """Offsets are committed where the user may; where not, the run goes on, stops in five seconds and says so."""
    broker.create_topic(topic)
    produce(topic, ["x,y", "1,2", "3,4"])
    if not allowed:
        deny(broker, ResourceType.GROUP, topic, AclOperation.READ)
    environment = job_environment(
        settings=broker.sasl_ssl, topic=topic, mode="streaming", autocommit_ms=0
    )
    counts = tmp_path / "count.csv"
    with Program(JOBS / "regression.py", tmp_path, environment) as program:
        program.wait_until(lambda: any(c.row == (2,) for c in changes_so_far(counts, 1)))
        started = time.monotonic()
        program.interrupt()
        assert time.monotonic() - started < 5
        said = program.said
    assert fold(read_changelog(counts, ["n"]))[-1].row == (2,)
    assert ("ACLs" in said) is not allowed
    consumer = Consumer({**broker.plaintext, "group.id": topic})
    [place] = consumer.committed([TopicPartition(topic, 0)], timeout=30)
    consumer.close()
    assert place.offset == (3 if allowed else -1001)
