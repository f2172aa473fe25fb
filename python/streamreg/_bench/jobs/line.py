"""Bench, contenders: the tutorial's sums in doubles and the two changelogs, for peers that have neither."""

from __future__ import annotations

import time
from collections.abc import Sequence


class Line:
    """Adds points, and writes `input.csv` and `output.csv` as the tutorial's program does."""

    def __init__(self, autocommit_ms: int) -> None:
        """Opens both files."""
        self._interval = autocommit_ms / 1000
        self._due = 0.0
        self._count = 0
        self._sums = [0.0] * 4
        self._epoch = 0
        self._last: tuple[float, float] | None = None
        self._input = open("input.csv", "w")  # noqa: SIM115 - for the whole run, see `close`
        self._output = open("output.csv", "w")  # noqa: SIM115
        self._input.write("x,y,time,diff\n")
        self._output.write("a,b,time,diff\n")

    def add(self, points: Sequence[tuple[float, float]]) -> None:
        """Takes some points; a result is written at most once in the interval."""
        sx, sy, sxx, sxy = self._sums
        for x, y in points:
            sx, sy, sxx, sxy = sx + x, sy + y, sxx + x * x, sxy + x * y
        self._sums = [sx, sy, sxx, sxy]
        self._count += len(points)
        self._input.writelines(f"{x!r},{y!r},{self._epoch},1\n" for x, y in points)
        if time.monotonic() >= self._due:
            self._result()

    def _result(self) -> None:
        sx, sy, sxx, sxy = self._sums
        d = self._count * sxx - sx * sx
        new = (0.0, 0.0)
        if d:
            new = (sy * sxx - sx * sxy) / d, (self._count * sxy - sx * sy) / d
        if self._last is not None:
            self._output.write(f"{self._last[0]!r},{self._last[1]!r},{self._epoch},-1\n")
        self._output.write(f"{new[0]!r},{new[1]!r},{self._epoch},1\n")
        self._input.flush()
        self._output.flush()
        self._last, self._epoch = new, self._epoch + 1
        self._due = time.monotonic() + self._interval

    def close(self) -> None:
        """Writes the last result."""
        self._result()
        self._input.close()
        self._output.close()
