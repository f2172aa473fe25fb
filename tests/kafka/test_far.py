"""Brokers that are far, or hold back what they have: nothing on the way has a patience that begins anew each time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from streamreg._bench.broker import Remote
from tests.support.doctor import findings, job_file
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce

MESSAGES = ["x,y", *[f"{x},{2 * x + 1}" for x in range(5)]]

ROUND_TRIPS = [float(text) for text in os.environ.get("FAR_ROUND_TRIPS", "0.3 1").split()]
"""Seconds; that of 5 takes nine minutes, and has a target of its own: make far."""


def streamreg(*arguments: str, seconds: float = 400) -> str:
    """What a command prints; it must end well."""
    done = subprocess.run(
        [sys.executable, "-m", "streamreg", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def committed(broker: KafkaBroker, group: str, topic: str) -> int:
    consumer = Consumer({**broker.plaintext, "group.id": group})
    [place] = consumer.committed([TopicPartition(topic, 0)], timeout=30)
    consumer.close()
    return place.offset


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("round_trip", ROUND_TRIPS)
def test_a_far_broker(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    round_trip: float,
) -> None:
    """Doctor, run and verify come to their ends, all well, however long a round trip takes; the offsets are committed.

    The last of them takes nine minutes.
    """
    monkeypatch.chdir(tmp_path)
    broker.create_topic(topic)
    produce(topic, MESSAGES)
    job = job_file({**broker.far, "group.id": topic}, topic)
    with broker.proxy(round_trip):
        found = findings(job)
        assert {line.status for line in found.values()} <= {"ok", "skip"}, found
        assert found["header"].text == "the columns are x, y"
        assert "5 rows in" in streamreg("run", str(job))
        assert Path("out.csv").read_text().splitlines()[-1].endswith(",1")
        streamreg("verify", str(job))
        findings(job)
    assert committed(broker, topic, topic) == len(MESSAGES)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("round_trip", ROUND_TRIPS)
def test_a_far_topic_is_written_to(
    broker: KafkaBroker, topic: str, tmp_path: Path, round_trip: float
) -> None:
    """`generate` and `replay-rejects` deliver all, and `bench` makes and deletes topics, however far the broker."""
    broker.create_topic(topic, 2)
    rejects = tmp_path / "rejects.jsonl"
    entry = {"topic": topic, "partition": 1, "offset": 7, "timestamp": None, "reason": "null"}
    lines = [json.dumps({**entry, "value": f"{number},0"}) for number in range(3)]
    rejects.write_text("".join(f"{line}\n" for line in lines))
    servers = broker.far["bootstrap.servers"]
    target = ["--bootstrap-servers", servers, "--topic", topic]
    with broker.proxy(round_trip):
        said = streamreg("generate", *target, "--count", "5", "--rate", "0", seconds=900)
        assert "5 points sent" in said
        said = streamreg("replay-rejects", str(rejects), *target, "--same-partition", seconds=900)
        assert "3 messages sent" in said
        with Remote(broker.far).topic("far") as made:
            assert made in AdminClient(dict(broker.plaintext)).list_topics(timeout=30).topics
        assert made not in AdminClient(dict(broker.plaintext)).list_topics(timeout=30).topics
    consumer = Consumer({**broker.plaintext, "group.id": topic})
    for partition, messages in ((0, 1 + 5), (1, 3)):
        place = TopicPartition(topic, partition)
        assert consumer.get_watermark_offsets(place, timeout=30) == (0, messages)
    consumer.close()


def test_a_broker_that_gathers(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fetch settings made for throughput, which hold the header back for a second, change the pace alone."""
    monkeypatch.chdir(tmp_path)
    broker.create_topic(topic)
    produce(topic, MESSAGES[:3])
    slow = {"fetch.min.bytes": "100000", "fetch.wait.max.ms": "1000"}
    job = job_file({**broker.plaintext, **slow}, topic)
    found = findings(job)
    assert found["read"].text == "the first message of partition 0 has 3 bytes"
    assert found["header"].text == "the columns are x, y"
    assert "2 rows in" in streamreg("run", str(job))
    streamreg("verify", str(job))
