"""A broker that is not there, a topic that is not, and one that is."""

import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

import streamreg as sr
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._kafka.source import KafkaSource
from streamreg._kafka.topics import Topics
from streamreg._source.contract import Watermarks
from tests.support.changelog import inserted
from tests.support.child import Child
from tests.support.numbered import Point, count_sound, stream, write_regression
from tests.support.produce import send


def fill(broker: EmbeddedBroker, topic: str, rows: int, known: int = 0) -> None:
    """Sends a stream of so many rows, without the first messages of each partition, which are there."""
    partitions = enumerate(stream(rows, EmbeddedBroker.PARTITIONS))
    send(broker, topic, {partition: messages[known:] for partition, messages in partitions})


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens: the port is taken, and refuses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def test_a_static_topic_is_read_to_its_end(
    broker: EmbeddedBroker, topic: str, processes: int
) -> None:
    """Every message there is, over all partitions, once; then the run ends by itself."""
    fill(broker, topic, 1000)
    write_regression(sr.io.kafka.read(broker.settings, topic, schema=Point, mode="static"))
    summary = sr.run(processes=processes)
    assert (summary.ended_by, summary.rows, summary.rejects) == ("source", 1000, {})
    assert count_sound(Path(), EmbeddedBroker.PARTITIONS) == 1000


@pytest.mark.parametrize("processes", [0, 3])
def test_a_state_goes_on_where_the_topic_was_left(
    broker: EmbeddedBroker, topic: str, processes: int
) -> None:
    """What was sent between two runs is read by the second, and nothing twice."""
    # 101 messages in each partition, the header among them; then the others.
    for rows, known in ((400, 0), (1000, 101)):
        fill(broker, topic, rows, known)
        write_regression(sr.io.kafka.read(broker.settings, topic, schema=Point, mode="static"))
        assert sr.run(processes=processes, state="state").rows == rows
        assert count_sound(Path(), EmbeddedBroker.PARTITIONS) == rows


@pytest.mark.parametrize(
    "code",
    [
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError._DESTROY,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.UNKNOWN,
    ],
)
def test_a_leader_that_changes_is_waited_for(
    broker: EmbeddedBroker, topic: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that starts just after its broker, or while a partition moves or its broker dies, asks again."""
    fill(broker, topic, 100)
    failures = [KafkaException(KafkaError(code))] * 2
    list_offsets = AdminClient.list_offsets

    def answer(client: AdminClient, places: Any, **options: Any) -> Any:  # noqa: ANN401 - the client's
        if not failures:
            return list_offsets(client, places, **options)
        failed: Future[None] = Future()
        failed.set_exception(failures.pop())
        return dict.fromkeys(places, failed)

    said: list[str] = []
    source = KafkaSource(broker.settings, Topics((topic,)), "streaming", 0)
    monkeypatch.setattr(AdminClient, "list_offsets", answer)
    with contextlib.closing(source):
        found = source.watermarks(said.append, lambda: False)
    assert found == dict.fromkeys(range(4), Watermarks(0, 26))
    [line] = said
    assert "trying again" in line


def test_latest_begins_at_the_end(broker: EmbeddedBroker, topic: str) -> None:
    """With auto.offset.reset=latest what is there is not read; the header still is known."""
    fill(broker, topic, 100)
    settings = {**broker.settings, "auto.offset.reset": "latest"}
    write_regression(sr.io.kafka.read(settings, topic, schema=Point, mode="static"))
    assert sr.run(processes=0).rows == 0
    assert inserted("rows.csv", "x", "y") == []


def test_a_broker_that_cannot_be_reached_is_waited_for(folder: Path, nobody: str) -> None:
    """One line names bootstrap.servers and the address, once; SIGINT ends the waiting cleanly."""
    with Child("kafka", folder, SERVERS=nobody, TOPIC="points") as program:
        program.wait_until(lambda: "trying again" in program.said)
        # Long enough for some more attempts, which must not be told of again.
        until = time.monotonic() + 1
        program.wait_until(lambda: time.monotonic() > until)
        program.signal(signal.SIGINT)
        program.finish(5)
        [line, end] = program.said.splitlines()
    assert nobody in line
    assert "check bootstrap.servers" in line
    assert end == "ended by SIGINT"
    assert not (folder / "rows.csv").exists()


def test_the_wait_for_a_broker_can_be_stopped(nobody: str) -> None:
    """The hooks are asked while nothing results, too."""
    write_regression(sr.io.kafka.read({"bootstrap.servers": nobody}, "points", schema=Point))
    told: list[sr.Progress] = []
    summary = sr.run(processes=0, progress=told.append, stop=lambda _: len(told) > 1)
    assert (summary.ended_by, summary.rows) == ("stop", 0)


def test_an_unknown_topic_is_named(broker: EmbeddedBroker) -> None:
    """It is not waited for: the error names the topic, the broker, and what to do."""
    write_regression(sr.io.kafka.read(broker.settings, "no-such-topic", schema=Point))
    with pytest.raises(sr.SourceError, match=r"'no-such-topic' at 127\.0\.0\.1:\d+: .*topic"):
        sr.run()


@pytest.mark.parametrize(
    ("name", "value"), [("no.such.setting", "1"), ("fetch.wait.max.ms", "soon")]
)
def test_an_unknown_setting_is_named(broker: EmbeddedBroker, name: str, value: str) -> None:
    """The error names the one that librdkafka does not know, or that is no number, as early as that is known."""
    settings = {**broker.settings, name: value}

    def read() -> None:
        write_regression(sr.io.kafka.read(settings, "points", schema=Point))
        sr.run()

    with pytest.raises(sr.ConfigurationError, match=f"rdkafka_settings: .*{name}"):
        read()


def test_secrets_are_not_shown(broker: EmbeddedBroker, nobody: str) -> None:
    """A password stands in no error, whatever it is about."""
    settings = {"bootstrap.servers": nobody, "sasl.password": "hunter2", "no.such.setting": "1"}
    t = sr.io.kafka.read(settings, "points", schema=Point)
    assert "hunter2" not in repr(t)
    write_regression(t)
    with pytest.raises(sr.ConfigurationError) as found:
        sr.run()
    assert "hunter2" not in str(found.value)
