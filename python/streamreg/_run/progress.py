"""Progress and summary of a run, and the line that shows them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from shutil import get_terminal_size
from typing import TextIO

from streamreg._rejects.dead_letters import counted

_RENEW = "\r\x1b[K"
"""Back to the start of the line, and nothing on it."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands after an epoch.

    Attributes:
        epochs: epochs with rows so far.
        rows: rows so far.
        rejects: messages that did not fit, so far.
        rows_per_second: since the start of the run.
        lag: messages known to be waiting in the topic; None if unknown.
        results: for each output of a regression or reduction, by path, its current row; with keys, how many of them
            have a row, as `{"keys": n}`.
    """

    epochs: int
    rows: int
    rejects: int
    rows_per_second: float
    lag: int | None
    results: Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes:
        epochs: epochs with rows.
        rows: rows read.
        rejects: messages that did not fit, by reason.
        tombstones: messages without a value.
        excluded: rows that stayed out of a sum or regression because a number was not finite.
        seconds: duration of the run.
        ended_by: "source" (read to its end), "stop" (the function given to `run`), "SIGINT" or "SIGTERM".
    """

    epochs: int = 0
    rows: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    tombstones: int = 0
    excluded: int = 0
    seconds: float = 0.0
    ended_by: str = "source"

    def __str__(self) -> str:
        parts = [
            f"{plural(self.rows, 'row')} in {plural(self.epochs, 'epoch')}, {self.seconds:.1f} s"
        ]
        if self.rejects:
            total = plural(sum(self.rejects.values()), "message")
            parts.append(f"{total} rejected ({counted(self.rejects)})")
        if self.excluded:
            parts.append(f"{plural(self.excluded, 'row')} left out of sums (not finite)")
        return "; ".join(parts)


def plural(count: int, noun: str) -> str:
    """`1 row`, `2 rows`, `3,000 rows`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


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
        parts = [f"{progress.rows:,} rows", f"{progress.rows_per_second:,.0f}/s"]
        if progress.lag is not None:
            parts.append(f"{progress.lag:,} to read")
        if progress.rejects:
            parts.append(f"{progress.rejects:,} rejected")
        for row in progress.results.values():
            parts += [f"{name} {value!r}" for name, value in row.items()]
        line = "  ".join(parts)[: get_terminal_size().columns - 1]
        self._write(f"{_RENEW}{line}")

    def end(self, summary: Summary) -> None:
        """Replaces the line by the summary."""
        self._write(f"{_RENEW}streamreg: {summary}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
