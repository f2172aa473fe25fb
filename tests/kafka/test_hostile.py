"""Messages that nobody meant for streamreg."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.outputs import fold, read_changelog, read_rejects
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import job_environment, run_job

PARTITIONS = 2
MESSAGES = 5000  # in each partition
# One message in ten is a good one: between bad ones, it must still be a row.
GOOD_EVERY = 10


def good(format: str, chance: random.Random) -> bytes:
    x, y = chance.uniform(-1e3, 1e3), chance.uniform(-1e3, 1e3)
    return (f"{x!r},{y!r}" if format == "csv" else json.dumps({"x": x, "y": y})).encode()


def noise(_format: str, chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(64))


def mutated(format: str, chance: random.Random) -> bytes:
    """A good message with a few bytes changed, put in or taken out."""
    value = bytearray(good(format, chance))
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(value) + 1)
        value[place : place + chance.randrange(2)] = chance.randbytes(chance.randrange(2))
    return bytes(value)


def huge(_format: str, chance: random.Random) -> bytes:
    """Long digits, quotes, commas and nesting, to the length of a hundred thousand."""
    return chance.choice([b"9", b'"', b",", b"[", b'{"x":', b"\\", b"\xff", b" ", b"1e"]) * 100_000


def hostile(format: str, chance: random.Random) -> bytes:
    kinds: list[Callable[[str, random.Random], bytes]] = [noise, mutated, huge]
    (kind,) = chance.choices(kinds, [100, 100, 1])
    return kind(format, chance)


def stream(format: str, partition: int) -> list[bytes]:
    chance = random.Random(partition)
    return [
        good(format, chance) if i % GOOD_EVERY == 0 else hostile(format, chance)
        for i in range(MESSAGES)
    ]


def counted(path: Path) -> int:
    return int(fold(read_changelog(path, ["n"]))[-1].row[0])


@pytest.mark.parametrize("format", ["csv", "json"])
def test_random_bytes_do_not_stop_the_run(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path, format: str
) -> None:
    """Every message is either a row or a reject, and no good one is rejected."""
    broker.create_topic(topic, PARTITIONS)
    heads = PARTITIONS if format == "csv" else 0
    for partition in range(PARTITIONS):
        head = [b"x,y"] if heads else []
        produce(topic, head + stream(format, partition), partition)
    environment = job_environment(
        settings=broker.plaintext,
        topic=topic,
        format=format,
        processes=PARTITIONS,
    )
    run_job("regression", tmp_path, environment)
    rejects = read_rejects(tmp_path / "rejects.jsonl")
    assert len(set(rejects)) == len(rejects)
    assert counted(tmp_path / "count.csv") + len(rejects) == PARTITIONS * MESSAGES
    first = 1 if heads else 0
    good_ones = {
        (partition, first + i)
        for partition in range(PARTITIONS)
        for i in range(0, MESSAGES, GOOD_EVERY)
    }
    assert not good_ones & set(rejects)


def test_raw_takes_any_bytes(
    broker: KafkaBroker, topic: str, produce: Produce, tmp_path: Path
) -> None:
    """Read raw, the same bytes are rows, all of them."""
    broker.create_topic(topic)
    produce(topic, stream("csv", 0))
    environment = job_environment(settings=broker.plaintext, topic=topic)
    run_job("raw_count", tmp_path, environment)
    assert counted(tmp_path / "count.csv") == MESSAGES
    assert read_rejects(tmp_path / "rejects.jsonl") == []
