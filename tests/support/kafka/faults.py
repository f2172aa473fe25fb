"""Fault points: the steps at which a run can be made to kill itself, by methods patched from outside.

The product has no hooks for this. A test program calls `install` with the name of a step, and how many times the
step is passed before the process sends itself SIGKILL there.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection

from streamreg._epoch.merge import Merge
from streamreg._epoch.outputs import Outputs
from streamreg._epoch.result_changes import ResultChanges
from streamreg._kafka.source import KafkaSource
from streamreg._run import resume
from streamreg._sinks.append_file import AppendFile
from streamreg._sinks.file_sink import FileSink
from streamreg._sinks.rejects import OpenRejectsFile
from streamreg._state import checkpoint as _checkpoint
from streamreg._state.commit_record import CommitRecord, CommitRecordFile
from streamreg._state.store import Store
from streamreg._worker import spawn
from streamreg._worker import worker as _worker
from streamreg._worker.mailbox import Frame, Mail, Outbox

_VARIABLE = "CHAOS_WORKER_FRAMES"
_write = os.write


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Kills this process when it is called for the last of `count` times."""

    def __init__(self, count: int) -> None:
        self._left = count

    def __call__(self) -> None:
        if self.due():
            die()

    def due(self) -> bool:
        self._left -= 1
        return self._left == 0


Step = Callable[[Countdown], None]


def before(owner: object, name: str) -> Step:
    def install(countdown: Countdown) -> None:
        original = getattr(owner, name)

        def patched(*arguments: object, **named: object) -> object:
            countdown()
            return original(*arguments, **named)

        setattr(owner, name, patched)

    return install


def after(owner: object, name: str) -> Step:
    def install(countdown: Countdown) -> None:
        original = getattr(owner, name)

        def patched(*arguments: object, **named: object) -> object:
            result = original(*arguments, **named)
            countdown()
            return result

        setattr(owner, name, patched)

    return install


def torn_write(countdown: Countdown) -> None:
    """Half of what a file is to be given reaches it."""
    flush = AppendFile.flush

    def patched(self: AppendFile, *, durable: bool = False) -> None:
        data = b"".join(self._held)
        if len(data) > 1 and countdown.due():
            self._file.write(data[: len(data) // 2])
            die()
        flush(self, durable=durable)

    AppendFile.flush = patched  # type: ignore[method-assign, assignment]  # what a fault point is


def first_flush(countdown: Countdown) -> None:
    """One file has all of the epoch, the others have not."""

    def patched(self: Outputs, unix_ms: int | None = None) -> None:
        sinks = [output.sink for output in (*self.rows, *self.scores, *self.results)]
        rejects = None if self.rejects is None else self.rejects[1]
        letters = rejects._file if isinstance(rejects, OpenRejectsFile) else None
        for file in (*(sink._file for sink in sinks if isinstance(sink, FileSink)), letters):
            if file is not None and file._held_size:
                file.flush()
                countdown()

    Outputs.flush = patched  # type: ignore[method-assign]  # what a fault point is


def slow_disk(milliseconds: int) -> None:
    """Each write of a file takes that long."""
    flush = AppendFile.flush

    def patched(self: AppendFile, *, durable: bool = False) -> None:
        if self._held_size:
            time.sleep(milliseconds / 1000)
        flush(self, durable=durable)

    AppendFile.flush = patched  # type: ignore[method-assign, assignment]  # what a fault point is


def within_transaction(countdown: Countdown) -> None:
    """Some parts of a checkpoint are in the transaction, the others are not."""
    pack = _checkpoint.packed

    class Parts(dict[str, bytes]):
        def items(self) -> Iterator[tuple[str, bytes]]:  # type: ignore[override]  # read once
            due = countdown.due()
            for index, item in enumerate(super().items()):
                if due and index == 2:
                    die()
                yield item

    _checkpoint.packed = lambda checkpoint: Parts(pack(checkpoint))


def before_the_commit_record(countdown: Countdown) -> None:
    """The checkpoint is in the database, and the commit record is of the one before."""
    write = CommitRecordFile.write

    def patched(self: CommitRecordFile, record: CommitRecord) -> None:
        if record != self._last:
            countdown()
        write(self, record)

    CommitRecordFile.write = patched  # type: ignore[method-assign]  # what a fault point is


AT_FIRST: dict[str, Step] = {
    "one file made of three": after(AppendFile, "__init__"),
    "half a header written": torn_write,
    "all files made, nothing committed": before(Store, "save"),
    "within the initial commit": within_transaction,
    "the initial commit without its record": before_the_commit_record,
    "after the initial commit": after(Store, "save"),
}
"""Steps of a run that finds nothing yet; each happens the first time."""

RESUMING: dict[str, Step] = {
    "one file cut of three": after(AppendFile, "_cut"),
    "all files cut": after(resume, "open_outputs"),
    "before the first commit": before(Store, "save"),
    "within the first commit": within_transaction,
    "the first commit without its record": before_the_commit_record,
}
"""Steps of a run that goes on from a state; each happens the first time."""

CLOSING: dict[str, Step] = {
    "before an append": before(AppendFile, "append"),
    "after an append": after(AppendFile, "append"),
    "rows appended, nothing else": after(Merge, "_add"),
    "results appended": after(ResultChanges, "write"),
    "half of a file's bytes written": torn_write,
    "one file flushed, the others not": first_flush,
    "all files flushed": after(Outputs, "flush"),
    "before the commit": before(Store, "save"),
    "within the transaction": within_transaction,
    "after the transaction, before its commit record": before_the_commit_record,
    "after the commit": after(Store, "save"),
    "before the broker is told": before(KafkaSource, "commit_offsets"),
}
"""Steps of an epoch and its closing; each happens again and again."""

HALF_A_FRAME = "a worker, half of a frame sent"
SLOW_DISK = "a slow disk, for ever"
STUCK_IN_A_FRAME = "a worker, stopped for ever with half of a frame sent"


def install(name: str, count: int) -> None:
    """Makes the process die when it comes to this step for the `count`-th time.

    Of a slow disk, the count is that of the milliseconds for a write.
    """
    if name in (HALF_A_FRAME, STUCK_IN_A_FRAME):
        os.environ[_VARIABLE] = f"{count} {name}"
        # By its name in this module, which a worker imports.
        spawn._work = main
        return
    if name == SLOW_DISK:
        slow_disk(count)
        return
    step = (AT_FIRST | RESUMING | CLOSING)[name]
    step(Countdown(count))


SIGNALS = {HALF_A_FRAME: signal.SIGKILL, STUCK_IN_A_FRAME: signal.SIGSTOP}


def half_write(then: signal.Signals, descriptor: int, data: memoryview) -> int:
    """The length of a frame is sent whole, and of the frame itself the first half."""
    if len(data) == 8:
        return _write(descriptor, data)
    half = _write(descriptor, data[: len(data) // 2])
    os.kill(os.getpid(), then)
    return half


def main(tasks: Connection, mailbox: Connection, control: Connection) -> None:
    """A worker that dies in the middle of sending a frame."""
    count, name = os.environ[_VARIABLE].split(maxsplit=1)
    countdown = Countdown(int(count))
    send = Outbox.send

    def patched(self: Outbox, mail: Mail) -> None:
        if isinstance(mail, Frame) and countdown.due():
            os.write = partial(half_write, SIGNALS[name])
        send(self, mail)

    Outbox.send = patched  # type: ignore[method-assign]  # what a fault point is
    _worker.main(tasks, mailbox, control)
