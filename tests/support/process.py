"""A Python program as a process of its own, to be watched, signalled and killed by a test."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]


def wait_until(
    condition: Callable[[], bool], seconds: float, said: Callable[[], str] = str
) -> None:
    """Returns when the condition holds; fails when time is up, with what was said until then."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not so after {seconds} s: {said()}"
        time.sleep(0.01)


class Process:
    """Runs a Python file in a folder; leaving the `with` block ends it and its children."""

    def __init__(self, source: Path, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._said = folder / f"{source.stem}.log"
        with self._said.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, str(source)],
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group, to be signalled as a terminal does
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def said(self) -> str:
        """What the program has printed."""
        return self._said.read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait_until(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        """Returns when the condition holds; fails if the program ends before, or time is up."""

        def holds() -> bool:
            if condition():
                return True
            assert self.running, f"the program ended early: {self.said}"
            return False

        wait_until(holds, seconds, lambda: self.said)

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        """To the parent alone, or to every process as a terminal does."""
        (os.killpg if group else os.kill)(self._process.pid, number)

    def exit_code(self, seconds: float = 30) -> int:
        """Waits for the end."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it runs after {seconds} s: {self.said}") from None

    def finish(self, seconds: float = 30) -> None:
        """Waits for an end without an error."""
        code = self.exit_code(seconds)
        assert code == 0, f"exit code {code}: {self.said}"
