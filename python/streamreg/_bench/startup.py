"""Bench: how long an import takes in a fresh process."""

from __future__ import annotations

import statistics
import subprocess
import sys

from streamreg._bench.points import Tell

MODULES = ("streamreg", "numpy", "confluent_kafka")
_PROGRAM = """
import time
started = time.perf_counter()
import {module}
print(time.perf_counter() - started)
"""


def imports(rounds: int, tell: Tell) -> dict[str, float]:
    """The median seconds for each module; the processes take turns, and an unmeasured round warms the disk's cache."""
    found: dict[str, list[float]] = {module: [] for module in MODULES}
    for number in range(rounds + 1):
        for module, seconds in found.items():
            program = _PROGRAM.format(module=module)
            # -P: what lies in the current folder is not meant.
            done = subprocess.run(
                [sys.executable, "-P", "-c", program], check=True, capture_output=True, text=True
            )
            if number:
                seconds.append(float(done.stdout))
    middle = {module: statistics.median(seconds) for module, seconds in found.items()}
    for module, median in middle.items():
        tell(f"import {module}: {median * 1000:.0f} ms")
    return middle
