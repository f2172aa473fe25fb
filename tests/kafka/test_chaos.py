"""Exactly once: whatever is killed, whenever, what is on disk at the end is the one true changelog."""

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.kafka import faults
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.numbered import PARTITIONS, Stream, verify, verify_scores
from tests.support.kafka.program import job_environment
from tests.support.kafka.siege import Siege

AUTOCOMMIT_MS = 60
CI_SEED = 4
SECONDS = float(os.environ.get("CHAOS_SECONDS", "0"))


def assaults(siege: Siege, chance: random.Random) -> list[Callable[[], None]]:
    """Every named step once, and crashes at random, in any order."""
    steps = [(step, 1) for step in faults.RESUMING]
    steps += [(step, chance.randint(2, 30)) for step in faults.CLOSING]
    found: list[Callable[[], None]] = [
        lambda step=step, count=count: siege.die_at(step, count)  # type: ignore[misc]
        for step, count in steps
    ]
    found.append(lambda: siege.die_flushed_and_cut(chance.randint(2, 30)))
    found += [siege.kill_parent] * 6
    found += [lambda: siege.kill_workers(4)] * 3
    found += [lambda: siege.kill_worker_while_it_sends(chance.randint(1, 20))] * 2
    found += [siege.kill_broker, siege.kill_broker_and_parent]
    chance.shuffle(found)
    return found


def rounds(siege: Siege, chance: random.Random) -> Iterator[Callable[[], None]]:
    """One round of assaults; where more is asked for, as many as the time allows."""
    deadline = time.monotonic() + SECONDS
    yield from assaults(siege, chance)
    while time.monotonic() < deadline:
        for assault in assaults(siege, chance):
            if time.monotonic() < deadline:
                yield assault


@pytest.mark.timeout(300 + SECONDS)
def test_whatever_dies(broker: KafkaBroker, topic: str, tmp_path: Path) -> None:
    """After at least 40 kills every row is there once, every result and score exact, every reject kept once.

    About two minutes.
    """
    seed = CI_SEED if not SECONDS else random.SystemRandom().randrange(10**6)
    seed = int(os.environ.get("CHAOS_SEED", seed))
    print(f"CHAOS_SEED={seed}")
    chance = random.Random(seed)
    broker.create_topic(topic, PARTITIONS)
    settings = {**broker.plaintext, "reconnect.backoff.max.ms": "500"}
    environment = job_environment(
        settings=settings, topic=topic, autocommit_ms=AUTOCOMMIT_MS, processes=2
    )
    siege = Siege(tmp_path, {**environment, "CHAOS_SCORES": "yes"}, broker, seed)
    started = time.monotonic()
    with Stream(broker.plaintext, topic, seed) as stream:
        for step in faults.AT_FIRST:
            siege.die_at(step, 1)
        for assault in rounds(siege, chance):
            assault()
        stream.finish()
    with siege.job() as process:
        siege.finish(stream.rows, process)
    epochs = verify(tmp_path, stream.rows, stream.junk)
    verify_scores(tmp_path, stream.rows)
    kills = sum(siege.kills.values())
    for name, count in siege.kills.items():
        print(f"{count:4d} {name}")
    print(f"{kills} kills, {stream.rows} rows, {epochs} epochs, {time.monotonic() - started:.0f} s")
    assert kills >= 40
