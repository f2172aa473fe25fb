"""Rejects in a topic: each is sent once, as it was, with the reason and its place in headers."""

import json
import logging
from pathlib import Path
from typing import Any, cast

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition

import streamreg as sr
from streamreg._cli import main
from streamreg._source.messages import Headers
from streamreg._state.snapshot import read as read_state
from streamreg._state.store import Store
from tests.support import outbox_faults
from tests.support.doctor import failure, findings, job_file
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.command import streamreg
from tests.support.kafka.consumed import consumed
from tests.support.kafka.numbered import HEADER, message, rows_so_far
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import job_environment
from tests.support.kafka.siege import Siege

STATE = Path("state")
ROWS = 200


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Point(sr.Schema):
    x: float
    y: float


def messages(settings: dict[str, str], topic: str) -> list[Message]:
    """All committed messages of a topic with one partition."""
    found: list[Message] = []
    client = Consumer(
        {
            **settings,
            "group.id": "reader",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
        }
    )
    client.assign([TopicPartition(topic, 0, 0)])
    while True:
        each = client.poll(30)
        assert each is not None
        if each.error() is not None:
            break
        found.append(each)
    client.close()
    return found


def send(broker: KafkaBroker, topic: str) -> None:
    """A header, a row, and three messages that are none, with keys, headers and times."""
    producer = Producer(broker.plaintext)
    sent: list[tuple[bytes, bytes | None, list[tuple[str, str | bytes | None]], int]] = [
        (b"x,y", None, [], 1_000),
        (b"1,2", b"k", [("own", b"1")], 2_000),
        (b"1,?", b"k", [("own", b"1"), ("own", None)], 3_000),
        (b"\xff", None, [], 4_000),
        (b"1", b"\xfe", [], 5_000),
    ]
    for value, key, headers, at in sent:
        producer.produce(topic, value, key, headers=headers, timestamp=at)
    assert producer.flush(30) == 0


def run(broker: KafkaBroker, topic: str, rejects: Any, state: Path | None = STATE) -> sr.Summary:  # noqa: ANN401
    sr.clear()
    t = sr.io.kafka.read(broker.plaintext, topic, schema=Point, mode="static")
    sr.io.csv.write(t, "rows.csv")
    return sr.run(processes=0, state=state, rejects=rejects)


def headers(each: Message) -> list[tuple[str, bytes | None]]:
    return list(cast("Headers", each.headers() or ()))


def test_each_is_the_message_with_its_reason(
    broker: KafkaBroker, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Key, value, time and headers are its own; ours stand behind; and a replay sends it as it was."""
    broker.create_topic(topic)
    send(broker, topic)
    dead = f"{topic}-dead"
    assert run(broker, topic, {"topic": dead, "create": {"num.partitions": 1}}).rows == 1
    first, second, third = messages(broker.plaintext, dead)
    assert (first.key(), first.value(), first.timestamp()[1]) == (b"k", b"1,?", 3_000)
    assert headers(first) == [
        ("own", b"1"),
        ("own", None),
        ("streamreg.number", b"1"),
        ("streamreg.reason", b"invalid-number"),
        ("streamreg.column", b"y"),
        ("streamreg.detail", dict(headers(first))["streamreg.detail"]),
        ("streamreg.topic", topic.encode()),
        ("streamreg.partition", b"0"),
        ("streamreg.offset", b"2"),
        ("streamreg.timestamp", b"3000"),
    ]
    assert (second.key(), second.value()) == (None, b"\xff")
    assert (third.key(), third.value()) == (b"\xfe", b"1")
    # The next run goes on: nothing is sent again.
    send(broker, topic)
    assert sum(run(broker, topic, {"topic": dead}).rejects.values()) == 7
    numbers = [dict(headers(each))["streamreg.number"] for each in messages(broker.plaintext, dead)]
    assert numbers == [b"%d" % n for n in range(1, 8)]
    again = f"{topic}-again"
    broker.create_topic(again)
    servers = ["--bootstrap-servers", broker.plaintext["bootstrap.servers"]]
    assert main(["replay-rejects", "--from-topic", dead, "--dry-run", *servers]) == 0
    chosen = ["--skip", "1", "--limit", "2"]
    assert main(["replay-rejects", "--from-topic", dead, "--topic", again, *servers, *chosen]) == 0
    back = messages(broker.plaintext, again)
    assert [(each.key(), each.value(), headers(each)) for each in back] == [
        (None, b"\xff", []),
        (b"\xfe", b"1", []),
    ]
    assert main(["replay-rejects", "--from-topic", again, "--dry-run", *servers]) == 1
    assert main(["replay-rejects", "--from-topic", f"{topic}-none", "--dry-run", *servers]) == 1


def test_without_a_state_they_are_sent_too(broker: KafkaBroker, topic: str) -> None:
    """A topic that holds those of another run is refused."""
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-dead")
    send(broker, topic)
    run(broker, topic, {"topic": f"{topic}-dead", "rdkafka_settings": broker.plaintext}, None)
    assert len(messages(broker.plaintext, f"{topic}-dead")) == 3
    Path("rows.csv").unlink()
    with pytest.raises(sr.OutputError, match=f"topic {topic}-dead holds"):
        run(broker, topic, {"topic": f"{topic}-dead"}, None)


@pytest.mark.parametrize(
    ("rejects", "why"),
    [
        ({}, "topic: expected the name"),
        ({"topic": 7}, "topic: expected the name"),
        ({"topic": "a", "file": "b"}, "'file': expected one of"),
        ({"topic": "a", "create": {"num.partitions": 0}}, "num.partitions"),
        ({"topic": "a", "rdkafka_settings": {}}, "bootstrap.servers"),
        (7, "expected a path"),
    ],
    ids=str,
)
def test_what_cannot_be_is_named(
    broker: KafkaBroker, topic: str, rejects: object, why: str
) -> None:
    """Before anything is read."""
    with pytest.raises(sr.ConfigurationError, match=why):
        run(broker, topic, rejects)


def test_a_job_changes_where_its_rejects_go(
    broker: KafkaBroker, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    """From a file to a topic and back: each holds those of its time, and the log says so."""
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-dead")
    dead = {"topic": f"{topic}-dead"}
    for rejects in ("rejects.jsonl", dead, dead):
        send(broker, topic)
        run(broker, topic, rejects)
    assert f"rejects are written to topic {topic}-dead from now on" in caplog.text
    found = messages(broker.plaintext, f"{topic}-dead")
    assert dict(headers(found[0]))["streamreg.number"] == b"4"
    assert len(found) == 8
    assert len(Path("rejects.jsonl").read_text().splitlines()) == 3


def siege_of(broker: KafkaBroker, topic: str, folder: Path) -> Siege:
    environment = job_environment(
        settings=broker.plaintext, topic=topic, autocommit_ms=20, processes=1
    )
    environment["JOB_REJECTS_TOPIC"] = f"{topic}-dead"
    return Siege(folder, environment, broker, seed=0)


def test_each_is_sent_once_whatever_dies(
    broker: KafkaBroker, topic: str, produce: Produce, folder: Path
) -> None:
    """After a death at every step of a delivery, read by a client that knows nothing of it."""
    broker.create_topic(topic, 2)
    broker.create_topic(f"{topic}-dead", 3)
    produce(topic, [HEADER])
    siege = siege_of(broker, topic, folder)
    seq = iter(range(10**6))
    junk = 0

    def send() -> None:
        nonlocal junk
        for partition in range(2):
            values = [message(next(seq)) for _ in range(ROWS)]
            values[::20] = [b"junk %d" % n for n in range(junk, junk + len(values[::20]))]
            junk += len(values[::20])
            produce(topic, values, partition)

    for step in outbox_faults.CLOSING:
        send()
        siege.die_at(step, 1)
    send()
    with siege.job() as process:
        siege.until(lambda: kept_rejects(folder) == junk, "rejects are missing")
        siege.finish(1, process)
    found = consumed(broker.plaintext, f"{topic}-dead")
    assert sorted(each.value or b"" for each in found) == sorted(
        b"junk %d" % n for n in range(junk)
    )
    numbers = sorted(int(each.headers["streamreg.number"]) for each in found)
    assert numbers == list(range(1, junk + 1))
    places = {
        (each.headers["streamreg.partition"], each.headers["streamreg.offset"]) for each in found
    }
    assert len(places) == junk
    assert rows_so_far(folder) > 0


def kept_rejects(folder: Path) -> int:
    """Of the last checkpoint that a run has saved."""
    return sum(read_state(folder / "state").rejects.values())


def test_the_commands_know_the_topic(
    broker: KafkaBroker, topic: str, produce: Produce, folder: Path
) -> None:
    """Job files, `verify` and `doctor`; what others write there is found."""
    broker.create_topic(topic)
    dead = f"{topic}-dead"
    broker.create_topic(dead)
    produce(topic, ["x,y", "1,2", "2,3", "no row"])
    path = job_file(broker.plaintext, topic, more=f'[rejects]\ntopic = "{dead}"')
    assert {line.status for line in findings(path).values()} <= {"ok", "skip"}
    assert streamreg(folder, "run", "job.toml")[0] == 0
    code, said = streamreg(folder, "verify", "job.toml")
    assert (code, f"topic {dead}, its messages" in said) == (0, True), said
    assert {line.status for line in findings(path).values()} <= {"ok", "skip"}
    code, said = streamreg(folder, "run", "--fresh", "job.toml")
    assert (code, "A fresh start leaves tables and topics as they are" in said) == (1, True), said
    produce(dead, ["not a reject"])
    code, said = streamreg(folder, "verify", "job.toml")
    assert (code, "is no reject of a run" in said) == (1, True), said
    missing = job_file(
        broker.plaintext, topic, output="other.csv",
        more=f'[rejects]\ntopic = "{dead}-none"\n[state]\ndirectory = "other"',
    )  # fmt: skip
    assert failure(missing).check == "outputs"
    assert f"{dead}-none" in failure(missing).text


def test_one_that_goes_away_is_waited_for(
    broker: KafkaBroker, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What waits stands in the state, and the next run sends it."""
    broker.create_topic(topic)
    broker.create_topic(f"{topic}-dead")
    send(broker, topic)

    class Killed(BaseException):
        pass

    saves = 0
    save = Store.save

    def second(store: Store, checkpoint: Any) -> None:  # noqa: ANN401 - a checkpoint
        nonlocal saves
        save(store, checkpoint)
        saves += 1
        if saves == 2:
            raise Killed

    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(Store, "save", second)
        with pytest.raises(Killed):
            run(broker, topic, {"topic": f"{topic}-dead"})
    (waiting,) = read_state(STATE).outbox[f"topic {topic}-dead"]
    assert waiting.lines.count(b"\n") == 3
    assert json.loads(waiting.lines.splitlines()[0].rsplit(b",", 2)[0])["offset"] == 2
    assert messages(broker.plaintext, f"{topic}-dead") == []
    run(broker, topic, {"topic": f"{topic}-dead"})
    assert len(messages(broker.plaintext, f"{topic}-dead")) == 3
