"""`streamreg demo`: shows the main job at work, on a broker that it brings along."""

import argparse
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._cli.arguments import UsageError, processes
from streamreg._plural import plural
from streamreg._run.progress import Progress

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands
    from streamreg._demo.run import Outcome

_EPILOG = """\
example:
  streamreg demo
  streamreg demo --count 1000000 --rate 0 --processes 2 --directory /tmp/demo
  streamreg demo --listen 127.0.0.1:9464

Needs no broker and leaves none behind. Ctrl-C ends it early; its files are complete then too.
"""

# With the lines before and after, what is printed stays on one screen.
_MOST_LINES = 10


def add_parser(commands: "Commands", common: argparse.ArgumentParser) -> None:
    """Adds the command to the program's parser."""
    parser = commands.add_parser(
        "demo",
        parents=[common],
        help="see it work: a regression on a stream, no broker needed",
        description="Runs the main job on a broker embedded in this process, a producer beside it.",
        epilog=_EPILOG,
    )
    parser.add_argument("--count", type=int, default=15_000, help="points to send (default: 15000)")
    parser.add_argument(
        "--rate",
        type=float,
        default=1000.0,
        help="points a second; 0: no limit (default: 1000)",
    )
    parser.add_argument("--processes", type=processes, metavar="N", help="processes that read")
    parser.add_argument(
        "--directory",
        type=Path,
        metavar="D",
        help="where the files go (default: a new directory, ./streamreg-demo)",
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        help="serve the live page, metrics and the result there meanwhile (needs streamreg[serve])",
    )
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace, settings: dict[str, object]) -> int:
    """Runs the command; the embedded broker has no secrets to put into `settings`."""
    if arguments.count < 1:
        raise UsageError("argument --count: the demo needs at least one point")
    from streamreg._demo.points import Plan
    from streamreg._demo.run import new_directory, run_demo

    # Both refuse what cannot be before a directory is made.
    Plan(count=arguments.count, rate=arguments.rate)
    if arguments.listen is not None:
        from streamreg._serve.address import listen_of

        listen_of(arguments.listen)
    directory = new_directory(arguments.directory)
    pace = f"{arguments.rate:,g} a second" if arguments.rate else "as fast as they go"
    print(
        f"{plural(arguments.count, 'point')} of y = x + noise, {pace}, through a Kafka topic of this demo:"
    )
    table = _Table(arguments.count / arguments.rate if arguments.rate else 0.0)
    try:
        outcome = run_demo(
            directory,
            count=arguments.count,
            rate=arguments.rate,
            processes=arguments.processes,
            listen=arguments.listen,
            show=table,
        )
    finally:
        if arguments.directory is None:
            # A run that could not begin, such as where the port is taken, has left it empty: only then it goes.
            with contextlib.suppress(OSError):
                directory.rmdir()
    table.begin()
    _tell(outcome)
    return 0


class _Table:
    """Prints the coefficients while they change, a few lines in all."""

    def __init__(self, seconds: float) -> None:
        self._start = time.monotonic()
        # The run takes a little longer than the sending: room for that, so that the lines suffice.
        self._interval = max(1.0, seconds / (_MOST_LINES - 2))
        self._due = 0.0
        self._lines = 0
        self._begun = False

    def begin(self) -> None:
        """Prints the heading, unless it is there: not at once, so that what the run says at its start stands before."""
        if not self._begun:
            print(f"\n{'seconds':>8} {'points':>12} {'intercept':>24} {'slope':>24}", flush=True)
            self._begun = True

    def __call__(self, progress: Progress) -> None:
        row = next(iter(progress.results.values()), None)
        seconds = time.monotonic() - self._start
        if not row or seconds < self._due or self._lines == _MOST_LINES:
            return
        self.begin()
        a, b = (repr(value) for value in row.values())
        print(f"{seconds:>8.1f} {progress.rows:>12,} {a:>24} {b:>24}", flush=True)
        self._due = seconds + self._interval
        self._lines += 1


def _tell(outcome: "Outcome") -> None:
    if outcome.last:
        a, b = list(outcome.last.values())[:2]
        print(f"{'final':>8} {outcome.summary.rows:>12,} {a:>24} {b:>24}")
    print(f"\n{plural(outcome.sent, 'point')} sent; read: {outcome.summary}.")
    width = max(len(str(outcome.input)), len(str(outcome.results)))
    inputs, changes = plural(outcome.input_rows, "row"), plural(outcome.changes, "row")
    print(f"  {outcome.input!s:<{width}}  {inputs}: the points as they were read")
    print(f"  {outcome.results!s:<{width}}  {changes}: each result (diff 1) until it goes (-1)")
    print("With a broker of your own:  streamreg run --example > job.toml")
    print(
        "                            streamreg run job.toml       (and streamreg generate --help)"
    )
