"""The programs whose state can be in shards, by name."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import streamreg as sr
from tests.support import shard_jobs, shard_windows


class Program(NamedTuple):
    """What is read, and what is written."""

    schema: type[sr.Schema]
    messages: Callable[[int], list[bytes]]
    """So many."""

    write: Callable[[sr.Table, Path], list[sr.Output]]
    files: tuple[str, ...]
    """Those that do not depend on epochs."""


PROGRAMS = {
    "keys": Program(
        shard_jobs.Point,
        lambda count: shard_jobs.points(count, 11, 3000),
        shard_jobs.write,
        tuple(file for file in shard_jobs.FILES if file != "scores.csv"),
    ),
    "windows": Program(
        shard_windows.Event,
        lambda count: shard_windows.events(count, 11, 300),
        lambda t, folder: shard_windows.write(t, shard_windows.CLOSING, folder),
        shard_windows.CLOSING,
    ),
}
