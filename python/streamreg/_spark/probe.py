"""Spark: do executors reach the folder of the shards, by the path that the driver knows it by?"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from streamreg._exceptions import ConfigurationError, StateError
from streamreg._state.errors import errors
from streamreg._state.shard_runs import PROBE, folder_of

if TYPE_CHECKING:
    from pyspark import SparkContext


def check_folder(context: SparkContext, directory: Path) -> None:
    """Tasks read a file there that this process has written, and it reads theirs.

    Raises:
        ConfigurationError: if one does not find it.
        StateError: if this process cannot write it.
    """
    folder = folder_of(directory)
    word = token_hex(8)
    own = folder / f"{word}{PROBE}"
    tasks = max(context.defaultParallelism, 1)
    try:
        with errors(directory):
            own.write_text(word)
        answers = (
            context.parallelize(range(tasks), tasks)
            .mapPartitions(partial(answer, str(folder), word))
            .collect()
        )
        for host, trouble in answers:
            if trouble is not None or not (folder / f"{word}-{host}{PROBE}").exists():
                raise ConfigurationError(
                    f"engine: shards: the executor on {host} does not share the folder {folder} with the driver "
                    f"({trouble or 'what it writes there is not here'}): keep the state on a file system that all "
                    "executors have at the same path, or leave out shards"
                )
    finally:
        with contextlib.suppress(OSError):  # What is left is removed after the next epoch.
            for path in folder.glob(f"{word}*{PROBE}"):
                path.unlink(missing_ok=True)


def answer(folder: str, word: str, _tasks: Iterable[int]) -> Iterator[tuple[str, str | None]]:
    """The host of an executor, and why it does not reach the folder, if it does not."""
    host = socket.gethostname()
    try:
        if (Path(folder) / f"{word}{PROBE}").read_text() != word:
            raise StateError("another file is there")
        (Path(folder) / f"{word}-{host}{PROBE}").write_text(word)
    except (OSError, StateError) as error:
        yield host, str(error)
    else:
        yield host, None
