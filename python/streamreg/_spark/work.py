"""Spark, on executors: what a task does. It reads its ranges, processes them, and hands in what they come to.

It is the pipeline of a worker process, at the readers of one. A task raises nothing that would make Spark run it again:
an error of the program or of the source would come again, and is handed in as what it is.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from streamreg._core import __version__
from streamreg._dataclass import dataclass
from streamreg._exceptions import ConfigurationError
from streamreg._source.contract import silence_seconds
from streamreg._spark.patience import Wait
from streamreg._worker import carried
from streamreg._worker.fold import folded
from streamreg._worker.mailbox import Failure
from streamreg._worker.worker import READ_TIMEOUT, Ingest, is_known

if TYPE_CHECKING:
    from streamreg._spark.batch import Piece
    from streamreg._worker.partial import Partial
    from streamreg._worker.task import Task


class Shared(Protocol):
    """What all tasks of a run have, as Spark's broadcast variables are."""

    @property
    def value(self) -> tuple[str, bytes]:
        """The version of streamreg that runs, and what is packed: the task, whose ranges are each piece's own."""


Numbered: TypeAlias = tuple[int, bytes]
"""The place of a task in its batch, and what it hands in, pickled."""


@dataclass(slots=True)
class Done:
    """What a task hands in."""

    partials: list[Partial] = field(default_factory=list)
    """In the order of the topic."""

    notices: list[str] = field(default_factory=list)
    """Lines about the connection, for people."""

    failure: Failure | None = None
    reader: str = ""
    """As a batch has it, of the last one."""

    timestamp: int | None = None
    """The greatest of the last messages of its batches."""


def read(shared: Shared, index: int, pieces: Iterable[bytes]) -> Iterator[Numbered]:
    """The task of a batch with this index."""
    for piece in pieces:
        yield index, packed_done(do_read(shared, pickle.loads(piece)))


def packed_done(done: Done) -> bytes:
    """As it is handed in."""
    return pickle.dumps(done, pickle.HIGHEST_PROTOCOL)


def do_read(shared: Shared, piece: Piece) -> Done:
    """What the ranges of a piece come to; an error is in it."""
    done = Done()
    try:
        task = replace(shared_task(shared), ranges=piece.ranges, times=piece.times)
        upsert = task.input.upsert
        wait = Wait(piece.patience, silence_seconds(task.input.source))
        partials = _partials(task, done, wait, piece.most_bytes)
        done.partials = list(folded(task.plan, partials, upsert=upsert))
    except BaseException as error:  # a function of the user's may raise anything
        known = error if is_known(error) else None
        done.partials, done.failure = [], Failure(known, traceback.format_exc())
    return done


def shared_task(shared: Shared) -> Task:
    """The task of all pieces, without ranges. Raises ConfigurationError if another streamreg runs here."""
    task: Task = unpacked(shared)
    return task


def unpacked(shared: Shared) -> Any:  # noqa: ANN401  # what was packed
    """What all tasks have. Raises as `shared_task`."""
    version, packed = shared.value
    if version != __version__:
        raise ConfigurationError(
            f"engine: the executors have streamreg {__version__}, and the driver {version}: install the same on all"
        )
    return _unpacked(packed)


@lru_cache(maxsize=4)
def _unpacked(packed: bytes) -> Any:  # noqa: ANN401
    """Once in each process: an executor keeps its processes from one batch to the next."""
    return carried.unpack(packed)


def _partials(task: Task, done: Done, wait: Wait, most_bytes: int) -> Iterator[Partial]:
    """Reads until all ranges are covered, nothing comes any more, or rows take so many bytes."""
    size = 0
    left = {p: r.end or 0 for p, r in task.ranges.items()}
    ingest = Ingest(task, done.notices.append)
    try:
        while left and not wait.over and size < most_bytes:
            frame = ingest.step(READ_TIMEOUT)
            wait.heard(ingest.heard)
            if frame is None:
                continue
            done.reader = frame.reader
            if frame.timestamp is not None:
                done.timestamp = max(frame.timestamp, done.timestamp or frame.timestamp)
            for partition, (_, end) in frame.partial.progress.items():
                if end >= left.get(partition, end + 1):
                    del left[partition]
            size += frame.partial.size
            yield frame.partial
            # What is done with it takes no time of the source.
            wait.delivered()
    finally:
        ingest.close()


def grouped(width: int, done: Numbered) -> tuple[int, Numbered]:
    """To which group of neighbours, so many of them, a task's hand-in belongs."""
    return done[0] // width, done


def joined(shared: Shared, group: tuple[int, Iterable[Numbered]]) -> Numbered:
    """What a group hands in, put together to one."""
    index, members = group
    parts: list[Done] = [pickle.loads(packed) for _, packed in sorted(members)]
    return index, packed_done(_joined(shared, parts))


def _joined(shared: Shared, parts: list[Done]) -> Done:
    done = Done()
    for part in parts:
        done.notices += part.notices
        done.failure = done.failure or part.failure
        done.reader = part.reader or done.reader
        if part.timestamp is not None:
            done.timestamp = max(part.timestamp, done.timestamp or part.timestamp)
    if done.failure is None:
        try:
            task = shared_task(shared)
            partials = (partial for part in parts for partial in part.partials)
            done.partials = list(folded(task.plan, partials, upsert=task.input.upsert))
        except Exception as error:
            known = error if is_known(error) else None
            done.failure = Failure(known, traceback.format_exc())
    return done
