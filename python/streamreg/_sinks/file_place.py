"""Sink: what a path leads to, looked at before anything is opened, which may wait for ever or change something."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, Literal, TypeAlias

from streamreg._exceptions import OutputError
from streamreg._sinks.output_file import output_errors

Kind: TypeAlias = Literal["none", "plain", "stream"]

_REFUSED: Final = {stat.S_IFBLK: "a block device", stat.S_IFSOCK: "a socket"}


def kind_of(path: Path) -> Kind:
    """Nothing yet, a plain file, or a pipe or a character device, such as a terminal.

    Raises:
        OutputError: if it is something else, or there is no directory for it.
    """
    with output_errors(path):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            folder = Path(os.path.realpath(path)).parent
            if not folder.is_dir():
                raise OutputError(f"{path}: there is no directory {folder}") from None
            return "none"
        if stat.S_ISREG(mode):
            return "plain"
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            return "stream"
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(0, "Is a directory")
    what = _REFUSED.get(stat.S_IFMT(mode), "no file")
    raise OutputError(f"{path} is {what}: an output is a plain file, a pipe or a terminal")


def is_url(path: str) -> bool:
    """Whether that is a URL, such as of an object store, and no path."""
    return "://" in path


def place_of(path: Path) -> str:
    """The same for all names of one file, be they links, and whether it is there or not."""
    try:
        there = path.stat()
    except OSError:
        # Not there yet, or not to be reached: `kind_of` says so later. A link to nothing leads to where it would be.
        real = Path(os.path.realpath(path))
        try:
            folder = real.parent.stat()
        except OSError:
            return str(real)
        return f"{folder.st_dev}:{folder.st_ino}/{real.name}"
    return f"{there.st_dev}:{there.st_ino}"


def refuse_state(path: Path, state: Path) -> None:
    """Raises OutputError if a file is in the directory of the run's state, or is one of its files by another name."""
    if not state.is_dir():
        return
    own = place_of(state)
    place = place_of(path)
    if any(place_of(folder) == own for folder in Path(os.path.realpath(path)).parents) or any(
        place_of(file) == place for file in state.iterdir()
    ):
        raise OutputError(
            f"{path} is in the directory of the state ({state}), or one of its files: give the output another path"
        )
