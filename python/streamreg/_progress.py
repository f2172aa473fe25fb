"""Progress and summary of a run, and the line that shows them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TextIO


@dataclass(frozen=True)
class Progress:
    """Where a run stands after an epoch.

    Attributes:
        epochs: epochs with rows so far.
        rows: rows so far.
        rejects: messages that did not fit, so far.
        rows_per_second: since the start of the run.
        lag: messages known to be waiting in the topic; None if unknown.
        answers: for each output of a regression or reduction, by path, its current row.
    """

    epochs: int
    rows: int
    rejects: int
    rows_per_second: float
    lag: int | None
    answers: Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes:
        epochs: epochs with rows.
        rows: rows read.
        rejects: messages that did not fit, by reason.
        tombstones: messages without a value.
        left_out: rows that stayed out of a sum or regression because a number was not finite.
        seconds: duration of the run.
        ended_by: "source" (read to its end), "stop" (the function given to `run`), "SIGINT" or "SIGTERM".
    """

    epochs: int = 0
    rows: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    tombstones: int = 0
    left_out: int = 0
    seconds: float = 0.0
    ended_by: str = "source"

    def __str__(self) -> str:
        parts = [f"{self.rows:,} rows in {self.epochs:,} epochs, {self.seconds:.1f} s"]
        if self.rejects:
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.rejects.items()))
            parts.append(f"{sum(self.rejects.values()):,} rejects ({kinds})")
        if self.left_out:
            parts.append(f"{self.left_out:,} rows left out of sums (not finite)")
        return "; ".join(parts)


class ProgressLine:
    """Shows progress on a terminal: one line, renewed about once a second."""

    def __init__(
        self, stream: TextIO = sys.stderr, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._due = 0.0

    def __call__(self, progress: Progress) -> None:
        now = self._clock()
        if now < self._due:
            return
        self._due = now + 1.0
        lag = "" if progress.lag is None else f", {progress.lag:,} waiting"
        rejects = f", {progress.rejects:,} rejects" if progress.rejects else ""
        self._stream.write(
            f"\r\x1b[Kstreamreg: {progress.rows:,} rows, {progress.rows_per_second:,.0f}/s"
            f"{lag}{rejects}"
        )
        self._stream.flush()

    def end(self, summary: Summary) -> None:
        """Replaces the line by the summary."""
        self._stream.write(f"\r\x1b[Kstreamreg: {summary}\n")
        self._stream.flush()
