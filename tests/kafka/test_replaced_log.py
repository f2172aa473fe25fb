"""A log that lost what was read and has grown again: an unclean election on a real cluster. Some two minutes."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from confluent_kafka import Producer

from tests.support.doctor import job_file
from tests.support.kafka.cluster import KafkaCluster
from tests.support.kafka.command import failed_checks, streamreg
from tests.support.kafka.numbered import HEADER, message, rows_so_far, verify
from tests.support.kafka.program import JOBS, Program, job_environment
from tests.support.process import ROOT

ROWS = 10


def until(condition: Callable[[], bool], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def send(cluster: KafkaCluster, topic: str, values: Iterable[bytes | str]) -> None:
    """To those replicas that are there."""
    producer = Producer({**cluster.plaintext, "acks": "1", "log_level": 0})
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(60) == 0


def test_an_unclean_election(cluster: KafkaCluster, topic: str, tmp_path: Path) -> None:
    """A run that reads, and one that starts later, end and say that the log was replaced; no new message is merged.

    `streamreg doctor` and `streamreg verify` say the same of a state that has read what is gone.
    """
    cluster.create_topic(topic, 1, 2, {"unclean.leader.election.enable": "true"})
    leader, replicas = cluster.in_sync(topic)
    [other] = replicas - {leader}
    send(cluster, topic, [HEADER, *map(message, range(ROWS))])
    cluster.kill(other)
    until(lambda: cluster.in_sync(topic) == (leader, {leader}), "the other is still in sync")
    send(cluster, topic, map(message, range(ROWS, 2 * ROWS)))
    environment = job_environment(settings=cluster.plaintext, topic=topic, autocommit_ms=0)
    environment["PYTHONPATH"] = str(ROOT)
    stopped, running, job = (tmp_path / name for name in ("stopped", "running", "job"))
    for folder in (stopped, running, job):
        folder.mkdir()
    job_file(cluster.plaintext, topic, folder=job)
    assert streamreg(job, "run", "job.toml")[0] == 0
    assert streamreg(job, "verify", "job.toml")[0] == 0
    with Program(JOBS / "chaos.py", stopped, environment) as program:
        program.wait_until(lambda: rows_so_far(stopped) == 2 * ROWS)
        program.interrupt()
    with Program(JOBS / "chaos.py", running, environment) as program:
        program.wait_until(lambda: rows_so_far(running) == 2 * ROWS)
        cluster.kill(leader)
        cluster.restart(other)
        until(lambda: cluster.in_sync(topic)[0] == other, "no unclean election")
        send(cluster, topic, [b"%d,1,-7" % seq for seq in range(100, 100 + 4 * ROWS)])
        assert program.exit_code(60) == 1
        assert "was replaced" in program.said
    with Program(JOBS / "chaos.py", stopped, environment) as program:
        assert program.exit_code(60) == 1
        assert "was replaced" in program.said
    code, said = streamreg(job, "doctor", "job.toml")
    assert (code, set(failed_checks(said))) == (1, {"read"}), said
    assert "was replaced" in failed_checks(said)["read"]
    code, said = streamreg(job, "verify", "job.toml")
    assert code == 2
    assert "was replaced" in said
    cluster.restart(leader)
    for folder in (stopped, running):
        verify(folder, 2 * ROWS)
