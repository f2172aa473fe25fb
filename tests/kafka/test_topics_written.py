"""Topics that a run writes to, on a real broker: each change once for readers of committed messages."""

import json
import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

import streamreg as sr
from streamreg._cli import main
from streamreg._compile.compile import compile as compile_plan
from streamreg._operate.verify.check import Check
from streamreg._operate.verify.verify import verify
from streamreg._state.snapshot import read as read_state
from streamreg.testing import read
from tests.support.destinations import DEATHS_OF_TOPICS, NAMES, Job, besieged, check, folded, kinds
from tests.support.doctor import failure, findings, job_file
from tests.support.held_run import held_run
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.consumed import changes, consumed, current
from tests.support.kafka.topics import delete_topic

ROWS = 360
SMALL: dict[str, str | int] = {"num.partitions": 2, "replication.factor": 1}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Point(sr.Schema):
    k: str | None
    x: float
    y: float


def table(count: int = 40) -> sr.Table:
    keys = ["a", '"q""r"', "", '""']
    lines = [f"{keys[i % 4]},{i},{i * i % 7}".encode() for i in range(count)]
    return read([lines], schema=Point, header=["k", "x", "y"], batch=7)


def steep(t: sr.Table) -> sr.Table:
    """Rows that come and go."""
    fit = t.linear_regression(t.y, t.x, by=t.k, singular="null")
    return fit.filter(fit.x > 0.01)


def write(broker: KafkaBroker, topic: str, count: int = 40) -> list[sr.Output]:
    t = table(count)
    one = t.linear_regression(t.y, t.x, singular="null")
    settings = broker.plaintext
    return [
        sr.io.kafka.write(steep(t), settings, f"{topic}-log", create=SMALL),
        sr.io.kafka.write(steep(t), settings, f"{topic}-now", mode="current", create=SMALL),
        sr.io.kafka.write(one, settings, f"{topic}-one", mode="current", create=SMALL),
        sr.io.kafka.write(t, settings, f"{topic}-rows", format="csv", create=SMALL),
    ]


def run(broker: KafkaBroker, topic: str, count: int = 40, state: str | None = "state") -> None:
    sr.run(outputs=write(broker, topic, count), processes=0, state=state)


def found(settings: dict[str, str], topic: str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of all topics of the job."""
    readers = {"changelog": changes, "current": current}
    return {
        f"{name}_{mode}": readers[mode](settings, f"{topic}-{name}_{mode}") for name, mode in NAMES
    }


def rows_so_far(folder: Path) -> int:
    path = folder / "rows.csv"
    return path.read_bytes().count(b"\n") if path.exists() else 0


@contextmanager
def job(broker: KafkaBroker, topic: str, folder: Path) -> Iterator[Job]:
    settings = json.dumps({**broker.plaintext, "reconnect.backoff.max.ms": "500"})
    with Job(
        "kafka", folder, ROWS, SINK_SETTINGS=settings, SINK_TOPIC=topic, PAUSE="0.02"
    ) as process:
        yield process


def test_each_change_is_there_once_whatever_dies(
    broker: KafkaBroker, topic: str, folder: Path
) -> None:
    """After a death at every step folded changelogs are the current tables, and these the exact ones."""
    settings = json.dumps(broker.plaintext)
    besieged("kafka", folder, ROWS, DEATHS_OF_TOPICS, SINK_SETTINGS=settings, SINK_TOPIC=topic)
    check(found(broker.plaintext, topic), ROWS, folder)


def test_a_broker_that_goes_away_is_waited_for(
    broker: KafkaBroker, topic: str, folder: Path
) -> None:
    """The run says so once, goes on when it is back, and nothing is lost or doubled."""
    with job(broker, topic, folder) as process:
        process.wait_until(lambda: rows_so_far(folder) > 60, 60)
        broker.kill()
        try:
            process.wait_until(lambda: "waits until it is back" in process.said, 60)
        finally:
            broker.start()
        process.finish(120)
    said = [line.rpartition(": ")[2] for line in process.said.splitlines() if "topic " in line]
    back = [
        line for line in said if line.startswith("it is back, and has everything up to now, after ")
    ]
    assert len(back) == said.count("waits until it is back; its changes are kept in the state")
    check(found(broker.plaintext, topic), ROWS, folder)


def test_differential_changelog_and_current(
    broker: KafkaBroker, topic: str, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A changelog folds to the table as it stands, of keys that are missing and of rows that go; no warning comes."""
    with caplog.at_level(logging.WARNING):
        run(broker, topic, 20)
        run(broker, topic, 40)
    assert [text for text in caplog.messages if "replaces the one" not in text] == []
    settings = broker.plaintext
    log = changes(settings, f"{topic}-log")
    assert folded(log) == Counter(current(settings, f"{topic}-now"))
    assert -1 in [row[-1] for row in log]
    assert len(current(settings, f"{topic}-one")) == 1
    messages = consumed(settings, f"{topic}-now")
    assert {message.key for message in messages} <= {
        b'{"k":null}',
        b'{"k":""}',
        b'{"k":"a"}',
        b'{"k":"q\\"r"}',
    }
    assert None in [message.value for message in messages]
    rows = consumed(settings, f"{topic}-rows")
    assert len(rows) == 40
    assert {message.key for message in rows} == {None}
    assert {message.key for message in consumed(settings, f"{topic}-one")} == {b"{}"}


def test_types_are_kept(broker: KafkaBroker, topic: str, folder: Path) -> None:
    """Numbers have all their digits, in JSON what it has no numbers for is text, and what is missing is null."""
    rows = [
        b'-9223372036854775808,0.1,True,"a,""b""\nc\xc3\xa9",AAH/,2026-01-01T00:00:00.000001Z,PT1.5S,1e300',
        b'7,-12345678901234567890.123,False,"",,9999-12-31T23:59:59Z,PT0S,',
    ]
    t = kinds([rows])
    nan = sr.apply_with_type(lambda i: float("nan") if i < 0 else float("-inf"), float, t.i)
    t = t.select(*sr.this, nan=nan)
    outputs = [
        sr.io.kafka.write(
            t, broker.plaintext, f"{topic}-{format}", key=["s", "i"], format=format, create={}
        )
        for format in ("json", "csv")
    ]
    sr.run(outputs=outputs, processes=0)
    first, second = consumed(broker.plaintext, f"{topic}-json")
    assert first.key == '{"s":"a,\\"b\\"\\ncé","i":-9223372036854775808}'.encode()
    assert (
        first.value
        == (
            '{"i":-9223372036854775808,"d":0.1,"b":true,"s":"a,\\"b\\"\\ncé","raw":"AAH/",'
            '"at":"2026-01-01T00:00:00.000001Z","lasted":"PT1.5S","f":1e+300,"nan":"NaN","time":0,"diff":1}'
        ).encode()
    )
    assert second.value is not None
    assert json.loads(second.value, parse_float=str) == {
        "i": 7,
        "d": "-12345678901234567890.123",
        "b": False,
        "s": "",
        "raw": "",
        "at": "9999-12-31T23:59:59Z",
        "lasted": "PT0S",
        "f": None,
        "nan": "-Infinity",
        "time": 0,
        "diff": 1,
    }
    _, last = consumed(broker.plaintext, f"{topic}-csv")
    assert last.key == b'"",7'
    assert last.value is not None
    assert last.value.startswith(b'7,-12345678901234567890.123,False,"",')
    assert last.value.endswith(b",-inf,0,1")


def test_what_cannot_be_written_is_told_at_the_start(
    broker: KafkaBroker, topic: str, folder: Path
) -> None:
    """A topic that is not there or not empty, a wrong password, a name that is none: one line each, nothing sent."""

    def refused(settings: dict[str, str], name: str, **options: Any) -> str:  # noqa: ANN401 - of `write`
        output = sr.io.kafka.write(table(), settings, name, **options)
        with pytest.raises((sr.OutputError, sr.ConfigurationError)) as caught:
            sr.run(outputs=[output], processes=0, state="state")
        return str(caught.value)

    assert f"topic {topic} at {broker.plaintext['bootstrap.servers']} is not there: make it" in (
        refused(broker.plaintext, topic)
    )
    producer = Producer(broker.plaintext)
    broker.create_topic(topic)
    producer.produce(topic, b"somebody's")
    assert producer.flush(30) == 0
    assert "holds something already, and there is no state" in refused(broker.plaintext, topic)
    wrong = {**broker.sasl_ssl, "sasl.password": "guessed-wrong"}
    text = refused(wrong, topic)
    assert "check sasl.username, sasl.password and sasl.mechanism" in text
    assert "guessed-wrong" not in text
    assert "check create=" in refused(
        broker.plaintext, f"{topic}-new", create={"no.such.setting": "1"}
    )
    assert "num.partitons" in refused({**broker.plaintext, "num.partitons": "1"}, topic)
    assert len(consumed(broker.plaintext, topic)) == 1


def test_the_older_of_two_runs_ends(
    broker: KafkaBroker, topic: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs of one transactional id: the first is fenced, and says so; of one state there is no second run."""
    failed: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: failed.append(args.exc_value))
    settings = {**broker.plaintext, "transactional.id": f"{topic}-id"}
    with held_run(table(), lambda t: sr.io.kafka.write(t, settings, topic, create={})):
        newer = sr.io.kafka.write(table(), settings, topic)
        assert sr.run(outputs=[newer], processes=0, state="second").rows == 40
    (error,) = failed
    assert isinstance(error, sr.OutputError), error
    assert f"another run with the transactional id '{topic}-id' has begun" in str(error)
    assert len(consumed(broker.plaintext, topic)) == 40
    third = sr.io.kafka.write(table(), settings, topic)
    with pytest.raises(sr.OutputError, match="holds the changes of a run, and there is no state"):
        sr.run(outputs=[third], processes=0, state="third")


def test_a_topic_of_another_time_is_refused(broker: KafkaBroker, topic: str, folder: Path) -> None:
    """One that was deleted, or made again, is not what the state has left."""
    run(broker, topic, 20)
    delete_topic(broker.plaintext, f"{topic}-now")
    with pytest.raises(sr.OutputError, match=rf"topic {topic}-now is gone or empty"):
        run(broker, topic, 40)
    broker.create_topic(f"{topic}-now")
    with pytest.raises(sr.OutputError, match=rf"topic {topic}-now is gone or empty"):
        run(broker, topic, 40)


def checks(broker: KafkaBroker, topic: str) -> dict[str, Check]:
    plan = compile_plan(write(broker, topic))
    checks = verify(plan, read_state(Path("state")), None, report=print, tell=lambda *_: None)
    return {check.subject: check for check in checks}


def test_topics_are_verified(broker: KafkaBroker, topic: str, folder: Path) -> None:
    """What stands in them is compared with what was read; a message of somebody else is found out."""
    run(broker, topic)
    compared = checks(broker, topic)
    assert [str(c) for c in compared.values() if c.difference or not c.compared] == []
    assert {
        f"topic {topic}-log, its changes folded",
        f"topic {topic}-now, its changes folded",
        f"topic {topic}-rows, its rows",
    } <= compared.keys()
    producer = Producer(broker.plaintext)
    producer.produce(f"{topic}-now", b'{"k":"z","intercept":1,"x":2}', b"z", headers={"time": b"0"})
    producer.produce(f"{topic}-rows", b"a,b,c,0,1", headers={"time": b"0"})
    producer.produce(f"{topic}-one", b"junk", b"{}")
    assert producer.flush(30) == 0
    different = {subject for subject, c in checks(broker, topic).items() if c.difference}
    assert different == {
        f"topic {topic}-now, its changes folded",
        f"topic {topic}-rows, its rows",
        f"topic {topic}-one, its changes folded",
    }


def test_a_job_file(broker: KafkaBroker, topic: str, folder: Path) -> None:
    """It is examined, run and verified, and its topic can be read as one of rows that are replaced."""
    broker.create_topic(topic)
    producer = Producer(broker.plaintext)
    for value in (b"y,x", b"1,2", b"3,3"):
        producer.produce(topic, value)
    assert producer.flush(30) == 0
    text = job_file(broker.plaintext, topic).read_text().partition("[output]")[0]
    path = folder / "job.toml"
    line = f'[[output]]\nsink = "kafka"\ntopic = "{topic}-line"\nmode = "current"\n'
    path.write_text(text + line)
    assert "is not there: make it" in failure(path).text
    for setting, words in [
        ("replication.factor = 3", "check replication.factor in create="),
        ("retention.msec = 3", "retention.msec"),
        ('retention.ms = "long"', "retention.ms"),
    ]:
        path.write_text(text + line + f"[output.create]\n{setting}\n")
        assert words in failure(path).text
    path.write_text(text + line + "[output.create]\nnum.partitions = 1\n")
    assert findings(path)["outputs"].text == f"topic {topic}-line: can be written"
    for command in ("run", "doctor", "verify"):
        assert main([command, str(path)]) == 0
    (message,) = consumed(broker.plaintext, f"{topic}-line")
    assert (message.key, message.value) == (b"{}", b'{"intercept":-3.0,"x":2.0}')
