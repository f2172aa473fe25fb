"""How a running job and its end are told on stderr."""

import sys
from shutil import get_terminal_size

from streamreg._job import Progress, Summary


class StatusLine:
    """One line that is rewritten in place; nothing where stderr is no terminal."""

    def __init__(self) -> None:
        """Looks at stderr."""
        self._live = sys.stderr.isatty()
        self._shown = False

    def __call__(self, progress: Progress) -> None:
        """Shows where the job is."""
        if not self._live:
            return
        parts = [
            f"epoch {progress.epoch}",
            f"{progress.rows:,} rows",
            f"{progress.rows_per_second:,.0f}/s",
        ]
        if progress.lag is not None:
            parts.append(f"{progress.lag:,} to read")
        if progress.rejects:
            parts.append(f"{progress.rejects:,} rejected")
        for row in progress.answers.values():
            parts += [f"{name} {number(value)}" for name, value in row.items()]
        line = "  ".join(parts)[: get_terminal_size().columns - 1]
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        self._shown = True

    def close(self) -> None:
        """Ends the line, so that what follows starts on its own."""
        if self._shown:
            print(file=sys.stderr)
            self._shown = False


def number(value: float | int | None) -> str:
    """A coefficient as people read it: the shortest text that reads back the same."""
    return "-" if value is None else repr(value)


def plural(count: int, noun: str) -> str:
    """`1 row`, `2 rows`, `3,000 rows`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def summed_up(summary: Summary) -> str:
    """A finished job in one line."""
    text = f"{plural(summary.rows, 'row')} in {plural(summary.epochs, 'epoch')}"
    kinds = {kind: count for kind, count in summary.rejects.items() if count}
    if kinds:
        details = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
        text += f"; {plural(sum(kinds.values()), 'message')} rejected: {details}"
    return text
