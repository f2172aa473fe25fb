"""Source, files: which files there are: those that are named, and those that a pattern matches."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from streamreg._exceptions import SourceError


def is_pattern(path: str) -> bool:
    """Whether a path has `*`, `?` or `[…]`, and so stands for any number of files."""
    return glob.has_magic(path)


def found(paths: Sequence[str], folder: str, known: Collection[str]) -> Iterator[str]:
    """The files there are, as they are called from the folder ("" is the current directory); each once.

    Of those that are known it is not asked whether they are there.

    Raises:
        SourceError: if one that is named is not there, or is no file.
    """
    seen: set[str] = set()
    for path in paths:
        if is_pattern(path):
            # Of what a pattern matches the directories are none.
            names = [
                name
                for name in glob.iglob(path, root_dir=folder or None, recursive=True)
                if not os.path.isdir(os.path.join(folder, name))
            ]
        else:
            if os.path.normpath(path) not in known:
                _check_named(path, folder)
            names = [path]
        for name in map(os.path.normpath, names):
            if name not in seen:
                seen.add(name)
                yield _text(name)


def matches(path: str, folder: str, file: Path) -> bool:
    """Whether a path, or a pattern, stands for this file, be it there or not."""
    wanted = Path(os.path.abspath(os.path.join(folder, path))).parts
    return any(_match(wanted, Path(name).parts) for name in {file.absolute(), file.resolve()})


def _match(wanted: Sequence[str], parts: Sequence[str]) -> bool:
    """As `glob` compares a pattern with a path, part by part."""
    if not parts:
        return all(each == "**" for each in wanted)
    if not wanted:
        return False
    first, *rest = wanted
    hidden = parts[0].startswith(".")
    if first == "**" and not hidden and _match(wanted, parts[1:]):
        return True
    if first == "**":
        return _match(rest, parts)
    fits = fnmatchcase(parts[0], first) and (not hidden or first.startswith("."))
    return (fits or parts[0] == first) and _match(rest, parts[1:])


def _check_named(path: str, folder: str) -> None:
    try:
        mode = os.stat(os.path.join(folder, path)).st_mode
    except OSError as error:
        raise SourceError(f"file {path!r} cannot be read: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        raise SourceError(
            f"{path!r} is a directory: name the files in it, such as {os.path.join(path, '*.csv')!r}"
        )


def _text(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise SourceError(
            f"file {name!r}: its name is no UTF-8, so that no state can hold it"
        ) from None
    return name
