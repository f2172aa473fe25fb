"""How much memory a program and its children take, at most."""

import re
import time
from pathlib import Path

from streamreg._bench.memory import family, text
from tests.support.kafka.program import Program

_MEBI = 1 << 20


class Peaks:
    """The most memory that each process of a program has had resident (Linux).

    The kernel keeps the peak of each process itself: no short one goes unseen.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._peaks: dict[int, int] = {}

    def watch(self, seconds: float) -> int:
        """Until the program ends; returns the sum of the peaks, in bytes."""
        deadline = time.monotonic() + seconds
        while self._program.running and time.monotonic() < deadline:
            for process in family(self._program.pid):
                self._peaks[process] = max(self._peaks.get(process, 0), _peak(process))
            time.sleep(0.01)
        self._program.finish(max(deadline - time.monotonic(), 0.1))
        return sum(self._peaks.values())

    def __str__(self) -> str:
        return " + ".join(f"{peak // _MEBI}" for peak in self._peaks.values()) + " MiB"


def _peak(process: int) -> int:
    found = re.search(r"^VmHWM:\s+(\d+) kB$", text(Path(f"/proc/{process}/status")), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
