"""Windows over event time on a real broker: whatever is killed, each is what the definitions say, once."""

import json
import os
import random
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from streamreg._state import snapshot
from tests.support.kafka import windows
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.command import streamreg
from tests.support.kafka.produce import Produce
from tests.support.kafka.program import JOBS, Program, job_environment
from tests.support.kafka.siege import workers_of
from tests.support.process import ROOT
from tests.support.windows import Event, Partition, events

PARTITIONS = 4
KINDS = ("tumbling", "sliding", "dropped", "session", "classes")
JOB = JOBS / "windows.py"


def values(events: Sequence[Event | None]) -> list[bytes]:
    return [b"junk" if event is None else event.line for event in events]


def lines(path: Path) -> int:
    """Whole lines of a file, committed or not."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def read_so_far(folder: Path) -> int:
    """Messages that became rows or rejects."""
    return max(lines(folder / windows.ROWS) - 1, 0) + lines(folder / windows.REJECTS)


def environment(broker: KafkaBroker, topic: str, kinds: Sequence[str]) -> dict[str, str]:
    told = job_environment(settings=broker.plaintext, topic=topic, autocommit_ms=20, processes=2)
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**told, "JOB_WINDOWS": ",".join(kinds), "PYTHONPATH": path}


def send(produce: Produce, topic: str, parts: Sequence[Partition]) -> int:
    for partition, sent in enumerate(parts):
        produce(topic, values(sent), partition)
    return sum(map(len, parts))


def kill_a_worker(program: Program, chance: random.Random) -> None:
    """Any of them, if there is one by now."""
    if workers := workers_of(program.pid):
        with suppress(ProcessLookupError):
            os.kill(chance.choice(workers), signal.SIGKILL)


def pieces(topic: Sequence[Partition], count: int) -> list[list[Partition]]:
    """The topic in so many parts, one after another."""
    return [
        [sent[len(sent) * at // count : len(sent) * (at + 1) // count] for sent in topic]
        for at in range(count)
    ]


def check_inspect(folder: Path, topic: Sequence[Partition], kinds: int) -> None:
    """It shows how far each partition has come, and the windows that are open."""
    code, said = streamreg(folder, "inspect", "state", "--json")
    assert code == 0, said
    found = json.loads(said)
    for partition in found["partitions"]:
        sent = topic[partition["partition"]]
        greatest = max(event.at for event in sent if event is not None)
        assert partition["event_times"] == [greatest] * len(partition["event_times"])
        assert len(partition["event_times"]) >= 1
    open_windows = [of["open_windows"] for of in found["states"] if "open_windows" in of]
    assert len(open_windows) == kinds
    assert all(count > 0 for count in open_windows)
    code, said = streamreg(folder, "inspect", "state")
    assert code == 0, said
    assert "event time" in said
    assert "open window" in said


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kinds", [KINDS, ("last",)], ids=["grids and sessions", "last rows"])
def test_oracle_windows_whatever_dies(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kinds: Sequence[str],
) -> None:
    """Killed at random, workers and all: last rows, final rows and late rejects are as defined, verify agrees."""
    seed = int(os.environ.get("CHAOS_SEED", 7))
    chance = random.Random(seed)
    broker.create_topic(topic, PARTITIONS)
    sent = events(4000, PARTITIONS, seed, spread=25, keys=("a", "b", "c", "d"))
    told = environment(broker, topic, kinds)
    deaths = 0
    *parts, rest = pieces(sent, 11)
    for piece in parts:
        with Program(JOB, tmp_path, told) as program:
            send(produce, topic, piece)
            for _ in range(chance.randrange(3)):
                # The moment of a death is drawn by lot: the only thing that is waited for by the clock.
                until = time.monotonic() + chance.uniform(0.0, 0.6)
                program.wait_until(lambda until=until: time.monotonic() > until)  # type: ignore[misc]
                kill_a_worker(program, chance)
                deaths += 1
            until = time.monotonic() + chance.uniform(0.3, 2.0)
            program.wait_until(lambda until=until: time.monotonic() > until)  # type: ignore[misc]
        deaths += 1  # What is left of it is killed, all processes at once.
    total = sum(map(len, sent))
    with Program(JOB, tmp_path, told) as program:
        send(produce, topic, rest)
        program.wait_until(lambda: read_so_far(tmp_path) == total, 60)
        program.interrupt()
    assert deaths > 10
    windows.check(tmp_path, sent, kinds)
    monkeypatch.chdir(tmp_path)
    assert windows.differences(told) == []
    check_inspect(tmp_path, sent, len(kinds))


@pytest.mark.timeout(200)
@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_a_quiet_stream_closes_its_windows(
    broker: KafkaBroker,
    topic: str,
    produce: Produce,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    killed: bool,
) -> None:
    """All windows are written though no message comes any more, and after a restart too; what comes then is late."""
    broker.create_topic(topic, PARTITIONS)
    kinds = ("sliding", "session")
    told = {**environment(broker, topic, kinds), "JOB_IDLE": "0.5"}
    first = [
        [Event(at, at / 8, at % 5, "ab"[at % 2]) for at in range(part, 60, 3)] for part in range(3)
    ]
    # No row of the first part is late, so that all windows hold all of their rows; partition 3 has no message.
    closed = 10**6
    whole = [[*part, Event(closed, 0.0, 0.0, "z")] for part in first]
    wanted = {kind: set(windows.expected(whole, kind).values()) for kind in kinds}
    send(produce, topic, first)

    def written(kind: str) -> list[tuple[str, ...]]:
        path = tmp_path / f"{kind}.csv"
        text = path.read_text() if path.exists() else ""
        return [tuple(line.split(",")[:-2]) for line in text.split("\n")[1:-1]]

    def all_written() -> bool:
        return all(set(written(kind)) == wanted[kind] for kind in kinds)

    def closed_for_good() -> bool:
        """Whether the state says so too: what only the files have is not there after a kill."""
        lengths = [each["length"] for each in snapshot.read(tmp_path / "state").positions.values()]
        return all((tmp_path / f"{kind}.csv").stat().st_size in lengths for kind in kinds)

    with Program(JOB, tmp_path, told) as program:
        program.wait_until(all_written)
        program.wait_until(closed_for_good)
        if not killed:
            program.interrupt()
    # The first is of windows that are closed, wherever it comes; the others are of new ones.
    late, new = Event(30, 1.0, 1.0, "a"), [Event(200, 1.0, 2.0, "a"), Event(201, 3.0, 5.0, "a")]
    send(produce, topic, [[], [], [], [late, *new]])
    for kind in kinds:
        later = [[Event(10**6, 0.0, 0.0, "z"), *[]], [*new, Event(10**6, 0.0, 0.0, "z")]]
        wanted[kind] |= {row for row in windows.expected(later, kind).values() if row[0] == "a"}
    with Program(JOB, tmp_path, told) as program:
        program.wait_until(all_written)
        program.interrupt()
    for kind in kinds:
        assert len(written(kind)) == len(wanted[kind])
    (reject,) = (json.loads(line) for line in (tmp_path / windows.REJECTS).read_text().splitlines())
    assert (reject["reason"], reject["partition"], reject["offset"]) == ("late", 3, 0)
    monkeypatch.chdir(tmp_path)
    assert windows.differences(told) == []
