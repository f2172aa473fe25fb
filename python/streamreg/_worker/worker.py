"""Worker: what a worker process runs. It reads batches, has them processed and sends the results to the parent."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, TypeGuard

from streamreg._evaluate.program import Call
from streamreg._evaluate.udf import is_of_function
from streamreg._exceptions import StreamregError
from streamreg._kafka.client_log import CLIENT
from streamreg._process import keep_freed_memory, quick_imports
from streamreg._source.contract import heard
from streamreg._worker import carried
from streamreg._worker.mailbox import Begun, Failure, Frame, Logged, Notice, Outbox, Turned
from streamreg._worker.pipeline import Pipeline

if TYPE_CHECKING:
    from streamreg._source.contract import Report
    from streamreg._source.messages import Batch
    from streamreg._types import Moment
    from streamreg._worker.task import Task

_GARBAGE_THRESHOLD = 100_000
"""Objects that may pile up before Python looks for cycles among them: the messages of several batches."""
READ_TIMEOUT = 0.2
"""Seconds until a worker without messages looks whether it should stop."""
_TURNED_SECONDS = 5.0
"""After which a worker without messages says that it turns."""


class Ingest:
    """A pipeline at its reader."""

    def __init__(
        self, task: Task, report: Report, begin: Callable[[Begun], None] | None = None
    ) -> None:
        """`begin` is told of each batch before it is worked on."""
        self._worker = task.worker
        self._pipeline = Pipeline(task.input, task.plan, task.found)
        self._reader = task.input.source.reader(task.ranges, report)
        self._times: list[dict[int, Moment]] = [dict(of) for of in task.times] or [
            {} for _ in task.plan.clocks
        ]
        self._begin = begin
        self._report = report
        self._held: Batch | None = None

    def step(self, timeout: float) -> Frame | None:
        """Reads and processes what is there; None if nothing came within `timeout` seconds, or cannot be read yet."""
        batch = self._reader.read(timeout) if self._held is None else self._held
        if batch is None:
            return None
        if not self._pipeline.ready(batch, self._report, timeout):
            self._held = batch
            return None
        self._held = None
        if self._begin is not None:
            self._begin(Begun({p: start for p, (start, _) in batch.progress.items()}))
        partial = self._pipeline.process(batch, self._times)
        partial.move_on(self._times)
        count = len(batch.values)
        timestamp = batch.locate(count - 1).timestamp if count else None
        log_ends = self._reader.log_ends(batch.progress)
        return Frame(self._worker, partial, log_ends, batch.reader, timestamp)

    @property
    def heard(self) -> int:
        """As `contract.heard` has it of its reader."""
        return heard(self._reader)

    def close(self) -> None:
        self._reader.close()


def main(tasks: Connection, mailbox: Connection, control: Connection) -> None:
    """Runs in a worker process, what `tasks` brings, until `control` says something or is closed.

    The parent alone listens to signals: a Ctrl-C reaches the whole process group, and a worker that
    ended by it could not send what it has read.
    """
    handled = {signal.SIGINT, signal.SIGTERM}
    for number in handled:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handled)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keep_freed_memory()
    outbox = Outbox(mailbox)
    try:
        if not tasks.poll():
            _import_ahead()
        task = tasks.recv_bytes()
    except EOFError:
        return  # The parent is gone.
    # The reader is closed last: whoever waits for the error hears of it before.
    with contextlib.ExitStack() as closed:
        try:
            with quick_imports():
                loaded: Task = carried.unpack(task)
            if loaded.log_level is not None:
                CLIENT.setLevel(loaded.log_level)
                CLIENT.addHandler(_ToParent(outbox))
            begin = outbox.send if loaded.announce else None
            ingest = Ingest(loaded, lambda text: outbox.send(Notice(text)), begin)
            closed.enter_context(contextlib.closing(ingest))
            if not any(isinstance(step, Call) for step in loaded.plan.program.steps):
                _spare_the_collector()
            while not control.poll():
                _step(ingest, outbox)
        except BrokenPipeError:
            return  # The parent is gone, or has no more use for this worker.
        except BaseException as error:  # a function of the user's may raise anything
            known = error if is_known(error) else None
            with contextlib.suppress(BrokenPipeError):  # Nobody is left to be told.
                outbox.send(Failure(known, traceback.format_exc()))


class _ToParent(logging.Handler):
    """Has the parent log what the client logs, whose lines would stand between those of the parent's handlers."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__()
        self._outbox = outbox

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(BrokenPipeError):  # The next frame finds that out too.
            self._outbox.send(Logged(record))


def _import_ahead() -> None:
    """What most tasks bring along or use, imported while there is none yet."""
    with quick_imports():
        import streamreg._evaluate.batch
        import streamreg._kafka.source
        import streamreg._plan.row_plan  # noqa: F401


def is_known(error: BaseException) -> TypeGuard[StreamregError]:
    """Whether an error says by itself what is wrong, and not where in a function of the user's."""
    return isinstance(error, StreamregError) and not is_of_function(error)


def _step(ingest: Ingest, outbox: Outbox) -> None:
    """By itself, so that nothing of a frame is held while the next one is made."""
    frame = ingest.step(READ_TIMEOUT)
    if frame is not None:
        outbox.send(frame)
    elif time.monotonic() - outbox.sent_at > _TURNED_SECONDS:
        outbox.send(Turned())


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
