"""Terminal: standard streams that are closed, or whose reader is gone, end no run and take no other file's place."""

from __future__ import annotations

import io
import os
import stat
import sys
from typing import TextIO

_NAMES = ("stdin", "stdout", "stderr")


def hold() -> None:
    """Opens the null device in place of each standard descriptor that is closed.

    Else the next file or pipe that is opened would be 0, 1 or 2, and what a library in C writes to its standard error,
    here or in a worker, would go into it.
    """
    for number in range(len(_NAMES)):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            if opened == number:
                os.set_inheritable(opened, True)
            else:
                os.close(opened)


def replace_missing() -> None:
    """Gives `sys` a stream for each that it lacks, for a program that is all ours: `print` writes to stdout else."""
    hold()
    for number, name in enumerate(_NAMES):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115  # open as long as the process is


def write_any_letter() -> None:
    """Has stdout write letters that its encoding lacks by their numbers, as stderr does."""
    # "surrogateescape" is what a locale without letters has: it takes bytes back that were no text, and no letter more.
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors in (
        "strict",
        "surrogateescape",
    ):
        sys.stdout.reconfigure(errors="backslashreplace")


def drop_broken() -> None:
    """Sends to the null device what a stream still holds that its reader will never take.

    Python would try again when a process starts or ends, and fail: with an exception, or exit code 120.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            _to_null_device(stream)
        except ValueError:  # the program has closed it
            continue


def _to_null_device(stream: TextIO) -> None:
    number = descriptor(stream)
    if number is not None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is there, and a terminal."""
    try:
        return stream is not None and stream.isatty()
    except (OSError, ValueError):  # gone, closed
        return False


def has_reader(stream: TextIO | None) -> bool:
    """Whether a write may wait for somebody: it goes to a pipe, a socket or a terminal, and not to a file."""
    number = None if stream is None else descriptor(stream)
    return number is not None and not stat.S_ISREG(os.fstat(number).st_mode)


def descriptor(stream: TextIO) -> int | None:
    """The file descriptor that a stream writes to; None if it is none of the operating system's."""
    try:
        # A notebook's stream names a descriptor that it does not write to.
        return stream.fileno() if isinstance(stream, io.TextIOWrapper) else None
    except (OSError, ValueError):
        return None
