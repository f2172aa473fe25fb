"""A topic that is another one of the same name: running and stopped, with workers that live, are frozen or dead."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from streamreg._exceptions import SourceError
from streamreg._kafka.source import KafkaSource
from streamreg._kafka.topics import Topics
from streamreg._source.contract import Range, Watermarks
from streamreg._state import snapshot
from tests.support.doctor import job_file
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.command import failed_checks, streamreg
from tests.support.kafka.numbered import HEADER, message, rows_so_far, verify
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import job_environment
from tests.support.kafka.siege import Siege, workers_of
from tests.support.kafka.topics import delete_topic

OLD: list[bytes | str] = [HEADER, *map(message, range(6))]
NEW: list[bytes | str] = [HEADER, *[b"%d,1,-7" % seq for seq in range(6, 100)]]
"""Another line; longer than the old topic, so that its offsets fit."""


def siege_of(broker: KafkaBroker, topic: str, folder: Path, processes: int = 1) -> Siege:
    environment = job_environment(
        settings=broker.plaintext, topic=topic, autocommit_ms=0, processes=processes
    )
    return Siege(folder, environment, broker, seed=0)


def replace_topic(broker: KafkaBroker, topic: str, produce: Produce) -> None:
    delete_topic(broker.plaintext, topic)
    broker.create_topic(topic)
    produce(topic, NEW)


@pytest.mark.parametrize("processes", [0, 1])
@pytest.mark.parametrize("worker", ["alive", "frozen", "killed"])
def test_while_it_is_read(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path, processes: int, worker: str
) -> None:
    """The run ends, names the cause, and has merged and written nothing of the new topic."""
    if not processes and worker != "alive":
        pytest.skip("there is no worker")
    broker.create_topic(topic)
    produce(topic, OLD)
    siege = siege_of(broker, topic, tmp_path, processes)
    with siege.job() as process:
        siege.until(lambda: rows_so_far(tmp_path) == 6, "rows are missing")
        workers = workers_of(process.pid)
        if worker != "alive":
            os.kill(workers[0], signal.SIGSTOP)
        replace_topic(broker, topic, produce)
        if worker != "alive":
            os.kill(workers[0], signal.SIGCONT if worker == "frozen" else signal.SIGKILL)
        siege.until(lambda: process.poll() is not None, "the run goes on")
        assert process.returncode == 1
    assert "this is another topic of that name" in siege.said
    verify(tmp_path, 6)


def test_while_nobody_reads_it(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path
) -> None:
    """A restart is refused with the cause, and changes nothing; the state keeps the id."""
    broker.create_topic(topic)
    produce(topic, OLD)
    siege = siege_of(broker, topic, tmp_path)
    with siege.job() as process:
        siege.finish(6, process)
    before = snapshot.read(tmp_path / "state")
    assert before.identity is not None
    assert before.leader_epochs == {0: 0}
    replace_topic(broker, topic, produce)
    with siege.job() as process:
        siege.until(lambda: process.poll() is not None, "the run goes on")
        assert process.returncode == 1
    assert "this is another topic of that name" in siege.said
    assert snapshot.read(tmp_path / "state") == before
    verify(tmp_path, 6)


def test_doctor_and_verify(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path
) -> None:
    """Of the state of another topic both say so, as the only thing that is wrong, with both ids; and change nothing."""
    broker.create_topic(topic)
    produce(topic, ["x,y", *(f"{x},{2 * x + 1}" for x in range(6))])
    job_file(broker.plaintext, topic, folder=tmp_path)
    assert streamreg(tmp_path, "run", "job.toml")[0] == 0
    assert streamreg(tmp_path, "verify", "job.toml")[0] == 0
    assert streamreg(tmp_path, "doctor", "job.toml")[0] == 0
    before = snapshot.read(tmp_path / "job.state")
    replace_topic(broker, topic, produce)
    code, said = streamreg(tmp_path, "doctor", "job.toml")
    assert (code, set(failed_checks(said))) == (1, {"topic"}), said
    assert "this is another topic of that name" in failed_checks(said)["topic"]
    assert f"the id {before.identity}" in failed_checks(said)["topic"]
    code, said = streamreg(tmp_path, "verify", "job.toml")
    assert code == 2
    assert "this is another topic of that name" in said
    assert snapshot.read(tmp_path / "job.state") == before


@pytest.mark.parametrize("step", ["first messages", "comparison of the log", "reader"])
def test_while_a_run_begins(broker: KafkaBroker, topic: str, produce: Produce, step: str) -> None:
    """A topic that is made again just after the start has asked which one it is gives no message, at no step."""
    broker.create_topic(topic)
    produce(topic, OLD)
    source = KafkaSource(broker.plaintext, Topics((topic,)), "static", 0)
    stop_at = time.monotonic() + 30

    def late() -> bool:
        return time.monotonic() > stop_at

    assert source.pin(None, pytest.fail, late) is not None
    replace_topic(broker, topic, produce)
    with (
        closing(source),
        pytest.raises(SourceError, match="this is another topic of that name"),
    ):
        take(source, step, late)


def take(source: KafkaSource, step: str, late: Callable[[], bool]) -> None:
    """What a run does at this step of its start, until it is late."""
    ranges = {0: Range(len(OLD), None, False, 0)}
    if step == "first messages":
        list(source.first_messages({0: Watermarks(0, len(OLD))}, pytest.fail, late))
    elif step == "comparison of the log":
        source.check_log(ranges, pytest.fail, late)
    else:
        told: list[str] = []
        with closing(source.reader(ranges, told.append)) as reader:
            while not late():
                assert reader.read(0.2) is None
                # The native reader leaves it to the client, which says what it is.
                assert all("the topic has another id now" in text for text in told)


def test_deleted_for_good(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path
) -> None:
    """The run ends when no broker knows the topic any more, and says that it was deleted. About fifteen seconds."""
    broker.create_topic(topic)
    produce(topic, OLD)
    environment = job_environment(
        settings={**broker.plaintext, "topic.metadata.refresh.interval.ms": "500"},
        topic=topic,
        autocommit_ms=0,
    )
    siege = Siege(tmp_path, environment, broker, seed=0)
    with siege.job() as process:
        siege.until(lambda: rows_so_far(tmp_path) == 6, "rows are missing")
        delete_topic(broker.plaintext, topic)
        siege.until(lambda: process.poll() is not None, "the run goes on")
        assert process.returncode == 1
    assert "was deleted while it was being read" in siege.said
    verify(tmp_path, 6)
