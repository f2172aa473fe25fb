"""The command `streamreg` and its own: `run`, `verify`, `inspect`, `generate`, `demo`, …, a module for each.

This module parses, runs one command and turns whatever ends it into a line and an exit code:
0 done (or stopped cleanly by Ctrl-C), 1 the run failed, 2 the command or its job cannot be used,
130 stopped by Ctrl-C before it could be clean. (For `verify` 1 says that something differs, and
every failure is 2.) Nothing heavy is imported before it is needed.
"""

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from streamreg._cli import (
    bench,
    completion,
    demo,
    doctor,
    generate,
    inspect,
    replay,
    run,
    top,
    verify,
)
from streamreg._cli.arguments import Parser, UsageError
from streamreg._cli.log import LogFormat, line, lines_of_error, log_to_stderr
from streamreg._exceptions import ConfigurationError, StreamregError
from streamreg._secrets import scrub
from streamreg._terminal.screen import say
from streamreg._terminal.standard_streams import drop_broken, replace_missing, write_any_letter

_EPILOG = """\
example:
  streamreg demo                             see it work, no broker needed
  streamreg run --example > job.toml         then edit job.toml, and
  streamreg run job.toml
"""


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> NoReturn:
        from importlib.metadata import version

        print(f"streamreg {version('streamreg')}")
        parser.exit(0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: Without the program's name; by default those of the process.

    Returns:
        The exit code; see the top of this module.
    """
    replace_missing()
    write_any_letter()
    debug = False
    failure = 1
    parsed = argparse.Namespace()
    settings: dict[str, object] = {}  # a command puts in what must be scrubbed from its errors
    try:
        arguments = sys.argv[1:] if arguments is None else arguments
        parser = _parser()
        parsed = parser.parse_args(arguments or ["--help"])
        if "command" not in parsed:
            parser.error("name a command")
        debug = parsed.debug
        failure = getattr(parsed, "failure", failure)
        log_to_stderr(debug)
        code: int = parsed.command(parsed, settings)
        sys.stdout.flush()
    except SystemExit as end:  # argparse, after --help and --version
        return end.code if isinstance(end.code, int) else 2
    except KeyboardInterrupt:
        _complain("stopped by Ctrl-C", debug, settings, _lines(parsed))
        return 130
    except BrokenPipeError:
        drop_broken()  # Whoever read our output is gone.
        return failure
    except (UsageError, ConfigurationError) as error:
        _complain(str(error), debug, settings, _lines(parsed))
        return 2
    except (StreamregError, OSError) as error:
        _complain(_described(error), debug, settings, _lines(parsed))
        return failure
    except Exception:
        lines = _lines(parsed)
        bug = lines_of_error(lines, "this is a bug in streamreg: please report it")
        say(*_traceback(settings, lines), *bug)
        return failure
    return code


def _parser() -> Parser:
    parser = Parser(
        prog="streamreg",
        description="Keeps a linear regression over a Kafka topic up to date, exactly.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "-V", "--version", action=_Version, nargs=0, help="show the version and exit"
    )
    parser.add_argument("--debug", action="store_true", help="show tracebacks and the client's log")
    commands = parser.add_subparsers(metavar="command", parser_class=Parser)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,  # otherwise it would undo a --debug before the command
        help="show tracebacks and the client's log",
    )
    for command in (run, top, doctor, verify, inspect, replay, generate, demo, bench, completion):
        command.add_parser(commands, common)
    return parser


def _lines(parsed: argparse.Namespace) -> LogFormat | None:
    """How the lines of a run's log look; None where there are none, so that errors are for people."""
    format: LogFormat | None = getattr(parsed, "lines", None)
    return format


def _described(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return str(error) or type(error).__name__


def _traceback(settings: dict[str, object], format: LogFormat | None) -> list[str]:
    """The lines of that of the error at hand; where there is a log, one line of it."""
    text = scrub(traceback.format_exc().removesuffix("\n"), settings)
    return text.split("\n") if format is None else [line(format, logging.ERROR, text)]


def _complain(
    text: str, debug: bool, settings: dict[str, object], format: LogFormat | None
) -> None:
    if debug:
        say(*_traceback(settings, format))
    say(*lines_of_error(format, scrub(text, settings)))
