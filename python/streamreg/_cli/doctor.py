"""`streamreg doctor JOB.toml`: finds what keeps a job from running, and which setting to change."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._terminal.width import one_line

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands

_EPILOG = """\
example:
  streamreg doctor job.toml

One line for each thing that a run needs, in the order in which it needs them: ok, FAIL with what to
change, or skip with why it was not looked at. Each output has a line of its own. Nothing is
changed: no topic or group is made, no offset committed, no output touched. The exit code is 0 if
nothing fails, else 1.
"""


def add_parser(commands: "Commands", common: argparse.ArgumentParser) -> None:
    """Adds the command to the program's parser."""
    parser = commands.add_parser(
        "doctor",
        parents=[common],
        help="find out why a job does not run",
        description="Checks broker, user, topic, files and state that a job needs, one by one.",
        epilog=_EPILOG,
    )
    parser.add_argument("job", type=Path, metavar="JOB.toml", help="the job file")
    parser.set_defaults(command=command)


def command(arguments: argparse.Namespace, settings: dict[str, object]) -> int:
    """Runs the command; its lines have no secrets, and its errors are lines."""
    from streamreg._operate.doctor import examine

    code = 0
    for line in examine(arguments.job):
        print(one_line(str(line)), flush=True)
        if line.status == "FAIL":
            code = 1
    return code
