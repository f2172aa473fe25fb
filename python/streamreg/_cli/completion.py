"""`streamreg completion`: prints a script by which bash and zsh complete commands, options, their values and files."""

import argparse
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamreg._cli.arguments import Commands

_EPILOG = """\
example:
  mkdir -p ~/.local/share/bash-completion/completions
  streamreg completion > ~/.local/share/bash-completion/completions/streamreg

In zsh, in ~/.zshrc:
  autoload -U compinit bashcompinit && compinit && bashcompinit
  source <(streamreg completion)
"""

_SCRIPT = """\
# Completion of streamreg for bash, written by `streamreg completion`.
_streamreg() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} option=${{COMP_WORDS[COMP_CWORD - 1]}}
  local start= command= at words choices=
  # bash takes --option=value apart into three words, zsh does not.
  case $word in
    --*=*) option=${{word%%=*}}; start=$option=; word=${{word#*=}} ;;
    =) word= ;;
    *) if [[ $option == = ]]; then option=${{COMP_WORDS[COMP_CWORD - 2]}}; fi ;;
  esac
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
  case "$command $option" in
{values}
  esac
  COMPREPLY=()
  # Whatever is no command, no option and not one of its choices is a file, which `-o default` completes.
  if [[ -n $choices ]]; then
    COMPREPLY=($(compgen -P "$start" -W "$choices" -- "$word"))
  elif [[ -z $command || $word == -* ]]; then
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
        description="Prints a script by which bash, and zsh, complete the commands of streamreg, their options and the "
        "values of those.",
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
    values = [
        f"    {shlex.quote(f'{name} {option}')}) choices={shlex.quote(' '.join(action.choices))} ;;"
        for name, parser in commands.items()
        for action in parser._actions
        if action.choices is not None
        for option in action.option_strings
    ]
    return _SCRIPT.format(cases="\n".join(cases), values="\n".join(values))


def _options(parser: argparse.ArgumentParser) -> list[str]:
    return [option for action in parser._actions for option in action.option_strings]
