"""Where a run begins: at an end, a time or an offset, in a topic that comes later, and past messages that are gone."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

import streamreg as sr
from streamreg._operate.inspect import describe, lines
from streamreg._state.snapshot import read
from streamreg._state.store import Store
from tests.support.changelog import inserted
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.produce import Produce
from tests.support.kafka.topics import delete_records
from tests.support.process import wait_until

STATE = Path("state")
OLD = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Row(sr.Schema):
    n: int


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def made(broker: KafkaBroker, topic: str, produce: Produce) -> str:
    """A topic of two partitions, each with the numbers 0 to 9."""
    broker.create_topic(topic, 2)
    for partition in range(2):
        produce(topic, [b"%d" % (10 * partition + n) for n in range(10)], partition)
    return topic


def run(
    broker: KafkaBroker,
    topic: str,
    mode: str = "static",
    stop: Callable[[sr.Progress], bool] | None = None,
    **options: Any,  # noqa: ANN401 - those of `read`
) -> sr.Summary:
    t = sr.io.kafka.read(
        broker.plaintext,
        topic,
        schema=Row,
        header=["n"],
        mode=mode,  # type: ignore[arg-type]
        autocommit_duration_ms=0,
        **options,
    )
    sr.io.csv.write(t, "rows.csv")
    return sr.run(processes=1, state=STATE, stop=stop)


def numbers() -> list[int]:
    """What was read, in order of the numbers."""
    return sorted(int(n) for (n,) in inserted("rows.csv", "n"))


def test_offsets_by_partition(broker: KafkaBroker, made: str) -> None:
    """Named partitions begin there, others at the earliest; a partition or an offset that is none is named."""
    for start, why in [
        ({2: 0}, "no partition 2"),
        ({1: 11}, "offset 11, but the broker has 0 to 10"),
    ]:
        with pytest.raises(sr.SourceError, match=why):
            run(broker, made, start=start)
        sr.clear()
        assert not Path("rows.csv").exists()
    run(broker, made, start={1: 7})
    assert numbers() == [*range(10), 17, 18, 19]
    assert {p: r.start for p, r in read(STATE).began.items()} == {0: 0, 1: 7}


def test_a_time(broker: KafkaBroker, topic: str) -> None:
    """Each partition begins at its first message that is not older; one without such a message at its end."""
    broker.create_topic(topic, 3)
    producer = Producer(broker.plaintext)
    for partition, hours in enumerate([range(6), range(-9, 0), range(2, 3)]):
        for hour in hours:
            at = OLD + timedelta(hours=hour)
            value = b"%d" % (100 * partition + hour + 50)
            producer.produce(
                topic, value, partition=partition, timestamp=int(at.timestamp() * 1000)
            )
    assert producer.flush(30) == 0
    run(broker, topic, start=OLD + timedelta(hours=3, microseconds=-1))
    assert numbers() == [53, 54, 55]
    assert {p: r.start for p, r in read(STATE).began.items()} == {0: 3, 1: 9, 2: 1}


def test_a_time_before_all(broker: KafkaBroker, made: str) -> None:
    """Before 1970 too, where brokers would take the number for something else."""
    run(broker, made, start=datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC))
    assert numbers() == list(range(20))


@pytest.mark.parametrize("start", ["latest", datetime(2100, 1, 1, tzinfo=UTC)], ids=["end", "time"])
def test_a_restart_before_the_first_epoch_begins_where_the_first_start_did(
    broker: KafkaBroker, made: str, produce: Produce, start: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes between two starts is neither lost nor read twice: the state has the offsets before any message."""

    class Killed(BaseException):
        pass

    save = Store.save

    def once(store: Store, checkpoint: Any) -> None:  # noqa: ANN401 - a checkpoint
        save(store, checkpoint)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", once)
        with pytest.raises(Killed):
            run(broker, made, start=start)
    sr.clear()
    assert read(STATE).offsets == {0: 10, 1: 10}
    produce(made, [b"100", b"101"], 0)
    for _ in range(2):  # And what was asked for first says nothing any more.
        run(broker, made, start=start)
        assert numbers() == [100, 101]
        start = "earliest"


def test_a_topic_that_comes_later(
    broker: KafkaBroker, topic: str, produce: Produce, caplog: pytest.LogCaptureFixture
) -> None:
    """It is waited for, which is said once; without that it is an error at once."""
    with pytest.raises(sr.SourceError, match="create the topic"):
        run(broker, topic)
    sr.clear()

    def create() -> None:
        wait_until(lambda: "is not there yet" in caplog.text, 30)
        broker.create_topic(topic, 1)
        produce(topic, [b"1", b"2"], 0)

    creator = threading.Thread(target=create)
    creator.start()
    summary = run(
        broker, topic, "streaming", lambda progress: progress.rows >= 2, wait_for_topic=True
    )
    creator.join()
    assert summary.rows == 2
    assert caplog.text.count("is not there yet: waiting until it is created") == 1


def test_waiting_for_a_topic_ends_when_the_run_is_stopped(broker: KafkaBroker, topic: str) -> None:
    """The run can be stopped while there is nothing to read."""
    summary = run(broker, topic, "streaming", lambda progress: True, wait_for_topic=True)
    assert (summary.rows, summary.ended_by) == (0, "stop")


def test_lost_offsets_between_two_runs(
    broker: KafkaBroker, made: str, produce: Produce, caplog: pytest.LogCaptureFixture
) -> None:
    """By default the run ends, and says what would go on; on request it goes on, and says what is lost."""
    run(broker, made)
    for partition in range(2):
        produce(made, [b"%d" % (100 * partition + n + 100) for n in range(10)], partition)
    delete_records(broker.plaintext, made, 15, 3)
    with pytest.raises(sr.SourceError, match=r"were deleted .*on_lost_offsets"):
        run(broker, made)
    sr.clear()
    summary = run(broker, made, on_lost_offsets="continue")
    assert summary.lost == 5
    assert "5 offsets lost, deleted before they were read" in str(summary)
    assert "partition 0: the messages of 5 offsets, from 10 to 14, were deleted" in caplog.text
    assert numbers() == [*range(20), *range(105, 110), *range(200, 210)]
    kept = read(STATE)
    assert kept.gaps == [(0, 10, 15)]
    assert "lost        partition 0: 5 offsets from 10, deleted before they were read" in lines(
        "state", describe(kept)
    )
    produce(made, [b"300"], 0)
    assert run(broker, made).lost == 5  # Nothing more is lost, and nothing is forgotten.


def test_all_of_a_static_run_may_be_lost(
    broker: KafkaBroker, made: str, produce: Produce, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where retention has passed the end that the run found at its start, it ends there and reads nothing."""
    from streamreg._run import resume

    ranges = resume.ranges

    def late(*arguments: Any) -> Any:  # noqa: ANN401 - as it is
        found = ranges(*arguments)
        produce(made, [b"50", b"51"], 0)
        delete_records(broker.plaintext, made, 11, 10)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(resume, "ranges", late)
        summary = run(broker, made, on_lost_offsets="continue")
    assert (summary.rows, summary.lost) == (0, 20)
    assert read(STATE).offsets == {0: 10, 1: 10}
    assert run(broker, made, on_lost_offsets="continue").lost == 21
    assert numbers() == [51]


@pytest.mark.parametrize("reads", ["native", "client"])
def test_offsets_that_are_lost_while_they_are_read(
    broker: KafkaBroker,
    made: str,
    produce: Produce,
    monkeypatch: pytest.MonkeyPatch,
    reads: str,
) -> None:
    """A reader that falls behind goes on where the log begins by then, in the same run."""
    from streamreg._run import resume

    ranges = resume.ranges

    def late(*arguments: Any) -> Any:  # noqa: ANN401 - as it is
        """As if retention had struck right after the offsets were looked up."""
        found = ranges(*arguments)
        delete_records(broker.plaintext, made, 4, 10)
        produce(made, [b"50"], 1)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(resume, "ranges", late)
        summary = run(
            broker,
            made,
            "streaming",
            lambda progress: progress.rows >= 7,
            on_lost_offsets="continue",
            reader=reads,
        )
    assert summary.lost == 14
    assert numbers() == [*range(4, 10), 50]
    assert sorted(read(STATE).gaps) == [(0, 0, 4), (1, 0, 10)]
    produce(made, [b"60"], 0)
    run(broker, made)
    assert numbers() == [*range(4, 10), 50, 60]
