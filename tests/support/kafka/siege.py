"""A siege: one job, started again each time it is killed, and the ways to kill it."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from streamreg._state.store import Store
from tests.support.kafka import faults
from tests.support.kafka.broker import KafkaBroker
from tests.support.kafka.numbered import INPUT, rows_so_far
from tests.support.kafka.program import JOBS
from tests.support.process import ROOT

_PATIENCE = 60.0


def workers_of(parent: int) -> list[int]:
    """The worker processes of a run, by their process ids."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):  # it may end while it is looked at
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                started_by, state = int(fields[1]), fields[0]
                command = (entry / "cmdline").read_bytes()
                if started_by == parent and state != "Z" and b"spawn_main" in command:
                    found.append(int(entry.name))
    return sorted(found)


class Siege:
    """The job in a folder, and its crashes by name."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        broker: KafkaBroker,
        seed: int,
        log: Path | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        """`patience` is the seconds that anything is waited for."""
        self.folder = folder
        self.kills: dict[str, int] = {}
        self._patience = patience
        self._log = log or folder / "job.log"
        self._broker = broker
        self._chance = random.Random(seed)
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self._environment = {**os.environ, **environment, "PYTHONPATH": path}

    @contextmanager
    def job(self, step: str | None = None, count: int = 1) -> Iterator["subprocess.Popen[bytes]"]:
        """The job running; when the block is left it is gone, its workers perhaps not yet."""
        fault = {} if step is None else {"CHAOS_STEP": step, "CHAOS_COUNT": str(count)}
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, str(JOBS / "chaos.py")],
                cwd=self.folder,
                env={**self._environment, **fault},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def die_at(self, step: str, count: int) -> None:
        """The job kills itself at a step."""
        with self.job(step, count) as process:
            self.until(lambda: process.poll() is not None, f"no death at: {step}")
            assert process.returncode == -signal.SIGKILL, self.said
        self._count(step)

    def die_flushed_and_cut(self, count: int) -> None:
        """What was written and not committed is gone as soon as the next run begins."""
        self.die_at("all files flushed", count)
        self.die_at("all files cut", 1)
        with Store(self.folder / "state") as store:
            checkpoint = store.load()
        assert checkpoint is not None
        sizes = {name: (self.folder / name).stat().st_size for name in checkpoint.positions}
        assert sizes == {name: p["length"] for name, p in checkpoint.positions.items()}

    def kill_parent(self) -> None:
        """At any moment of a run's first seconds."""
        with self.job() as process:
            self._wait(process, self._chance.uniform(0.2, 3.0))
        self._count("the parent, at random")

    def finish(self, rows: int, process: "subprocess.Popen[bytes]") -> None:
        """The job reads up to so many rows, and ends cleanly."""
        self.until(lambda: rows_so_far(self.folder) >= rows, "rows are missing")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0, self.said

    def kill_workers(self, times: int) -> None:
        """One after another, whatever they are at."""
        with self.job() as process:
            self.until_rows(process)
            for _ in range(times):
                self._wait(process, self._chance.uniform(0.05, 0.5))
                self.until(lambda: workers_of(process.pid) != [], "no worker")
                with suppress(ProcessLookupError):
                    os.kill(self._chance.choice(workers_of(process.pid)), signal.SIGKILL)
                    self._count("a worker, at random")
            self.until_rows(process)

    def kill_worker_while_it_sends(self, count: int) -> None:
        """Half of a frame is in the pipe, and the run goes on."""
        with self.job(faults.HALF_A_FRAME, count) as process:
            death = b"died (signal SIGKILL)"
            already = self._log.read_bytes().count(death)
            self.until(lambda: self._log.read_bytes().count(death) >= already + 2, "no death")
            self.until_rows(process)
        self._count(faults.HALF_A_FRAME)
        self._count(faults.HALF_A_FRAME)

    def kill_broker(self) -> None:
        """The run waits for the broker, reads on when it is back, and says so."""
        with self.job() as process:
            self.until_rows(process)
            begin = self._log.stat().st_size
            self._broker.kill()
            self._wait(process, self._chance.uniform(0.0, 1.0))
            self._broker.start()
            self.until_rows(process)
            said = self._log.read_bytes()[begin:].decode()
            assert "check bootstrap.servers" in said, said
            assert "reading again" in said, said
        self._count("the broker")

    def kill_broker_and_parent(self) -> None:
        """Both are gone; the job is back first, and waits."""
        with self.job() as process:
            self.until_rows(process)
            self._broker.kill()
            self._wait(process, self._chance.uniform(0.0, 0.5))
        with self.job() as process:
            self._wait(process, self._chance.uniform(0.0, 2.0))
            self._broker.start()
            self.until_rows(process)
        self._count("the broker and the parent")
        self._count("the broker and the parent")

    def until(
        self, condition: Callable[[], bool], otherwise: str, seconds: float | None = None
    ) -> None:
        deadline = time.monotonic() + (self._patience if seconds is None else seconds)
        while not condition():
            assert time.monotonic() < deadline, f"{otherwise}; {self.said}"
            time.sleep(0.01)

    @property
    def said(self) -> str:
        """The end of what the job has printed."""
        return f"the job said:\n{self._log.read_text(errors='replace')[-6000:]}"

    def until_rows(self, process: "subprocess.Popen[bytes]") -> None:
        """Until rows come that were not there."""
        seen = self._size()

        def more() -> bool:
            assert process.poll() is None, f"ended with {process.returncode}; {self.said}"
            # Less at first, perhaps: a run that starts cuts what was not committed.
            nonlocal seen
            size = self._size()
            seen = min(seen, size)
            return size > seen

        self.until(more, "no rows")

    def _size(self) -> int:
        try:
            return (self.folder / INPUT).stat().st_size
        except FileNotFoundError:
            return 0

    def _wait(self, process: "subprocess.Popen[bytes]", seconds: float) -> None:
        """The moment of a death is drawn by lot: the only thing that is waited for by the clock."""
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            raise AssertionError(f"ended with {process.returncode}; {self.said}")

    def _count(self, name: str) -> None:
        self.kills[name] = self.kills.get(name, 0) + 1
