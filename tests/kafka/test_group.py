"""The group that offsets are committed to, for tools that show the lag."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin._acl import AclOperation
from confluent_kafka.admin._resource import ResourceType

import streamreg as sr
from tests.support.kafka.acls import deny
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.outputs import changes_so_far, fold, read_changelog
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import JOBS, Program, job_environment
from tests.support.kafka.siege import workers_of


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


ROWS = 20_000


class Point(sr.Schema):
    x: float
    y: float


def committed(broker: KafkaBroker, group: str) -> int:
    consumer = Consumer({**broker.plaintext, "group.id": group})
    [place] = consumer.committed([TopicPartition(group, 0)], timeout=30)
    consumer.close()
    return place.offset


def follow(
    broker: KafkaBroker, topic: str, stop: Callable[[sr.Progress], bool]
) -> list[sr.Progress]:
    """Runs a job that keeps a state in the current folder; what it has told."""
    settings = {**broker.plaintext, "group.id": topic}
    t = sr.io.kafka.read(settings, topic, schema=Point, autocommit_duration_ms=100)
    sr.io.csv.write(t.reduce(n=sr.reducers.count()), "count.csv")
    told: list[sr.Progress] = []
    deadline = time.monotonic() + 60

    def stopping(progress: sr.Progress) -> bool:
        told.append(progress)
        assert time.monotonic() < deadline, told[-3:]
        return stop(progress)

    sr.run(processes=1, state="state", stop=stopping)
    return told


def test_a_quiet_topic_has_no_lag(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is merged is committed while the stream is quiet; the lag is 0 then, not before; also after a restart."""
    monkeypatch.chdir(tmp_path)
    broker.create_topic(topic)
    produce(topic, ["x,y", *[f"{x},{x}" for x in range(ROWS)]])
    told = follow(
        broker, topic, lambda now: now.rows == ROWS and committed(broker, topic) == ROWS + 1
    )
    assert told[-1].lag == 0
    assert all(now.lag is None or now.lag > 0 for now in told if now.rows < ROWS)
    # As after a death before the commit: the group is behind, and no row comes.
    consumer = Consumer({**broker.plaintext, "group.id": topic})
    consumer.commit(offsets=[TopicPartition(topic, 0, 1)], asynchronous=False)
    consumer.close()
    follow(broker, topic, lambda now: now.rows == ROWS)
    assert committed(broker, topic) == ROWS + 1


def test_the_lag_of_a_worker_that_hangs(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What comes while the only worker is stopped is told as lag within two seconds."""
    monkeypatch.chdir(tmp_path)
    broker.create_topic(topic)
    produce(topic, ["x,y", "1,2"])
    sent: list[float] = []

    def stop(now: sr.Progress) -> bool:
        if now.rows == 1 and now.lag == 0 and not sent:
            for worker in workers_of(os.getpid()):
                os.kill(worker, signal.SIGSTOP)
            produce(topic, [f"{x},1" for x in range(50)])
            sent.append(time.monotonic())
        return now.lag == 50

    follow(broker, topic, stop)
    assert time.monotonic() < sent[0] + 3 + 5  # the end waits for the worker


def test_a_group_of_another_consumer(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Commits that the broker refuses, each of them, are told once, with the way out."""
    monkeypatch.chdir(tmp_path)
    broker.create_topic(topic)
    produce(topic, ["x,y", "1,2"])
    member = Consumer({**broker.plaintext, "group.id": topic})
    member.subscribe([topic])
    while not member.assignment():
        member.poll(0.1)
    since = time.monotonic()

    def stop(now: sr.Progress) -> bool:
        member.poll(0)
        produce(topic, ["3,4"])
        return time.monotonic() > since + 6

    follow(broker, topic, stop)
    member.close()
    said = [
        record.message for record in caplog.records if "offsets not committed" in record.message
    ]
    assert len(said) == 1
    assert "group.id of its own" in said[0]
