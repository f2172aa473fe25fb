"""Sessions of Spark, its processes, and a cluster of its own kind on this machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.process import wait_until

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.executor.memory": "900m",  # what a worker of the cluster has
}
LOCAL_CLUSTER = "local-cluster[2,1,900]"


@contextmanager
def spark_session(master: str) -> "Iterator[SparkSession]":
    """A session whose tasks run this environment."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(master).appName("streamreg-tests")
    for name, value in CONF.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()


def descendants(parent: int) -> dict[int, str]:
    """All processes that a process has started, and these in turn, with their command lines."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):  # it may end while it is looked at
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    parents[int(entry.name)] = int(fields[1])
    found: dict[int, str] = {}
    todo = [parent]
    while todo:
        at = todo.pop()
        for child, own in parents.items():
            if own == at and child not in found:
                with suppress(OSError):
                    found[child] = (
                        Path(f"/proc/{child}/cmdline").read_bytes().decode(errors="replace")
                    )
                    todo.append(child)
    return found


def executors(parent: int) -> list[int]:
    """The executors of a driver on a cluster of this machine."""
    commands = descendants(parent)
    return sorted(pid for pid, line in commands.items() if "CoarseGrainedExecutorBackend" in line)


def python_workers(parent: int) -> list[int]:
    """The processes in which tasks run Python: those that a daemon of Spark's has forked."""
    daemons = {pid for pid, line in descendants(parent).items() if "pyspark.daemon" in line}
    return sorted(
        pid
        for pid in daemons
        if int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) in daemons
    )


class Standalone:
    """A master of Spark's own cluster manager, and its workers, of one core each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "cluster.log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self.url = ""

    def start(self, workers: int) -> None:
        """Returns when all workers are registered."""
        self._launch(
            "org.apache.spark.deploy.master.Master",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--webui-port",
            "0",
        )
        wait_until(lambda: "Starting Spark master at" in self.said, 60, lambda: self.said)
        self.url = self.said.partition("Starting Spark master at ")[2].split()[0]
        for _ in range(workers):
            worker = "org.apache.spark.deploy.worker.Worker"
            self.workers.append(
                self._launch(
                    worker,
                    "--host",
                    "127.0.0.1",
                    "--cores",
                    "1",
                    "--memory",
                    "900m",
                    "--webui-port",
                    "0",
                    self.url,
                )
            )
        registered = "Successfully registered with master"
        wait_until(lambda: self.said.count(registered) == workers, 60, lambda: self.said)

    def _launch(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        import pyspark

        home = Path(pyspark.__file__).parent
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [str(home / "bin" / "spark-class"), name, *arguments],
                cwd=self._folder,
                env={
                    **os.environ,
                    "SPARK_HOME": str(home),
                    "SPARK_WORKER_DIR": str(self._folder / "work"),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def kill_worker(self, index: int) -> None:
        """A node is lost: the daemon, and the executor on it."""
        worker = self.workers[index]
        own = descendants(worker.pid)
        for pid in (worker.pid, *own):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        worker.wait()

    def close(self) -> None:
        for process in self._processes:
            for pid in (*descendants(process.pid), process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()


def group_is_gone(group: int, seconds: float = 30) -> None:
    """Waits until no process of a session is left: fails if one is."""

    def members() -> Mapping[int, str]:
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with suppress(OSError):
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    if int(fields[3]) == group and fields[0] != "Z":
                        found[int(entry.name)] = (
                            (entry / "cmdline").read_bytes().decode(errors="replace")[:200]
                        )
        return found

    deadline = time.monotonic() + seconds
    while left := members():
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)
