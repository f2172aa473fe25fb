"""One Kafka server for the tests, broker or controller, as a process of its own.

It can be killed, stopped, frozen and started again on the same data; and it is gone when the process that started it
is, however that ended.
"""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.kafka.jars import classpath

_STOP_SECONDS = 20.0

# Kills the server when its standard input ends: the kernel closes the other end of that pipe with
# the test process, so no JVM outlives it, not even after a SIGKILL.
_WATCHDOG = 'read -r _; kill -KILL "$0" 2>/dev/null'


class KafkaNode:
    """A server that is described by a properties file, with its log beside it.

    Attributes:
        log: What the server says, appended to by every start.
    """

    def __init__(self, properties: Path, log: Path, heap_mb: int = 512) -> None:
        """Starts nothing yet."""
        self.log = log
        self._properties = properties
        self._heap_mb = heap_mb
        self._classpath = classpath()
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def format(self, cluster: str, *options: str) -> None:
        """Makes the log directory that the properties name, for the cluster of this id."""
        what = ["-t", cluster, "-c", str(self._properties), *options]
        run(self._java("kafka.tools.StorageTool", "format", *what), self._properties.parent)

    def launch(self) -> None:
        """Starts the server, which is not ready yet."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._java("kafka.Kafka", str(self._properties)),
                cwd=self._properties.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests; they stop the server themselves
            )
        self._watchdog = subprocess.Popen(
            ["sh", "-c", _WATCHDOG, str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self) -> None:
        """Asks the server to stop and waits for it; its data stay."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self.reap()

    def kill(self) -> None:
        """Kills the server (SIGKILL), as a crash would; its data stay."""
        if self._process is not None:
            self._process.kill()
        self.reap()

    def freeze(self) -> None:
        """Stops the server in the middle of what it is at, its connections open (SIGSTOP)."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def reap(self) -> None:
        """Forgets a server that has ended."""
        # The watchdog first: once the server is waited for, its process id may be another's.
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()
        if self._process is not None:
            self._process.wait()
        self._watchdog = self._process = None

    def log_tail(self, lines: int = 40) -> str:
        """The end of the server's log."""
        if not self.log.exists():
            return f"{self.log} is not there"
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join([f"--- the end of {self.log}", *text[-lines:]])

    def _java(self, main: str, *arguments: str) -> list[str]:
        return [
            "java",
            f"-Xms{min(self._heap_mb, 128)}m",
            f"-Xmx{self._heap_mb}m",
            "-XX:+UseSerialGC",  # few threads: the server shares the machine with what it tests
            "-Djava.awt.headless=true",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-cp",
            self._classpath,
            main,
            *arguments,
        ]


def run(command: Sequence[str], folder: Path) -> None:
    """Runs a tool to its end. RuntimeError, with what it has printed, if it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}):\n{done.stdout}")
