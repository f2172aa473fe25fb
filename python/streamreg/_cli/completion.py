"""`streamreg completion`: prints a script by which bash and zsh complete commands, options and files."""

import argparse
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands

_EPILOG = """\
example:
  streamreg completion > ~/.local/share/bash-completion/completions/streamreg

In zsh, in ~/.zshrc:
  autoload -U bashcompinit && bashcompinit
  source <(streamreg completion)
"""

_SCRIPT = """\
# Completion of streamreg for bash, written by `streamreg completion`.
_streamreg() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} command= at words
  for ((at = 1; at < COMP_CWORD; at++)); do
    case ${{COMP_WORDS[at]}} in
      -*) ;;
      *) command=${{COMP_WORDS[at]}}; break ;;
    esac
  done
  case $command in
{cases}
    *) words= ;;
  esac
  COMPREPLY=()
  # Whatever is neither a command nor an option is a file, which `-o default` completes.
  if [[ -z $command || $word == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$word"))
  fi
}}
complete -o default -F _streamreg streamreg
"""


def add_parser(commands: "Commands", common: argparse.ArgumentParser) -> None:
    """Adds the command to the program's parser."""
    parser = commands.add_parser(
        "completion",
        parents=[common],
        help="print a script that completes commands in bash and zsh",
        description="Prints a script by which bash, and zsh, complete the commands and options of streamreg.",
        epilog=_EPILOG,
    )

    def command(_: argparse.Namespace, __: dict[str, object]) -> int:
        print(script(commands.choices), end="")
        return 0

    parser.set_defaults(command=command)


def script(commands: dict[str, argparse.ArgumentParser]) -> str:
    """The script for these commands; those of the program itself have the options that each has."""
    own = " ".join([*commands, "--help", "--version", "--debug"])
    cases = [f'    "") words={shlex.quote(own)} ;;']
    for name, parser in commands.items():
        options = " ".join(option for option in _options(parser) if option.startswith("--"))
        cases.append(f"    {shlex.quote(name)}) words={shlex.quote(options)} ;;")
    return _SCRIPT.format(cases="\n".join(cases))


def _options(parser: argparse.ArgumentParser) -> list[str]:
    return [option for action in parser._actions for option in action.option_strings]
