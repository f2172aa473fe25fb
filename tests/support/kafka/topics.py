"""Topics and clusters of the test brokers, as an administrator sees them."""

import base64
import time
import uuid
from collections.abc import Mapping

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic


def cluster_id() -> str:
    """A new one."""
    # The letter in front: an id with a leading "-" would be read as an option.
    return "k" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]


def answers(admin: AdminClient, brokers: int = 1) -> bool:
    """Whether so many brokers are there."""
    try:
        return len(admin.list_topics(timeout=1).brokers) >= brokers
    except KafkaException:
        return False


def create_topic(
    settings: Mapping[str, str],
    name: str,
    partitions: int = 1,
    *,
    replicas: int = 1,
    config: Mapping[str, str] | None = None,
) -> None:
    """Creates a topic and returns when every partition of it has a leader."""
    admin = AdminClient({**settings})
    new = NewTopic(
        name, num_partitions=partitions, replication_factor=replicas, config=dict(config or {})
    )
    admin.create_topics([new])[name].result(30)
    deadline = time.monotonic() + 30
    while True:
        topic = admin.list_topics(name, timeout=10).topics[name]
        leaders = [partition.leader for partition in topic.partitions.values()]
        if len(leaders) == partitions and all(leader >= 0 for leader in leaders):
            return
        assert time.monotonic() < deadline, f"topic {name} has no leaders: {leaders}"
        time.sleep(0.02)


def delete_topic(settings: Mapping[str, str], name: str) -> None:
    """Deletes a topic and returns when the brokers do not list it any more."""
    admin = AdminClient({**settings})
    admin.delete_topics([name])[name].result(30)
    deadline = time.monotonic() + 30
    while name in admin.list_topics(timeout=10).topics:
        assert time.monotonic() < deadline, f"topic {name} is still there"
        time.sleep(0.02)


def delete_records(settings: Mapping[str, str], topic: str, *before: int) -> None:
    """Deletes the first records of each partition, up to an offset, as retention would."""
    admin = AdminClient({**settings})
    places = [TopicPartition(topic, p, offset) for p, offset in enumerate(before)]
    for done in admin.delete_records(places).values():
        done.result(30)
