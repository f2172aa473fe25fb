"""Ingest worker: source → decode → transform → accumulate, for its own partitions.

`Pipeline` is the function from a batch of messages to a `Partial`; it knows no process, clock or queue.
`Ingest` joins it to a reader. `main` is what a worker process runs: step and send, until told to stop.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, TypeGuard

from streamreg._core import Decoder, KeyedReduction, render, split_header
from streamreg._evaluate.columns import portable
from streamreg._evaluate.program import Call
from streamreg._evaluate.udf import is_of_function
from streamreg._exceptions import StreamregError
from streamreg._worker import carried as _carried
from streamreg._worker.mailbox import Begun, Failure, Frame, Notice, Outbox, Partial, Reject

if TYPE_CHECKING:
    from streamreg._plan.row_plan import RowPlan
    from streamreg._source.contract import Batch, Range, Report, Source

_GARBAGE_THRESHOLD = 100_000
"""Objects that may pile up before Python looks for cycles among them: the messages of several batches."""
READ_TIMEOUT = 0.2
"""Seconds until a worker without messages looks whether it should stop."""


@dataclass(frozen=True)
class Task:
    """What one worker is to do."""

    worker: int
    source: Source
    plan: RowPlan
    header: Sequence[str] | None
    ranges: Mapping[int, Range]
    announce: bool = False
    """Whether to say of each batch where it begins before it is worked on: someone has died of one."""


class Pipeline:
    """Turns batches of messages into partials: what comes out depends on the messages alone."""

    def __init__(self, task: Task) -> None:
        self._plan = task.plan
        self._names = list(task.source.columns)
        self._header = None if task.header is None else list(task.header)
        self._decoder = Decoder(
            task.source.format,
            list(task.source.columns.items()),
            self._header,
        )
        carries_headers = self._header is not None and task.source.header is None
        self._fresh = {p for p, r in task.ranges.items() if r.fresh and carries_headers}
        self._reductions = [reducing.empty() for reducing in task.plan.reductions]

    def process(self, batch: Batch) -> Partial:
        """Decodes, evaluates and accumulates one batch."""
        headers = self._blank_headers(batch) if self._fresh else 0
        decoded = self._decoder.decode(batch.values)
        partial = Partial(batch.progress, tombstones=decoded.tombstones - headers)
        for message, kind, column, detail in decoded.rejects:
            partial.rejects.append(_reject(batch, message, kind, column, detail))
        columns = dict(zip(self._names, decoded.columns, strict=True))
        result = self._plan.evaluate(columns, decoded.rows)
        partial.rows = decoded.rows
        for errors in result.errors:
            partial.rows -= len(errors.rows)
            rows = errors.rows if decoded.messages is None else decoded.messages[errors.rows]
            for message in rows.tolist():
                partial.rejects.append(
                    _reject(batch, message, errors.kind, errors.column, errors.detail)
                )
        if partial.rows:
            partial.outputs = [render(cells) for cells in result.outputs]
            partial.shipped = [
                ([portable(values) for values in columns], count)
                for columns, count in result.shipped
            ]
            for reduction, (inputs, count), keys in zip(
                self._reductions, result.reductions, result.keys, strict=True
            ):
                if isinstance(reduction, KeyedReduction):
                    partial.states.append(reduction.partial(keys, inputs, count))
                else:
                    reduction.add(inputs, count)
                    partial.states.append(reduction.take())
        return partial

    def _blank_headers(self, batch: Batch) -> int:
        """Empties the header messages that stand first in a partition; returns how many."""
        pending = self._fresh & batch.progress.keys()
        headers = 0
        for index, value in enumerate(batch.values):
            if not pending:
                break
            partition = batch.partition_of(index)
            if partition in pending:
                pending.discard(partition)
                self._fresh.discard(partition)
                if is_header(value, self._header):
                    batch.values[index] = None
                    headers += 1
        return headers


def is_header(value: bytes | None, header: Sequence[str] | None) -> bool:
    """Whether a message is this header again."""
    if value is None:
        return False
    try:
        return split_header(value) == header
    except ValueError:
        return False


def _reject(batch: Batch, message: int, kind: str, column: str | None, detail: str) -> Reject:
    envelope = batch.envelope(message)
    return Reject(
        batch.locate(message),
        kind,
        column,
        detail,
        batch.values[message] or b"",
        envelope.key,
        envelope.headers,
    )


class Ingest:
    """A pipeline at its reader."""

    def __init__(
        self, task: Task, report: Report, begin: Callable[[Begun], None] | None = None
    ) -> None:
        """`begin` is told of each batch before it is worked on."""
        self._worker = task.worker
        self._pipeline = Pipeline(task)
        self._reader = task.source.reader(task.ranges, report)
        self._begin = begin

    def step(self, timeout: float) -> Frame | None:
        """Reads and processes what is there; None if nothing came within `timeout` seconds."""
        batch = self._reader.read(timeout)
        if batch is None:
            return None
        if self._begin is not None:
            self._begin(Begun({p: start for p, (start, _) in batch.progress.items()}))
        return Frame(self._worker, self._pipeline.process(batch), self._reader.lag())

    def close(self) -> None:
        self._reader.close()


def main(tasks: Connection, mailbox: Connection, control: Connection) -> None:
    """Runs in a worker process, what `tasks` brings, until `control` says something or is closed.

    The parent alone listens to signals: a Ctrl-C reaches the whole process group, and a worker that died
    of it could not hand in what it has read.
    """
    handled = {signal.SIGINT, signal.SIGTERM}
    for number in handled:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    outbox = Outbox(mailbox)
    try:
        task = tasks.recv_bytes()
    except EOFError:
        return  # The parent is gone.
    try:
        loaded: Task = _carried.unpack(task)
        begin = outbox.send if loaded.announce else None
        ingest = Ingest(loaded, lambda text: outbox.send(Notice(text)), begin)
        if not any(isinstance(step, Call) for step in loaded.plan.program.steps):
            _spare_the_collector()
        while not control.poll():
            _step(ingest, outbox)
        ingest.close()
    except BrokenPipeError:
        return  # The parent is gone, or has no more use for this worker.
    except BaseException as error:  # a function of the user's may raise anything
        known = error if is_known(error) else None
        with contextlib.suppress(BrokenPipeError):  # Nobody is left to be told.
            outbox.send(Failure(known, traceback.format_exc()))


def is_known(error: BaseException) -> TypeGuard[StreamregError]:
    """Whether an error says by itself what is wrong, and not where in a function of the user's."""
    return isinstance(error, StreamregError) and not is_of_function(error)


def _step(ingest: Ingest, outbox: Outbox) -> None:
    """By itself, so that nothing of a frame is held while the next one is made."""
    frame = ingest.step(READ_TIMEOUT)
    if frame is not None:
        outbox.send(frame)


def _spare_the_collector() -> None:
    """Keeps Python from looking for cycles all the time, where no function of the user's can make any.

    Each message is an object, so that every batch would set the collector going dozens of times.
    """
    gc.freeze()
    gc.set_threshold(_GARBAGE_THRESHOLD)


def _end_with_parent() -> None:
    """Ends this process at once when the parent dies, in whatever call it is stuck."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
