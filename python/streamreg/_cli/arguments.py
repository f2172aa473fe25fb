"""What the commands' parsers share: help that keeps its layout, errors on one line."""

import argparse
import os
import re
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from streamreg._jobs.check import near
from streamreg._jobs.environment import ExpansionError, expand

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[Any]

_CHOICE = re.compile(r"invalid choice: '(?P<name>.*?)' \(")


class UsageError(Exception):
    """The command line cannot be understood."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` and prints nothing but help."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - argparse's own options
        """Takes what `argparse.ArgumentParser` does."""
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        # An abbreviation that works today would break when an option is added.
        super().__init__(allow_abbrev=False, **options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - argparse's own
        """What argparse does; but what it does not know is refused here, by the command that knows its options.

        Raises:
            UsageError: If an argument is not known, with the option that may be meant.
        """
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            name = unknown[0].partition("=")[0]
            self.error(f"unrecognized arguments: {' '.join(unknown)}{near(name, self._options())}")
        return parsed, unknown

    def _options(self) -> list[str]:
        return [option for action in self._actions for option in action.option_strings]

    def _names(self) -> list[str]:
        """The commands that it has."""
        commands = [a for a in self._actions if isinstance(a, argparse._SubParsersAction)]
        return [name for action in commands for name in action.choices]

    def error(self, message: str) -> NoReturn:
        """Raises what argparse found wrong.

        Raises:
            UsageError: Always.
        """
        wrong = _CHOICE.search(message)
        if wrong is not None and self._names():
            # The help lists the commands.
            name = wrong["name"]
            message = f"there is no command {name!r}{near(name, self._names())}"
        raise UsageError(f"{message} (see {self.prog} --help)")


def processes(text: str) -> int:
    """The value of --processes."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= 1024:
        raise argparse.ArgumentTypeError("expected a number from 1 to 1024")
    return number


def setting(text: str) -> tuple[str, str]:
    """The value of --setting: KEY=VALUE, with `${NAME}` from the environment in the value."""
    key, equals, value = text.partition("=")
    if not (key and equals):
        # Without the text: it may be a password that lost its key.
        raise argparse.ArgumentTypeError("expected KEY=VALUE")
    try:
        return key, expand(value, os.environ)
    except ExpansionError as error:
        raise argparse.ArgumentTypeError(f"{key}: {error}") from None


def add_setting(parser: argparse.ArgumentParser) -> None:
    """Adds --setting, for the commands that have no job file to take the client's settings from."""
    parser.add_argument(
        "--setting",
        action="append",
        type=setting,
        default=[],
        metavar="KEY=VALUE",
        help="a setting of the client by its librdkafka name; ${NAME} takes the value of that "
        "environment variable; may be given many times",
    )
