"""The two readers of Kafka give the same messages, whatever is in the log, also when one hands over to the other."""

import random
from contextlib import closing
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from streamreg._kafka.source import KafkaSource
from streamreg._kafka.topics import Topics
from tests.support.kafka.both_readers import assert_same, ranges_of, read
from tests.support.kafka.broker import KafkaBroker

READERS = ("native",)
"""Which settings the broker gives: tests here choose their readers themselves."""
PARTITIONS = 3


def carried(rng: random.Random) -> dict[str, Any]:
    """A message: value, key and headers, each of which may be none."""
    key = rng.choice([None, b"", b"k%d" % rng.randrange(20)])
    number = b'{"x": %d}' % rng.randrange(1000)
    value = rng.choice([None, b"", rng.randbytes(rng.randrange(200)), number, number[:-1]])
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
