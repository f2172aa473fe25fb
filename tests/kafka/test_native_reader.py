"""The native reader of Kafka: it comes to the end, logs in again, waits, and hands over what it cannot do."""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from confluent_kafka import Producer

import streamreg as sr
from streamreg._core import HandOverError
from streamreg._kafka.native_reader import NativeReader
from streamreg._kafka.partition_table import PartitionTable
from streamreg._kafka.settings import ReaderChoice
from streamreg._kafka.source import KafkaSource
from streamreg._kafka.topics import Topics
from streamreg._source.contract import Range
from streamreg._worker.notices import Notices
from tests.support.kafka.both_readers import ranges_of
from tests.support.kafka.broker import KafkaBroker

READERS = ("native",)
"""Which settings the broker gives: tests here choose their readers themselves."""


class Number(sr.Schema):
    """What a message holds."""

    x: float


@pytest.mark.parametrize("listener", ["plaintext", "sasl_ssl"])
def test_the_native_reader_reads(broker: KafkaBroker, topic: str, listener: str) -> None:
    """It comes to the end by itself, by TLS and SCRAM too, and tells where the log ends."""
    broker.create_topic(topic)
    producer = Producer({**broker.plaintext})
    for number in range(100):
        producer.produce(topic, value=b"%d" % number)
    producer.flush()
    settings = getattr(broker, listener)
    source = KafkaSource(settings, Topics((topic,)), "static", 0, "native")
    with closing(source):
        source.pin(None, pytest.fail, lambda: False)
        native = source.native_reader({0: Range(0, None, untouched=True)})
        with closing(native):
            seen: list[bytes | None] = []
            while len(seen) < 100:
                seen += list(getattr(native.read(1.0), "values", ()))
            assert seen == [b"%d" % number for number in range(100)]
            assert native.read(0.05) is None
            assert native.log_ends([0, 1]) == {0: 100}


def read_for(native: NativeReader, seconds: int) -> None:
    """Reads and finds nothing."""
    for _ in range(seconds):
        assert native.read(1.0) is None


Damage = Callable[[dict[str, str]], dict[str, str]]


@pytest.mark.parametrize(
    "damage",
    [
        lambda settings: {**settings, "sasl.password": "wrong"},
        lambda settings: {**settings, "sasl.mechanism": "PLAIN"},
        lambda settings: {k: v for k, v in settings.items() if k != "ssl.ca.location"},
    ],
    ids=["password", "mechanism", "authority"],
)
def test_what_cannot_be_is_handed_over(broker: KafkaBroker, topic: str, damage: Damage) -> None:
    """Whoever is not let in, or does not trust the broker, hands over without a secret in its words."""
    broker.create_topic(topic)
    settings = damage(broker.sasl_ssl)
    native = NativeReader(
        PartitionTable(Topics((topic,))), settings, {0: Range(0, None, untouched=True)}
    )
    with closing(native), pytest.raises(HandOverError) as said:
        read_for(native, 20)
    assert settings["sasl.password"] not in str(said.value)


def test_who_reads_natively_has_no_client(broker: KafkaBroker, topic: str, tmp_path: Path) -> None:
    """A worker that reads natively does not import the client, which takes longer than it needs to start."""

    def client_is_there(_: float) -> bool:
        import sys

        return "confluent_kafka" in sys.modules

    broker.create_topic(topic, 1)
    producer = Producer({**broker.plaintext})
    producer.produce(topic, value=b'{"x": 1.5}')
    producer.flush()
    readers: tuple[ReaderChoice, ...] = ("native", "client")
    for reader in readers:
        t = sr.io.kafka.read(
            broker.plaintext, topic, schema=Number, format="json", mode="static", reader=reader
        )
        there = sr.apply_with_type(client_is_there, bool, t.x)
        sr.io.csv.write(t.select(there=there), tmp_path / f"{reader}.csv")
        sr.run(processes=1)
    assert (tmp_path / "native.csv").read_text().splitlines()[1:] == ["False,0,1"]
    assert (tmp_path / "client.csv").read_text().splitlines()[1:] == ["True,0,1"]


def numbers(native: NativeReader, wanted: int) -> list[bytes | None]:
    """The values of the next messages, so many as are wanted."""
    seen: list[bytes | None] = []
    while len(seen) < wanted:
        seen += list(getattr(native.read(1.0), "values", ()))
    return seen


def test_a_session_that_ends_is_begun_anew(broker: KafkaBroker, topic: str) -> None:
    """A broker that wants clients to log in again (KIP-368) closes the connection; nothing is lost, none hands over."""
    broker.create_topic(topic)
    producer = Producer({**broker.plaintext})
    native = NativeReader(
        PartitionTable(Topics((topic,))), broker.sasl_ssl, {0: Range(0, None, untouched=True)}
    )
    with closing(native):
        until = time.monotonic() + 9.0  # Two sessions and a half.
        sent = 0
        while time.monotonic() < until:
            producer.produce(topic, value=b"%d" % sent)
            producer.flush()
            assert numbers(native, 1) == [b"%d" % sent]
            sent += 1


def test_an_open_transaction_is_waited_for(broker: KafkaBroker, topic: str) -> None:
    """What stands behind the first message of an open transaction is read when that has ended, in its order."""
    broker.create_topic(topic, 1)
    plain = Producer({**broker.plaintext})
    slow = Producer({**broker.plaintext, "transactional.id": topic})
    slow.init_transactions(60)

    def send(producer: Producer, *values: bytes) -> None:
        for value in values:
            producer.produce(topic, value=value)
        producer.flush()

    for end, kept in ((slow.commit_transaction, [b"held"]), (slow.abort_transaction, [])):
        settings = {**broker.plaintext}
        start = KafkaSource(settings, Topics((topic,)), "static", 0, "native")
        with closing(start):
            start.pin(None, pytest.fail, lambda: False)
            begin = ranges_of(start)[0].end or 0
        native = NativeReader(
            PartitionTable(Topics((topic,))), settings, {0: Range(begin, None, untouched=True)}
        )
        with closing(native):
            send(plain, b"before")
            assert numbers(native, 1) == [b"before"]
            slow.begin_transaction()
            send(slow, b"held")
            send(plain, b"behind", b"further behind")
            read_for(native, 2)
            end(60)
            assert numbers(native, 2 + len(kept)) == [*kept, b"behind", b"further behind"]


def test_a_hand_over_is_told_once(
    broker: KafkaBroker,
    topic: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However many workers meet the same trouble: the run says once that the client reads, and why. Nothing is lost."""
    heard: list[str] = []

    class Hearing(Notices):
        def __call__(self, text: str) -> None:
            if "read by the client for " in text:
                heard.append(text)
            super().__call__(text)

    monkeypatch.setattr("streamreg._worker.pool.Notices", Hearing)
    broker.create_topic(topic, 2)
    producer = Producer({**broker.plaintext})

    def send() -> None:
        for partition in (0, 1):
            producer.produce(topic, value=b'{"x": 1.5}', partition=partition)
        producer.flush()

    send()
    with ExitStack() as before, ExitStack() as after:
        before.enter_context(broker.proxy(0.0))

        def come_back() -> None:
            after.enter_context(broker.proxy(0.0))
            send()

        # By rows, and by workers that have handed over.
        steps: dict[tuple[int, int], Callable[[], object]] = {
            (2, 0): before.close,
            (2, 2): come_back,
        }

        def stop(progress: sr.Progress) -> bool:
            step = steps.pop((progress.rows, len(heard)), None)
            if step is not None:
                step()
            return progress.rows == 4

        t = sr.io.kafka.read(broker.far, topic, schema=Number, format="json")
        sr.io.csv.write(t, tmp_path / "rows.csv")
        sr.run(processes=2, stop=stop)
    assert len([line for line in caplog.messages if line in heard]) == 1
