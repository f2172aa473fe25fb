"""Runs that are stopped and go on."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamreg as sr


def after(epochs: int) -> Callable[[sr.Progress], bool]:
    """Stops a run after so many epochs."""
    return lambda progress: progress.epochs >= epochs


def check_same_bytes(write: Callable[[], None], names: Sequence[str]) -> None:
    """The files that a run leaves are the same whether it was stopped or not; `write` writes the program."""
    write()
    sr.run(processes=0)
    whole = [Path(name).read_bytes() for name in names]
    for name in names:
        Path(name).unlink()
    for epochs in (1, 5, 6, 99):
        write()
        sr.run(processes=0, state="state", stop=after(epochs))
    assert [Path(name).read_bytes() for name in names] == whole
