"""An engine as Spark's, whose jobs are run by this process: everything but Spark."""

import pickle
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from streamreg._core import __version__
from streamreg._formats.contract import Input
from streamreg._spark import shard_work, work
from streamreg._spark.batch import Piece
from streamreg._spark.pool import SparkPool
from streamreg._spark.work import Done
from streamreg._state.shards import ShardChanges
from streamreg._worker.contract import MakePool, Merged, Pool
from streamreg._worker.mailbox import Failure
from streamreg._worker.task import Task, packed


@dataclass(frozen=True)
class Shared:
    """What Spark would broadcast."""

    value: tuple[str, bytes]


@dataclass
class FakeJobs:
    """Jobs of this process, in which things go wrong at random."""

    shared: Shared
    fold: bool
    chance: random.Random
    faults: float
    """How often something goes wrong."""

    name: str = "the fake"
    batches: list[int] = field(default_factory=list)
    """How many pieces each batch had."""

    sizes: list[int] = field(default_factory=list)
    """About how many bytes of rows the driver was given in each batch."""

    closed: bool = False

    shards: tuple[int, Shared] | None = None
    """How many there are, and what those have who keep one."""

    kept: list[shard_work.Kept] = field(default_factory=list)
    """What the last batch has for them."""

    def slots(self) -> int:
        return 2

    def executors(self) -> int:
        return 1

    def check(self) -> None:
        if self.chance.random() < self.faults:
            raise RuntimeError("an executor was lost")

    def idle(self) -> bool:
        return False

    def run(self, pieces: Sequence[Piece]) -> list[Done]:
        self.batches.append(len(pieces))
        self.kept = []
        if self.chance.random() < self.faults:
            raise RuntimeError("an executor was lost")
        # Tasks end in any order, and some are run twice.
        order = [*range(len(pieces)), *self.chance.choices(range(len(pieces)), k=1)]
        self.chance.shuffle(order)
        found = dict(self._read(index, pieces[index]) for index in order)
        if self.chance.random() < self.faults:
            # A task that could not reach the broker.
            found[self.chance.randrange(len(pieces))] = pickle.dumps(Done(notices=["no broker"]))
        while self.fold and len(found) > 3:
            groups: dict[int, list[work.Numbered]] = {}
            for done in found.items():
                group, member = work.grouped(3, done)
                groups.setdefault(group, []).append(member)
            for members in groups.values():
                self.chance.shuffle(members)
            found = dict(work.joined(self.shared, group) for group in groups.items())
        given = [pickle.loads(found[index]) for index in sorted(found)]
        self.sizes.append(sum(own.size for done in given for own in done.partials))
        return given

    def _read(self, index: int, piece: Piece) -> work.Numbered:
        packed = [pickle.dumps(piece)]
        if self.shards is None:
            return next(work.read(self.shared, index, packed))
        kept = next(shard_work.read(self.shared, self.shards[0], index, packed))
        self.kept = [other for other in self.kept if other.number != index] + [kept]
        return shard_work.handed_in(kept)

    def change(self, step: shard_work.Step) -> list[ShardChanges | Failure]:
        assert self.shards is not None
        count, job = self.shards
        if self.chance.random() < self.faults and len(self.kept) > 1:
            # A task was lost, and has read nothing when it was run again.
            self.kept = self.kept[1:]
        found: list[ShardChanges | Failure] = []
        for index in range(count):
            pieces = [
                (shard, packed)
                for kept in self.kept
                for shard, packed in shard_work.shuffled(step.progress, kept)
                if shard == index
            ]
            for _ in range(1 + (self.chance.random() < self.faults)):
                # What counts is the last one, whoever else has done the same.
                self.chance.shuffle(pieces)
                [handed] = shard_work.change(job, step, index, pieces)
            if self.chance.random() < self.faults / count:
                raise RuntimeError("an executor was lost")
            found.append(pickle.loads(handed))
        return found

    def renew(self, task: bytes) -> None:
        self.shared = Shared((__version__, task))

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeEngine:
    """An engine, as `run(engine=…)` takes it."""

    max_rows: int = 10**9
    tasks: int | None = None
    seed: int | None = None
    """Of what goes wrong; None: nothing does."""

    faults: float = 0.1
    """How often it does."""

    interval: float = 0.0
    shards: int | None = None
    jobs: list[FakeJobs] = field(default_factory=list)
    """Those of each run."""

    def check(self, input: Input) -> None:
        return

    @contextmanager
    def started(self, stopping: Callable[[], bool]) -> Iterator[MakePool]:
        def make(task: Task, merged: Merged, log_ends: Mapping[int, int]) -> Pool:
            fold = not task.plan.clocks and not task.input.upsert
            faults = 0.0 if self.seed is None else self.faults
            shared = Shared((__version__, packed(task)))
            jobs = FakeJobs(shared, fold, random.Random(self.seed or 0), faults)
            if merged.sharded is not None:
                packed_job = packed(merged.sharded.job)
                jobs.shards = len(merged.sharded.shards.each), Shared((__version__, packed_job))
            self.jobs.append(jobs)
            return SparkPool(
                self.jobs[-1],
                task,
                merged,
                log_ends,
                interval=self.interval,
                max_rows=self.max_rows,
                tasks=self.tasks,
            )

        yield make
