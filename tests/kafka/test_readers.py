"""The two readers of Kafka give the same messages, whatever is in the log, also when one hands over to the other."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

import streamreg as sr
from streamreg._core import HandOverError
from streamreg._kafka.native_reader import NativeReader
from streamreg._kafka.partition_table import PartitionTable
from streamreg._kafka.settings import ReaderChoice
from streamreg._kafka.source import KafkaSource
from streamreg._kafka.switching_reader import SwitchingReader
from streamreg._kafka.topics import Topics
from streamreg._source.contract import Batch, Range, Reader
from tests.support.kafka.broker import KafkaBroker

READERS = ("native",)
"""Which settings the broker gives: tests here choose their readers themselves."""
PARTITIONS = 3


class Number(sr.Schema):
    """What a message holds."""

    x: float


Seen = dict[tuple[int, int], tuple[object, ...]]
"""Partition and offset: all that a message carries."""


def ranges_of(source: KafkaSource) -> dict[int, Range]:
    """All that the topic holds now."""
    found = source.watermarks(pytest.fail, lambda: False)
    return {p: Range(each.low, each.high, untouched=True) for p, each in found.items()}


def messages(batch: Batch) -> Iterator[tuple[tuple[int, int], tuple[object, ...]]]:
    """Those of a batch, by each way in which they can be asked for."""
    places = zip(batch.partitions(), batch.offsets(), strict=True)
    for index, (value, place) in enumerate(zip(batch.values, places, strict=True)):
        at, carried = batch.locate(index), batch.envelope(index)
        assert (at.partition, at.offset) == place
        assert batch.values[index] == value
        yield (
            (at.partition, at.offset),
            (at.timestamp, carried.key, tuple(carried.headers), value),
        )


def read(reader: Reader, ranges: Mapping[int, Range]) -> tuple[Seen, set[tuple[int, int]]]:
    """The messages of these ranges, and the places of the first ones among them; each batch goes on where one ended."""
    next_offsets = {p: each.start for p, each in ranges.items()}
    seen: Seen = {}
    firsts: set[tuple[int, int]] = set()
    with closing(reader):
        while any(next_offsets[p] < each.end for p, each in ranges.items() if each.end is not None):
            batch = reader.read(0.5)
            if batch is None:
                continue
            found = list(messages(batch))
            firsts |= {found[index][0] for index in batch.firsts.values()}
            for (partition, offset), carried in found:
                start, end = batch.progress[partition]
                assert start <= offset < end
                assert (partition, offset) not in seen
                seen[partition, offset] = carried
            for partition, (start, end) in batch.progress.items():
                assert start == next_offsets[partition]
                next_offsets[partition] = end
            assert set(batch.leader_epochs) <= set(batch.progress)
    return seen, firsts


class HandsOver:
    """A native reader that gives up after some batches."""

    def __init__(self, native: NativeReader, batches: int) -> None:
        self._native = native
        self._batches = batches
        self.log_ends, self.close = native.log_ends, native.close

    def read(self, timeout: float) -> Batch | None:
        if not self._batches:
            raise HandOverError("it is told to")
        batch = self._native.read(timeout)
        self._batches -= batch is not None
        return batch


def by_both(
    settings: Mapping[str, str], topic: str, rng: random.Random
) -> dict[str, tuple[Seen, set[tuple[int, int]]]]:
    """Reads all, and parts of it, by both readers and by both in turns."""
    sources = {
        name: KafkaSource({**settings}, Topics((topic,)), "static", 0, name)
        for name in ("client", "native")
    }
    for source in sources.values():
        assert source.pin(None, pytest.fail, lambda: False)
    told: list[str] = []

    def native(ranges: Mapping[int, Range]) -> Reader:
        return sources["native"].native_reader(ranges)

    def client(ranges: Mapping[int, Range]) -> Reader:
        return sources["client"].reader(ranges, pytest.fail)

    def hands_over(ranges: Mapping[int, Range]) -> Reader:
        return HandsOver(sources["native"].native_reader(ranges), rng.randint(0, 2))

    try:
        whole = ranges_of(sources["native"])
        parts = {
            p: Range(low, rng.randint(low, each.end or 0), untouched=True)
            for p, each in whole.items()
            for low in [rng.randint(each.start, each.end or 0)]
        }
        in_turns = SwitchingReader(topic, whole, hands_over, client, told.append, again=0.0)
        return {
            "before": read(client(whole), whole),
            "native": read(native(whole), whole),
            "in turns": read(in_turns, whole),
            "native part": read(native(parts), parts),
            "client part": read(client(parts), parts),
            "after": read(client(whole), whole),
        }
    finally:
        assert len(told) <= 1
        for source in sources.values():
            source.close()


def assert_same(settings: Mapping[str, str], topic: str, rng: random.Random) -> Seen:
    """Both readers find the same in a log that nothing changes meanwhile; returns all that is in it."""
    found = by_both(settings, topic, rng)
    while found["before"] != found["after"]:  # The broker compacts: it ends, as nobody writes.
        found = by_both(settings, topic, rng)
    assert found["native"] == found["before"]
    assert found["in turns"] == found["before"]
    assert found["native part"] == found["client part"]
    return found["before"][0]


def carried(rng: random.Random) -> dict[str, Any]:
    """A message: value, key and headers, each of which may be none."""
    key = rng.choice([None, b"", b"k%d" % rng.randrange(20)])
    value = rng.choice([None, b"", rng.randbytes(rng.randrange(200))])
    names = [rng.choice(["", "a", "ä", "unit"]) for _ in range(rng.choice([0, 0, 1, 3]))]
    return {
        "key": key,
        "value": value,
        "headers": [(name, rng.choice([None, b"", b"v"])) for name in names],
        "timestamp": rng.choice([0, 1, rng.randrange(1 << 40)]),
    }


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("time", ["CreateTime", "LogAppendTime"])
def test_differential_codecs(broker: KafkaBroker, topic: str, codec: str, time: str) -> None:
    """Batches of any codec, with keys, headers, tombstones and times of the producer or the broker."""
    rng = random.Random(f"{codec} {time}")
    broker.create_topic(topic, PARTITIONS, {"message.timestamp.type": time, "retention.ms": "-1"})
    producer = Producer({**broker.plaintext, "compression.type": codec, "linger.ms": 5})
    for _ in range(3000):
        producer.produce(topic, partition=rng.randrange(PARTITIONS), **carried(rng))
        if rng.random() < 0.01:
            producer.flush()
    producer.flush()
    assert len(assert_same(broker.plaintext, topic, rng)) == 3000


@pytest.mark.parametrize("isolation", ["read_committed", "read_uncommitted"])
def test_differential_transactions(broker: KafkaBroker, topic: str, isolation: str) -> None:
    """Transactions of several producers, interleaved, committed and aborted, between plain messages."""
    rng = random.Random(isolation)
    broker.create_topic(topic, PARTITIONS, {"retention.ms": "-1"})
    settings = broker.plaintext
    plain = Producer(settings)
    producers = [Producer({**settings, "transactional.id": f"{topic}-{n}"}) for n in range(3)]
    for producer in producers:
        producer.init_transactions(60)
    for _ in range(25):
        for producer in producers:
            producer.begin_transaction()
            producer.produce(topic, partition=rng.randrange(PARTITIONS), **carried(rng))
        for _ in range(rng.randrange(40)):
            producer = rng.choice([plain, *producers])
            producer.produce(topic, partition=rng.randrange(PARTITIONS), **carried(rng))
            if rng.random() < 0.2:
                producer.flush()
        plain.flush()
        for producer in rng.sample(producers, len(producers)):
            # In the log before the transaction ends, so that an abort leaves them there.
            assert producer.flush(60) == 0
            rng.choice([producer.commit_transaction, producer.abort_transaction])(60)
    seen = assert_same({**settings, "isolation.level": isolation}, topic, rng)
    assert seen


def test_differential_gaps(broker: KafkaBroker, topic: str) -> None:
    """A log with holes of compaction, whose beginning was deleted."""
    rng = random.Random(1)
    config = {
        "cleanup.policy": "compact,delete",
        "retention.ms": "-1",
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "100",
        "delete.retention.ms": "0",
    }
    broker.create_topic(topic, 1, config)
    producer = Producer({**broker.plaintext})
    sent = 0
    source = KafkaSource(broker.plaintext, Topics((topic,)), "static", 0, "client")
    with closing(source):
        source.pin(None, pytest.fail, lambda: False)
        for _ in range(120):
            for _ in range(50):
                producer.produce(topic, key=b"k%d" % rng.randrange(30), value=b"%d" % sent)
                sent += 1
            producer.flush()
            ranges = ranges_of(source)
            seen, _ = read(source.reader(ranges, pytest.fail), ranges)
            if len(seen) < sent // 2 and sent > 1000:
                break
        else:
            pytest.fail("the broker did not compact the log")
    admin = AdminClient({**broker.plaintext})
    end = sent // 2
    [deleted] = admin.delete_records([TopicPartition(topic, 0, end)]).values()
    deleted.result()
    found = assert_same(broker.plaintext, topic, rng)
    assert found
    assert min(offset for _, offset in found) >= end


def test_differential_sizes(broker: KafkaBroker, topic: str) -> None:
    """Messages of up to ten megabytes between small ones, of batches that are larger than a response may be."""
    rng = random.Random(2)
    broker.create_topic(topic, PARTITIONS, {"max.message.bytes": str(12 << 20)})
    producer = Producer({**broker.plaintext, "message.max.bytes": 12 << 20, "linger.ms": 0})
    sizes = [rng.choice([1, 100, 50_000, 2 << 20, 10 << 20]) for _ in range(40)]
    for size in sizes:
        producer.produce(topic, partition=rng.randrange(PARTITIONS), value=rng.randbytes(size))
        producer.flush()
    seen = assert_same(broker.plaintext, topic, rng)
    assert sorted(len(each[3]) for each in seen.values() if isinstance(each[3], bytes)) == sorted(
        sizes
    )


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
