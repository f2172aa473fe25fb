"""Progress and summary of a run, and the line that shows them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from streamreg._html import table
from streamreg._plural import plural
from streamreg._rejects.dead_letters import counted
from streamreg._terminal.screen import Screen
from streamreg._terminal.width import printable, width

_RATE_SECONDS: Final = 10.0
"""What "the last seconds" of a rate are."""
_PLAIN_SECONDS: Final = 10.0
"""Between two lines of progress where a line cannot be renewed."""


@dataclass(frozen=True)
class Progress:
    """The progress of a run after an epoch.

    Attributes:
        epochs: epochs with rows so far.
        rows: rows so far.
        rejects: messages that did not fit, so far.
        rows_per_second: over the last ten seconds, or since the start of a younger run.
        lag: messages known to be waiting in the topic, of files bytes; None if unknown.
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
    """What a run did. All counts are of this run and the earlier ones of its state together.

    A run whose messages were all rejected ends without an error: `rows` is 0 then, and `rejects` has the reasons. (The
    command `streamreg run` ends with exit code 1 if its topic has ended so.)

    Attributes:
        epochs: epochs with rows.
        rows: rows read.
        rejects: messages that did not fit, by reason.
        tombstones: messages without a value.
        lost: offsets of which the messages were deleted before they were read, with on_lost_offsets="continue".
        excluded: rows that were excluded from a sum or regression because a value was missing or not finite.
        seconds: duration of this run.
        ended_by: "source" (read to its end), "stop" (the function given to `run`), "SIGINT" or "SIGTERM".
        earlier_epochs: those of them that earlier runs had closed.
        earlier_rows: those of them that earlier runs had read.
        earlier_rejects: how many messages earlier runs had rejected.
    """

    epochs: int = 0
    rows: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    tombstones: int = 0
    excluded: int = 0
    seconds: float = 0.0
    ended_by: str = "source"
    earlier_epochs: int = 0
    earlier_rows: int = 0
    earlier_rejects: int = 0
    lost: int = 0

    @property
    def nothing_fitted(self) -> bool:
        """Whether messages were rejected, and none was a row."""
        return self.rows == 0 and sum(self.rejects.values()) > 0

    def _repr_html_(self) -> str:
        """What a notebook shows: all counts that are not 0, and rejects by reason."""
        counts = {
            "rows": self.rows,
            "epochs": self.epochs,
            **{f"rejects: {kind}": count for kind, count in self.rejects.items()},
            "tombstones": self.tombstones,
            "rows excluded from sums": self.excluded,
            "offsets lost": self.lost,
            "rows of earlier runs": self.earlier_rows,
            "epochs of earlier runs": self.earlier_epochs,
            "rejects of earlier runs": self.earlier_rejects,
        }
        rows = [(name, f"{count:,}") for name, count in counts.items() if count or name == "rows"]
        rows += [("seconds", f"{self.seconds:.1f}"), ("ended by", self.ended_by)]
        return table("Run", rows)

    def __str__(self) -> str:
        rejects = sum(self.rejects.values())
        kinds = f" ({counted(self.rejects)})" if rejects else ""
        earlier = self.earlier_epochs or self.earlier_rejects
        rows = plural(self.rows - self.earlier_rows, "row")
        epochs = plural(self.epochs - self.earlier_epochs, "epoch")
        parts = [f"{rows} in {epochs}, {self.seconds:.1f} s"]
        if rejects > self.earlier_rejects:
            count = plural(rejects - self.earlier_rejects, "reject")
            parts.append(count if earlier else count + kinds)
        if self.nothing_fitted:
            parts.append("no message was a row")
        if earlier:
            total = f"{plural(self.rows, 'row')} in {plural(self.epochs, 'epoch')}"
            if rejects:
                total += f", {plural(rejects, 'reject')}{kinds}"
            parts.append(f"with the earlier runs {total}")
        if self.excluded:
            parts.append(
                f"{plural(self.excluded, 'row')} excluded from sums (missing or not finite)"
            )
        if self.lost:
            parts.append(f"{plural(self.lost, 'offset')} lost, deleted before they were read")
        return "; ".join(parts)


class Rate:
    """Rows a second, over the last seconds."""

    def __init__(self, rows: int, now: float) -> None:
        """`rows` is what the run begins with, `now` when."""
        self._seen = deque([(now, rows)])

    def at(self, rows: int, now: float) -> float:
        """The rate, when there are so many rows."""
        if now > self._seen[-1][0]:
            self._seen.append((now, rows))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _RATE_SECONDS:
            self._seen.popleft()
        since, before = self._seen[0]
        return (rows - before) / max(now - since, 1e-9)


class ProgressLine:
    """Shows progress about once a second: as one line that is renewed, or where it cannot be as lines now and then."""

    def __init__(self, screen: Screen, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = screen
        self._clock = clock
        self._due = 0.0
        self.last: str | None = None

    def __call__(self, progress: Progress) -> None:
        now = self._clock()
        if now < self._due:
            return
        self._due = now + (1.0 if self._screen.terminal else _PLAIN_SECONDS)
        parts = [plural(progress.rows, "row"), f"{progress.rows_per_second:,.0f}/s"]
        if progress.lag is not None:
            parts.append(f"lag {progress.lag:,}")
        if progress.rejects:
            parts.append(plural(progress.rejects, "reject"))
        for row in progress.results.values():
            parts += [f"{name} {_short(value)}" for name, value in row.items()]
        parts = [printable(part) for part in parts]
        if self._screen.terminal:
            self._screen.status(_fitted(parts, self._screen.columns - 1))
        else:
            self._screen.line(f"streamreg: {'  '.join(parts)}")

    def end(self, summary: Summary) -> None:
        """Notes the summary, which replaces the line at the end."""
        self.last = f"streamreg: {summary}"


def _short(value: object) -> str:
    """A cell in six significant digits at most."""
    if value is None:
        return "-"
    if isinstance(value, float | Decimal):
        return f"{value:.6g}"
    if isinstance(value, datetime | timedelta):
        # Late: it brings NumPy, and few results are times.
        from streamreg._evaluate.times import iso_text

        return iso_text(value)
    return str(value)


def _fitted(parts: list[str], columns: int) -> str:
    """As many parts as fit: a number that is cut would be another number."""
    line = ""
    for index, part in enumerate(parts):
        longer = f"{line}  {part}" if line else part
        more = 0 if index == len(parts) - 1 else len("  …")
        if width(longer) + more > columns:
            return f"{line}  …" if line else ""
        line = longer
    return line
