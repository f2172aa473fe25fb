"""`streamreg inspect STATE`: shows what a state holds."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._terminal.width import one_line

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands

_EPILOG = """\
STATE is the directory that a job keeps its state in: state.directory of a job file, or what a
program gives to run(state=…). A job that uses it goes on undisturbed.

example:
  streamreg inspect job.state
  streamreg inspect job.state --json | jq .partitions
"""


def add_parser(commands: "Commands", common: argparse.ArgumentParser) -> None:
    """Adds the command to the program's parser."""
    parser = commands.add_parser(
        "inspect",
        parents=[common],
        help="show what a state holds",
        description="Shows a state: its job, how far it has read, its files, its last results.",
        epilog=_EPILOG,
    )
    parser.add_argument("state", type=Path, metavar="STATE", help="the state directory")
    parser.add_argument(
        "--keys",
        type=count,
        default=5,
        metavar="N",
        help="of a result with keys show N rows; all: all of them (default: 5)",
    )
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")
    parser.set_defaults(command=command)


def count(text: str) -> int | None:
    """A number of rows; None for all of them."""
    if text == "all":
        return None
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected a number, or all, found {text!r}")
    return int(text)


def command(arguments: argparse.Namespace, settings: dict[str, object]) -> int:
    """Runs the command; a state holds no secrets to put into `settings`."""
    from streamreg._operate.inspect import describe, lines
    from streamreg._state.snapshot import read

    found = describe(read(arguments.state), arguments.keys)
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(*map(one_line, lines(str(arguments.state), found)), sep="\n")
    return 0
