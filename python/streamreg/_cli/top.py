"""`streamreg top TARGET`: shows a run at a glance."""

import argparse
import shutil
import sys
from typing import TYPE_CHECKING

from streamreg._terminal.standard_streams import is_terminal

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands

_EPILOG = """\
TARGET is the URL that a run serves (run --listen), the directory of its state, or its job file:
then what [listen] says is asked, or where nobody answers the state. A token is taken from
STREAMREG_TOKEN. Nothing of the run is changed. On a terminal the picture is renewed until Ctrl-C,
also when nobody answers for some time; and less often where a look takes long.

example:
  streamreg top job.toml
  streamreg top job.state --watch 5
  streamreg top http://127.0.0.1:9464
"""

_USUAL_SECONDS = 2.0
_HOME = "\x1b[H"
_CLEAR_LINE = "\x1b[K"
_CLEAR_REST = "\x1b[J"


def add_parser(commands: "Commands", common: argparse.ArgumentParser) -> None:
    """Adds the command to the program's parser."""
    parser = commands.add_parser(
        "top",
        parents=[common],
        help="show a run at a glance",
        description="Shows how far a run is: rows, lag, rejects, partitions, its results.",
        epilog=_EPILOG,
    )
    parser.add_argument("target", metavar="TARGET", help="a URL, a state directory or a job file")
    parser.add_argument(
        "--watch",
        type=seconds,
        metavar="SECONDS",
        help="show it again and again, so many seconds apart (default: 2 on a terminal, else once)",
    )
    parser.set_defaults(command=command)


def seconds(text: str) -> float:
    """The value of --watch."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.1 <= number <= 86_400:
        raise argparse.ArgumentTypeError("expected a number of seconds from 0.1 to 86400")
    return number


def command(arguments: argparse.Namespace, settings: dict[str, object]) -> int:
    """Runs the command."""
    from streamreg._operate.top.picture import fitted, lines
    from streamreg._operate.top.sources import look_at
    from streamreg._operate.top.watched import watched

    look = look_at(arguments.target)
    terminal = is_terminal(sys.stdout)
    pause = arguments.watch or (_USUAL_SECONDS if terminal else None)
    if pause is None:
        print(*fitted(lines(look()), 10_000), sep="\n", flush=True)
        return 0
    if not terminal:
        for number, picture in enumerate(watched(look, pause)):
            print(*([""] if number else []), *fitted(picture, 10_000), sep="\n", flush=True)
        return 0
    try:
        for picture in watched(look, pause):
            size = shutil.get_terminal_size()
            *before, last = fitted(picture, size.columns, size.lines)
            # What was there is cleared before a line, not behind it: a full line would lose its last letter.
            text = "".join(f"{_CLEAR_LINE}{line}\n" for line in before)
            print(f"{_HOME}{text}{_CLEAR_REST}{last}", end="", flush=True)
    except KeyboardInterrupt:
        print()
    return 0
