"""A start while a broker has just died, on a real cluster: it waits for whoever takes its place, and reads all."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from streamreg._kafka.source import KafkaSource
from streamreg._kafka.topics import Topics
from streamreg._source.contract import Watermarks
from tests.support.doctor import job_file
from tests.support.kafka.cluster import KafkaCluster
from tests.support.kafka.command import failed_checks, streamreg
from tests.support.kafka.produce import producer_for

ROWS = 20
MESSAGES: list[bytes | str] = ["x,y", *(f"{x},{2 * x + 1}" for x in range(ROWS))]
STARTS = 12
"""At once: each is named some broker as the controller, one in three the dead one."""


@pytest.fixture
def points(cluster: KafkaCluster, topic: str) -> str:
    """A topic that no row is lost of when a broker dies."""
    cluster.create_topic(topic, 1, 3)
    producer_for(cluster.plaintext)(topic, MESSAGES)
    return topic


@contextmanager
def killed(cluster: KafkaCluster, broker: int) -> Iterator[None]:
    """Nobody knows yet that it is dead."""
    cluster.kill(broker)
    try:
        yield
    finally:
        cluster.restart(broker)


@contextmanager
def leader_killed(cluster: KafkaCluster, topic: str) -> Iterator[None]:
    leader, _ = cluster.in_sync(topic)
    with killed(cluster, leader):
        yield


def words(said: str) -> list[str]:
    """What a command said beside its result, beside who reads, and beside where it begins."""
    usual = [" rows in ", "is read natively", "is read by the client", ": read by the client for "]
    usual += [" INFO start: ", " INFO resume: "]
    return [line for line in said.splitlines() if not any(text in line for text in usual)]


def test_a_run_begins(cluster: KafkaCluster, points: str, tmp_path: Path) -> None:
    """It waits for the next leader, says so once, reads all rows, and `verify` finds them so."""
    job_file({**cluster.plaintext, "group.id": points}, points, folder=tmp_path)
    with leader_killed(cluster, points):
        code, said = streamreg(tmp_path, "run", "job.toml")
        assert code == 0, said
        assert f"{ROWS} rows in" in said
        assert len(words(said)) <= 1, said
    cluster.wait()
    assert streamreg(tmp_path, "verify", "job.toml")[0] == 0
    with leader_killed(cluster, points):
        code, said = streamreg(tmp_path, "run", "job.toml")
        assert code == 0, said
        assert len(words(said)) <= 1, said


def test_a_dead_controller_is_asked_nothing(cluster: KafkaCluster, points: str) -> None:
    """However many begin, none waits for a broker that the metadata of before has named; the leader is well."""
    leader, _ = cluster.in_sync(points)
    stop = threading.Event()

    def begin(_: int) -> tuple[str | None, dict[int, Watermarks]]:
        source = KafkaSource(cluster.plaintext, Topics((points,)), "static", 0)
        said: list[str] = []
        try:
            found = source.pin(None, said.append, stop.is_set)
            return found, source.watermarks(said.append, stop.is_set)
        finally:
            source.close()

    other = next(broker for broker in cluster.BROKERS if broker != leader)
    with killed(cluster, other), ThreadPoolExecutor(STARTS) as pool:
        timer = threading.Timer(50, stop.set)
        timer.start()
        begun = list(pool.map(begin, range(STARTS)))
        timer.cancel()
    identities = {identity for identity, _ in begun}
    assert len(identities) == 1
    assert None not in identities
    assert [found for _, found in begun] == [{0: Watermarks(0, len(MESSAGES))}] * STARTS


def test_doctor_and_verify(cluster: KafkaCluster, points: str, tmp_path: Path) -> None:
    """`verify` waits as a run does; `doctor` names what is away, or finds all well when it is over."""
    job_file(cluster.plaintext, points, folder=tmp_path)
    assert streamreg(tmp_path, "run", "job.toml")[0] == 0
    with leader_killed(cluster, points):
        code, said = streamreg(tmp_path, "doctor", "job.toml")
        assert failed_checks(said).keys() <= {"tcp", "address", "metadata", "partitions", "topic"}
        assert code in (0, 1), said
        assert streamreg(tmp_path, "verify", "job.toml")[0] == 0
