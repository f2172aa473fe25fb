"""`streamreg replay-rejects`: what a run rejected goes out again, as it was."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, Producer, TopicPartition

import streamreg as sr
from streamreg._cli import main
from streamreg._kafka.mock_broker import EmbeddedBroker
from streamreg._rejects.dead_letters import dead_letter_lines
from streamreg._rejects.reject import Reject
from streamreg._source.messages import Location

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as broker:
        yield broker


class Points(sr.Schema):
    x: float
    y: float


def read(broker: EmbeddedBroker, topic: str, partition: int, count: int) -> list[Message]:
    consumer = Consumer({**broker.settings, "group.id": "test"})
    consumer.assign([TopicPartition(topic, partition, 0)])
    messages: list[Message] = []
    deadline = time.monotonic() + 30
    while len(messages) < count and time.monotonic() < deadline:
        messages += consumer.consume(count - len(messages), 0.5)
    consumer.close()
    assert [message.error() for message in messages] == [None] * count
    return messages


def dead_letters(path: Path, partitions: Sequence[int], size: int = 0) -> Path:
    rejects = [
        Reject(
            Location(p, i, None), "null" if i % 2 else "field-count", None, "", b"%d " % i * size
        )
        for i, p in enumerate(partitions)
    ]
    path.write_bytes(b"".join(dead_letter_lines("t", rejects)))
    return path


def replay(broker: EmbeddedBroker, topic: str, path: Path, *more: str) -> int:
    broker.create_topic(topic)
    servers = ["--bootstrap-servers", broker.bootstrap_servers]
    return main(["replay-rejects", str(path), "--topic", topic, *servers, *more])


def test_what_a_run_rejects_comes_back_as_it_was(
    embedded: EmbeddedBroker, tmp_path: Path, capsys: Capture
) -> None:
    """Value, key and headers are those of the rejected message, byte for byte."""
    embedded.create_topic("points")
    sent: list[tuple[bytes, bytes | None, list[tuple[str, bytes | None]]]] = [
        (b"1", b"key", [("trace", b"abc"), ("trace", b"\xff"), ("none", None)]),
        (b"\xff\xfe", b"\x00\xff", []),
        ("ü,\u2028".encode(), None, []),
        (b"", b"", [("", b"")]),
    ]
    producer = Producer(embedded.settings)
    for value, key, headers in [(b"1,2", b"good", []), *sent]:
        producer.produce("points", value, key=key, headers=list(headers), partition=2)
    assert producer.flush(30) == 0
    table = sr.io.kafka.read(
        embedded.settings, "points", schema=Points, mode="static", header=["x", "y"]
    )
    sr.io.csv.write(table, tmp_path / "rows.csv")
    path = tmp_path / "rejects.jsonl"
    assert sr.run(processes=0, rejects=path).rows == 1
    assert replay(embedded, "again", path, "--same-partition") == 0
    assert capsys.readouterr().err == "streamreg: 4 messages sent to again\n"
    found = read(embedded, "again", 2, len(sent))
    assert [(m.value(), m.key(), m.headers() or []) for m in found] == sent


def test_only_what_is_asked_for_is_sent(
    embedded: EmbeddedBroker, tmp_path: Path, capsys: Capture
) -> None:
    """--reason, --skip and --limit choose, in this order; a dry run counts the same and sends nothing."""
    path = dead_letters(tmp_path / "rejects.jsonl", [1] * 10, size=1)
    chosen = ["--reason", "null", "--skip", "1", "--limit", "3"]
    assert main(["replay-rejects", str(path), "--dry-run", *chosen]) == 0
    out = capsys.readouterr().out
    assert out == f"{path}: 10 messages, of which 3 would be sent (null 3)\n"
    assert replay(embedded, "chosen", path, "--same-partition", *chosen) == 0
    assert [m.value() for m in read(embedded, "chosen", 1, 3)] == [b"3 ", b"5 ", b"7 "]


def test_nothing_is_sent_unless_all_can_be(
    embedded: EmbeddedBroker, tmp_path: Path, capsys: Capture
) -> None:
    """A bad line, or a partition that is not there, is found before the first message goes out."""
    path = dead_letters(tmp_path / "rejects.jsonl", [0, EmbeddedBroker.PARTITIONS])
    assert replay(embedded, "untouched", path, "--same-partition") == 1
    assert f"{path}:2: partition 4, but the topic has only 4" in capsys.readouterr().err
    path.write_bytes(path.read_bytes() + b"{}\n")
    assert replay(embedded, "untouched", path) == 1
    assert f"{path}:3: has neither value" in capsys.readouterr().err
    consumer = Consumer({**embedded.settings, "group.id": "test"})
    for partition in range(EmbeddedBroker.PARTITIONS):
        place = TopicPartition("untouched", partition)
        assert consumer.get_watermark_offsets(place, timeout=10) == (0, 0)
    consumer.close()


def test_a_message_too_large_is_a_clear_error(
    embedded: EmbeddedBroker, tmp_path: Path, capsys: Capture
) -> None:
    """A message beyond what the client sends is refused by name, and how many went out is said."""
    path = dead_letters(tmp_path / "rejects.jsonl", [0, 0], size=100_000)
    assert replay(embedded, "large", path, "--setting", "message.max.bytes=150000") == 1
    err = capsys.readouterr().err
    assert "a message was not delivered to large: " in err
    assert "too large" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "--dry-run"),
        (["--topic", "t"], "--bootstrap-servers"),
        (["--reason", "nul"], "--reason"),
        (["--limit", "-1"], "--limit"),
        (["--dry-run", "--setting", "message.max.bytes=many"], "message.max.bytes"),
    ],
)
def test_a_wrong_command_sends_nothing(
    tmp_path: Path, capsys: Capture, arguments: list[str], words: str
) -> None:
    """What cannot be understood is one line and code 2."""
    path = dead_letters(tmp_path / "rejects.jsonl", [0])
    assert main(["replay-rejects", str(path), *arguments]) == 2
    assert words in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(embedded: EmbeddedBroker, tmp_path: Path) -> None:
    """An interrupted replay has delivered the first N of what it was to send, and names N."""
    path = dead_letters(tmp_path / "rejects.jsonl", [0] * 50_000)
    embedded.create_topic("stopped")
    # One message at a time, each acknowledged before the next: slow enough to be interrupted.
    slow = ["--setting", "queue.buffering.max.messages=1"]
    command = ["replay-rejects", str(path), "--topic", "stopped", *slow, "--same-partition"]
    servers = ["--bootstrap-servers", embedded.bootstrap_servers]
    with subprocess.Popen(
        [sys.executable, "-m", "streamreg", *command, *servers], stderr=subprocess.PIPE, text=True
    ) as process:
        consumer = Consumer({**embedded.settings, "group.id": "test"})
        place = TopicPartition("stopped", 0)
        deadline = time.monotonic() + 60
        while consumer.get_watermark_offsets(place, timeout=10)[1] < 20:
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        sent = consumer.get_watermark_offsets(place, timeout=10)[1]
        consumer.close()
    assert process.returncode == 0
    text = f"{sent:,} messages sent to stopped of 50,000 (stopped; go on with --skip {sent})\n"
    assert err == f"streamreg: {text}"
