"""`streamreg verify JOB.toml`: recomputes a job from its topic, and compares."""

import argparse
import contextlib
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._exceptions import ConfigurationError
from streamreg._jobs import load_job
from streamreg._plural import plural
from streamreg._terminal.screen import Screen, say
from streamreg._terminal.standard_streams import is_terminal
from streamreg._terminal.width import one_line

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands

_EPILOG = """\
The topic is read again, from where the job began up to the offsets of its last checkpoint, and all
is computed from scratch. It must give the same exact sums and results as the state holds, to the
last bit, and the outputs must hold the same rows, the results' changes folding to the last result.
Nothing is written, and a job that runs goes on undisturbed.

A topic that has lost messages since, to retention or compaction, cannot be verified.

example:
  streamreg verify job.toml

exit code: 0 equal, 1 different, 2 it, or a part of it, could not be compared
"""


def add_parser(commands: "Commands", common: argparse.ArgumentParser) -> None:
    """Adds the command to the program's parser."""
    parser = commands.add_parser(
        "verify",
        parents=[common],
        help="recompute a job from its topic, and compare bit by bit",
        description="Compares a job's state and outputs with what its topic gives, bit by bit.",
        epilog=_EPILOG,
    )
    parser.add_argument("job", type=Path, metavar="JOB.toml", help="the job file")
    # As of `cmp` and `diff`: 1 means that the two differ.
    parser.set_defaults(command=command, failure=2)


def command(arguments: argparse.Namespace, settings: dict[str, object]) -> int:
    """Runs the command; its client's settings go into `settings` as soon as they are known."""
    job = load_job(arguments.job)
    settings.update(job.source.kafka)
    if job.state is None:
        raise ConfigurationError(
            f"{arguments.job}: state.directory: is false: without a state there is nothing to verify"
        )
    from streamreg._jobs.client import check_client
    from streamreg._jobs.paths import refuse_old_place

    refuse_old_place(job)
    check_client(job.source.kafka, str(arguments.job))
    from streamreg._jobs.run_job import plan_job
    from streamreg._operate.verify.verify import verify
    from streamreg._state.snapshot import read

    checkpoint = read(Path(job.state))
    plan = plan_job(job)
    progress = _Progress()
    first = None
    unknown: list[str] = []
    with contextlib.closing(plan.source):
        report = logging.getLogger("streamreg").warning
        for check in verify(plan, checkpoint, job.rejects, report=report, tell=progress):
            progress.clear()
            print(one_line(str(check)), flush=True)
            first = first or (check if check.difference else None)
            unknown += [] if check.compared else [check.subject]
    if first is not None:
        say(f"streamreg: different: {first.subject}: {first.difference}")
        return 1
    if unknown:
        say(f"streamreg: not compared: {'; '.join(unknown)}; all else is equal")
        return 2
    say("streamreg: equal")
    return 0


class _Progress:
    """On a terminal a line that shows how far the reading is."""

    def __init__(self) -> None:
        self._due = 0.0 if is_terminal(sys.stderr) else float("inf")
        self._screen: Screen | None = None

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + 0.5
            self._screen = self._screen or Screen(sys.stderr)
            self._screen.status(f"{done:,} of {plural(total, 'offset')} read")

    def clear(self) -> None:
        """Takes the line away."""
        if self._screen is not None:
            self._screen.close()
            self._screen = None
