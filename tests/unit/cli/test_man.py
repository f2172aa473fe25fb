"""The manual page, which `make man` writes and the wheel brings, is that of the command line as it is."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import streamreg as sr
from streamreg._cli import _parser
from tests.support.programs import ROOT

PAGE = ROOT / "python/wheel-data/data/share/man/man1/streamreg.1"


def told(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """Each option or argument of a parser, and what --help says of it, but for --help itself."""
    formatter = argparse.HelpFormatter(parser.prog)
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
            yield name, " ".join(formatter._expand_help(action).split())


def test_it_says_what_help_says() -> None:
    """Of every command each option and argument in its words, of this version; `make man` writes it anew."""
    text = re.sub(r"\\f[BRI]|\\,|\\/", "", PAGE.read_text(encoding="utf-8")).replace("\\-", "-")
    (version,) = re.findall(r'^\.TH STREAMREG "1" .* "streamreg (.*?)"', text, re.M)
    assert version == sr.__version__
    # The options of the program itself stand at the end.
    first, *commands = re.split(
        r"^\.SS streamreg (?=.*$)", text.partition("\n.SH OPTIONS")[0], flags=re.M
    )
    assert "POSITIONAL ARGUMENTS" in first
    parser = _parser()
    (choices,) = [a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    found = {part.partition("\n")[0]: part for part in commands}
    assert list(found) == list(choices)
    found[""] = text.partition("\n.SH OPTIONS")[2]
    for command, each in {**choices, "": parser}.items():
        page = {
            ", ".join(re.findall(r"(?<!\S)--?[a-zA-Z][\w-]*", head)) or head: " ".join(
                words.split()
            )
            for head, words in re.findall(r"^\.TP\n(.*)\n((?:[^.\n].*\n)*)", found[command], re.M)
        }
        assert page == dict(told(each)), command
