"""Worker: the contract. Where the partials of a run come from: worker processes of this machine, or an engine.

The parent's loop asks a pool for frames and merges them in the order in which they come; which ranges of offsets they
are of, and who has processed these, is the pool's affair. To add an engine: a folder that implements `Engine` and
`Pool`, and its function in `engines`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol, TypeAlias

from streamreg._dataclass import dataclass

if TYPE_CHECKING:
    from streamreg._formats.contract import Input
    from streamreg._source.contract import Range
    from streamreg._state.shards import ShardJob, Shards, Span
    from streamreg._worker.mailbox import Frame
    from streamreg._worker.partial import Move, Partial
    from streamreg._worker.task import Task, Times


class Merged(Protocol):
    """How far the messages of each partition have been merged; it advances while the workers read."""

    @property
    def offsets(self) -> Mapping[int, int]:
        """For each partition the offset of the next message."""

    @property
    def untouched(self) -> Collection[int]:
        """The partitions of which no message was merged yet."""

    @property
    def leader_epochs(self) -> Mapping[int, int]:
        """For each partition the leader epoch of the last message that was merged, where it is known."""

    def event_times(self, partitions: Collection[int]) -> Times:
        """How far these partitions have come in event time, for whoever reads on from the merged offsets."""

    @property
    def sharded(self) -> Sharded | None:
        """What is kept by keys, where an engine keeps it in shards."""

    @property
    def epochs(self) -> int:
        """The number of the open epoch, or of the next."""

    def stamps(self) -> Mapping[str, int]:
        """What the column `time` may hold of that epoch."""

    @property
    def moves(self) -> Sequence[Move]:
        """Idle partitions that are to be moved on in event time, where windows are in shards: a partial does so."""

    def spans(self, partial: Partial) -> Mapping[str, Span]:
        """For each reduction in windows that are in shards from when to when its event time goes with a partial."""


class Sharded(Protocol):
    """What is kept by keys in shards. A partial with rows or moves says what it changes in them, and ends an epoch."""

    @property
    def job(self) -> ShardJob:
        """What is kept, and where."""

    @property
    def shards(self) -> Shards:
        """What was merged; it advances with the offsets."""


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """What an engine has done in this run."""

    name: str
    batches: int
    """Batches that were run to their end."""

    seconds: float
    """What they took, all together."""

    ranges: int
    """Ranges of offsets in the last one."""

    executors: int
    """Processes that work for the engine now, as it says."""


class Pool(Protocol):
    """Where frames come from."""

    def collect(self, timeout: float, wake: int) -> Iterator[Frame]:
        """Frames that have come; waits for one up to `timeout` seconds or until `wake` is readable.

        Raises what ended a worker: a StreamregError as it is, else WorkerError with the traceback.
        """

    def grow(self, ranges: Mapping[int, Range]) -> None:
        """Reads these partitions too."""

    def read_again(self, partitions: Collection[int]) -> None:
        """Reads these partitions anew from the merged offsets; what is on its way of them is dropped."""

    def stop(self) -> Iterator[Frame]:
        """Ends all work, and gives the frames that were on their way."""

    def kill(self) -> None:
        """Kills what still runs, at once."""

    @property
    def restarts(self) -> int:
        """How many workers were started in the place of one that had died; of an engine, batches run again."""

    @property
    def troubled_at(self) -> float | None:
        """When a reader has last told that its connection does not work, by the monotonic clock; None if none has."""

    @property
    def silent(self) -> Collection[int]:
        """The workers that send nothing for so long that they may hang; of an engine none."""

    def processes(self) -> Mapping[int, int]:
        """The ids of the processes of this machine that run, by worker."""

    def figures(self) -> EngineFigures | None:
        """What its engine has done; None of worker processes."""


MakePool: TypeAlias = "Callable[[Task, Merged, Mapping[int, int]], Pool]"
"""Makes the pool of a run: from its task, what is merged while it goes on, and where the logs of partitions end, which
the loop learns of the source: as far as they may be read."""


class Engine(Protocol):
    """Where the batches of a run are processed, if not by worker processes of this machine."""

    @property
    def shards(self) -> int | None:
        """In how many shards it keeps what is kept by keys; None if the parent keeps it."""

    @property
    def interval(self) -> float:
        """The least time between the starts of two batches, in seconds; each that holds something is an epoch."""

    def check(self, input: Input) -> None:
        """Raises ConfigurationError if it cannot process what is read so, naming what and why; nothing is started."""

    def started(self, stopping: Callable[[], bool]) -> AbstractContextManager[MakePool | None]:
        """Starts it, for the time of one run; None if the run is to stop meanwhile.

        Raises:
            WorkerError: if it cannot be started.
        """
