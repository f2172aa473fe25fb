"""Backpressure: whatever waits in the topic, and however slow the disk, memory stays bounded."""

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from confluent_kafka import Producer

from streamreg._run.run import DEFAULT_PROCESSES
from tests.support.kafka import faults
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.numbered import COEFFICIENTS, HEADER, INPUT
from tests.support.kafka.outputs import fold, read_changelog
from tests.support.kafka.program import job_environment
from tests.support.kafka.siege import Siege

MESSAGES = int(os.environ.get("CHAOS_BACKLOG", "20_000_000"))
LIMIT_MB = 400
WRITE_MS = 50  # for a megabyte


def fill(broker: KafkaBroker, topic: str, partitions: int, messages: int) -> None:
    """Points of a line, in turn over the partitions; loaded by several processes, as one takes a minute."""
    broker.create_topic(topic, partitions)
    fill_one = partial(fill_partition, broker.plaintext, topic, range(messages), partitions)
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        assert list(pool.map(fill_one, range(partitions))) == [0] * partitions


def fill_partition(
    settings: Mapping[str, str], topic: str, numbers: range, partitions: int, partition: int
) -> int:
    """Returns how many messages were not delivered."""
    producer = Producer(
        {
            **settings,
            "enable.idempotence": True,  # else a batch that is sent again may overtake the header
            "compression.type": "lz4",
            "linger.ms": 20,
            "batch.num.messages": 100_000,
            "queue.buffering.max.messages": 400_000,
            "log_level": 0,
        }
    )
    if partition == 0:
        producer.produce(topic, HEADER, partition=0)
    for seq in numbers[partition::partitions]:
        while True:
            with suppress(BufferError):
                producer.produce(topic, b"%d,%d,%d" % (seq, seq, 2 * seq + 1), partition=partition)
                break
            producer.poll(0.1)
    return producer.flush(60)


def resident(process: int) -> float:
    """Megabytes of a process and all that it has started; what they share counts for each."""
    with suppress(OSError):  # it may end while it is looked at
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 + sum(map(resident, map(int, children)))
    return 0.0


@pytest.mark.timeout(300 + MESSAGES / 10_000)
@pytest.mark.parametrize(
    ("partitions", "messages"), [(4, MESSAGES), (64, min(MESSAGES, 1_500_000))]
)
def test_memory_is_bounded(
    broker: KafkaBroker,
    topic: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    partitions: int,
    messages: int,
) -> None:
    """A backlog of millions, a slow disk, all else by default: less than 400 MB in all processes together.

    About a minute and a half for 20 million messages.
    """
    fill(broker, topic, partitions, messages)
    environment = job_environment(
        settings=broker.plaintext, topic=topic, autocommit_ms=1500, processes=DEFAULT_PROCESSES
    )
    siege = Siege(tmp_path, environment, broker, seed=0)
    peak = 0.0
    lines = -1
    with siege.job(faults.SLOW_DISK, WRITE_MS) as process:
        siege.until((tmp_path / INPUT).exists, "no file")
        with (tmp_path / INPUT).open("rb") as file:

            def read() -> bool:
                nonlocal peak, lines
                assert process.poll() is None, siege.said
                peak = max(peak, resident(process.pid))
                lines += file.read(1 << 24).count(b"\n")
                return lines == messages

            siege.until(read, "rows are missing", seconds=60 + messages / 20_000)
        siege.finish(messages, process)
    (tmp_path / INPUT).unlink()  # hundreds of megabytes, which pytest would keep
    with capsys.disabled():
        print(f"\n{messages:,} messages in {partitions} partitions: at most {peak:.0f} MB")
    assert fold(read_changelog(tmp_path / COEFFICIENTS, ["a", "b"]))[-1].row == (1.0, 2.0)
    assert peak < LIMIT_MB
