"""`streamreg top TARGET`: shows a run at a glance."""

import argparse
import shutil
import sys
import time
from typing import TYPE_CHECKING

from streamreg._terminal.standard_streams import is_terminal

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands

_EPILOG = """\
TARGET is the URL that a run serves (run --listen), the directory of its state, or its job file:
then what [listen] says is asked, or where nobody answers the state. A token is taken from
STREAMREG_TOKEN. Nothing of the run is changed. On a terminal the picture is renewed until Ctrl-C.

example:
  streamreg top job.toml
  streamreg top job.state --watch 5
  streamreg top http://127.0.0.1:9464
"""

_USUAL_SECONDS = 2.0
_HOME = "\x1b[H"
_END_OF_LINE = "\x1b[K"
_REST = "\x1b[J"


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

    look = look_at(arguments.target)
    terminal = is_terminal(sys.stdout)
    pause = arguments.watch or (_USUAL_SECONDS if terminal else None)
    if not terminal:
        while True:
            print(*fitted(lines(look()), 10_000), sep="\n", flush=True)
            if pause is None:
                return 0
            time.sleep(pause)
            print()
    try:
        while pause is not None:
            view = look()
            size = shutil.get_terminal_size()
            shown = fitted(lines(view), size.columns, size.lines - 1)
            text = "".join(f"{line}{_END_OF_LINE}\n" for line in shown)
            print(f"{_HOME}{text}{_REST}", end="", flush=True)
            time.sleep(pause)
    except KeyboardInterrupt:
        print()
    return 0
