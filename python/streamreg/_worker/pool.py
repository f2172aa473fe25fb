"""Worker: the pool of worker processes, as the parent sees them.

`ProcessPool` spawns them, notices a crash and starts a successor from the merged offsets. What a dead worker had
sent is not used any more: its pipe is closed unread, so that the successor reads the same messages again.
`inline_pool` does the same work in the parent's own process.
"""

from __future__ import annotations

import errno
import logging
import select
import signal
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import field, replace
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from streamreg._dataclass import dataclass
from streamreg._event import event
from streamreg._exceptions import WorkerError
from streamreg._kafka.client_log import CLIENT
from streamreg._plural import plural
from streamreg._source.contract import place_name
from streamreg._terminal.log_lines import handled
from streamreg._worker import spawn
from streamreg._worker.crash_loop import CrashLoop
from streamreg._worker.mailbox import Begun, Failure, Frame, Inbox, Logged, Notice, Turned
from streamreg._worker.notices import Notices
from streamreg._worker.silence import Silence
from streamreg._worker.task import packed, remaining

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from streamreg._source.contract import Range
    from streamreg._worker.contract import Merged
    from streamreg._worker.spawn import WorkerProcess
    from streamreg._worker.task import Task

_log = logging.getLogger("streamreg")

_RESTARTS = 5
"""Restarts of one worker without progress in between, after which the run gives up."""
_FIRST_PAUSE = 0.1
"""Seconds before the first restart; doubled for each further one."""
_STOP_SECONDS = 3.0
"""Seconds that a worker has to send the batch it is processing, before it is killed."""


_ADVICE = {
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "raise the machine's limit of open files",
    errno.EAGAIN: "raise the limit of processes (ulimit -u)",
    errno.ENOMEM: "give the machine more memory",
}
"""What to do where the system does not start a process."""


@dataclass
class _Worker:
    """One place in the pool, held by one process after another."""

    index: int
    partitions: tuple[int, ...]
    started_at: float = 0.0
    crashes: CrashLoop = field(default_factory=CrashLoop)
    restart_at: float | None = None
    process: SpawnProcess | None = None
    inbox: Inbox | None = None
    control: Connection | None = None
    successor: bool = False
    """Whether it has taken the place of one that died, and has not read anything yet."""


class ProcessPool:
    """Worker processes, each with its own partitions."""

    def __init__(
        self, task: Task, processes: int, merged: Merged, spares: list[WorkerProcess]
    ) -> None:
        """At most so many `processes`: a partition is read by one worker.

        `merged` is read at each restart. The first workers are `spares`, of which it takes those that it needs.
        """
        self._task = task
        self._spares = spares
        self._processes = processes
        self._merged = merged
        self._notices = Notices()
        self._silence = Silence()
        self.restarts = 0
        partitions = sorted(task.ranges)
        count = min(processes, len(partitions))
        self._workers = [_Worker(index, tuple(partitions[index::count])) for index in range(count)]
        for worker in self._workers:
            self._start(worker)

    def _start(self, worker: _Worker) -> None:
        try:
            self._spawn(worker)
        except OSError as error:
            advice = _ADVICE.get(error.errno or 0, "make room on this machine")
            raise WorkerError(
                f"worker {worker.index} cannot be started: {error.strerror}: {advice}, or run fewer processes"
            ) from error

    def _spawn(self, worker: _Worker) -> None:
        ranges = {p: remaining(p, self._task.ranges[p], self._merged) for p in worker.partitions}
        task = replace(
            self._task,
            worker=worker.index,
            ranges=ranges,
            times=self._merged.event_times(worker.partitions),
            announce=worker.crashes.any,
            log_level=CLIENT.level if handled(CLIENT) else None,
        )
        errand = packed(task)
        started = self._spares.pop(0) if self._spares else spawn.worker_process(worker.index)
        threading.Thread(target=_hand_over, args=(errand, started.errand), daemon=True).start()
        worker.started_at = time.monotonic()
        worker.process, worker.control = started.process, started.control
        worker.inbox = Inbox(started.inbox)
        worker.restart_at = None

    def grow(self, ranges: Mapping[int, Range]) -> None:
        """Each new partition goes to a new worker, or to the one with the fewest.

        That one is replaced, as if it had crashed: its successor continues from the merged offsets.
        """
        self._task = replace(self._task, ranges={**self._task.ranges, **ranges})
        changed = {}
        for partition in sorted(ranges):
            if len(self._workers) < self._processes:
                self._workers.append(_Worker(len(self._workers), ()))
            worker = min(self._workers, key=lambda worker: len(worker.partitions))
            worker.partitions += (partition,)
            changed[worker.index] = worker
        for worker in changed.values():
            self._replace(worker)

    def read_again(self, partitions: Collection[int]) -> None:
        for worker in self._workers:
            if not set(partitions).isdisjoint(worker.partitions):
                self._replace(worker)

    def _replace(self, worker: _Worker) -> None:
        self._release(worker, patience=0)
        self._start(worker)

    def collect(self, timeout: float, wake: int) -> Iterator[Frame]:
        now = time.monotonic()
        for worker in self._workers:
            if worker.restart_at is not None:
                if worker.restart_at <= now:
                    self._start(worker)
                    worker.successor = True
                    self.restarts += 1
                else:
                    timeout = min(timeout, worker.restart_at - now)
        yield from self._receive(timeout, [wake])
        running = {w.index: w.started_at for w in self._workers if w.inbox is not None}
        self._silence.look(running, self.processes(), time.monotonic())

    def _receive(self, timeout: float, also: list[int]) -> Iterator[Frame]:
        inboxes = {w.inbox.connection.fileno(): w for w in self._workers if w.inbox is not None}
        # Bare: `multiprocessing.connection.wait` puts a selector around it, which a lone frame would wait for.
        poll = select.poll()
        for descriptor in (*inboxes, *also):
            poll.register(descriptor, select.POLLIN)
        for descriptor, _ in poll.poll(timeout * 1000):
            worker = inboxes.get(descriptor)
            if worker is None or worker.inbox is None:
                continue
            try:
                mail = worker.inbox.receive()
            except EOFError:
                self._ended(worker)
                continue
            self._silence.heard(worker.index, time.monotonic())
            match mail:
                case Frame():
                    yield mail
                    worker.crashes.batch_done()
                    if worker.successor:
                        worker.successor = False
                        _log.info(
                            "worker %d: its successor reads on",
                            worker.index,
                            extra=event("worker_recovery", worker=worker.index),
                        )
                case Begun(starts):
                    worker.crashes.batch_begun(starts)
                case Turned():
                    pass
                case Notice(text):
                    self._notices(text)
                case Logged(record):
                    CLIENT.handle(record)
                case Failure(error, trace):
                    raise error or WorkerError(f"worker {worker.index} failed:\n{trace}")

    def _ended(self, worker: _Worker) -> None:
        """A pipe has ended: its process is dead, or ends as it was told to."""
        told = worker.control is None
        self._release(worker)
        if told or worker.process is None:
            return
        crashes = worker.crashes.add(time.monotonic() - worker.started_at, self._merged.offsets)
        manner = _manner(worker.process)
        text = f"worker {worker.index} died ({manner})"
        if crashes > _RESTARTS:
            where = worker.crashes.where(partial(place_name, self._task.input.source))
            raise WorkerError(
                f"{text} {plural(crashes, 'time')} without progress{where}: giving up"
            )
        pause = _FIRST_PAUSE * 2 ** (crashes - 1)
        worker.restart_at = time.monotonic() + pause
        _log.warning(
            "%s: its partitions go on from the merged offsets in %.1f s",
            text,
            pause,
            extra=event("worker_died", worker=worker.index, manner=manner, again_in=pause),
        )

    def stop(self) -> Iterator[Frame]:
        for worker in self._workers:
            worker.restart_at = None
            if worker.control is not None:
                worker.control.close()
                worker.control = None
        deadline = time.monotonic() + _STOP_SECONDS
        while any(w.inbox is not None for w in self._workers):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            yield from self._receive(left, [])

    def kill(self) -> None:
        for worker in self._workers:
            if worker.process is not None:
                worker.process.kill()  # All at once: to end one takes some milliseconds.
        for worker in self._workers:
            self._release(worker, patience=0)

    @property
    def troubled_at(self) -> float | None:
        return self._notices.troubled_at

    @property
    def silent(self) -> Collection[int]:
        return self._silence.since

    def processes(self) -> Mapping[int, int]:
        running = ((worker.index, worker.process) for worker in self._workers)
        return {index: each.pid for index, each in running if each is not None and each.pid}

    def figures(self) -> None:
        return None

    def _release(self, worker: _Worker, patience: float = _STOP_SECONDS) -> None:
        """Closes what the parent holds of a worker, and makes sure that its process is gone."""
        for end in (worker.inbox, worker.control):
            if end is not None:
                end.close()
        worker.inbox = worker.control = None
        if worker.process is not None:
            worker.process.join(patience)
            worker.process.kill()
            worker.process.join()


def _hand_over(task: bytes, errand: Connection) -> None:
    """Gives a worker its task, in a thread: it may be long, and the worker dead or stopped before it has read it.

    As an argument of the process it would be written by `start`, which then waits for ever.
    """
    with errand, suppress(OSError):
        errand.send_bytes(task)


def _manner(process: SpawnProcess) -> str:
    code = process.exitcode
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
