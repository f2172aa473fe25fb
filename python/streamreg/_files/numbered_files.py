"""Source, files: files as partitions, numbered as they are found; what sources of files of any kind share.

Which file has which number is their identity, which the state keeps: so it is the same after a restart, whatever files
have come meanwhile.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final, Literal

from streamreg._dataclass import dataclass
from streamreg._exceptions import SourceError
from streamreg._files.names import found, matches
from streamreg._source.contract import Identity, Report, Watermarks
from streamreg._source.messages import Origin

_FILES: Final = "files"
_WAIT: Final = 0.2
AGAIN: Final = "put back what was there, or start anew with an empty state and new outputs (streamreg run --fresh)"
"""What to do where a file is not what was read of it."""


@dataclass
class NumberedFiles:
    """Files that are named, or match a pattern; a source derives from it."""

    paths: tuple[str, ...]
    """Of files, or patterns of such."""

    mode: Literal["streaming", "static"]
    autocommit_duration_ms: int
    refresh_seconds: float | None
    folder: str
    """Where relative paths start; "" is the current directory. It is no part of what a state knows."""

    goes_on_after_loss: bool = field(default=False, init=False)
    reads: None = field(default=None, init=False)
    offset_unit: str = field(default="byte", init=False)
    _files: list[str] = field(default_factory=list, init=False)
    _inodes: dict[tuple[int, int], str] = field(default_factory=dict, init=False, repr=False)

    @property
    def name(self) -> str:
        return ", ".join(self.paths)

    @property
    def topics(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def identity(self) -> dict[str, list[str]]:
        return {_FILES: list(self._files)}

    def identity_after(
        self, name: str, identity: Identity, partitions: Collection[int]
    ) -> Identity | None:
        before = identity.get(_FILES) if isinstance(identity, Mapping) else None
        if not isinstance(before, list):
            return None
        # Of what was read each file is still one of these, under its name.
        same = (isinstance(n, str) and self.would_read(Path(self.folder, n)) for n in before)
        return identity if all(same) else None

    def origin(self, partition: int) -> Origin:
        # A state may have any numbers.
        known = partition < len(self._files)
        return Origin(self._files[partition] if known else f"number {partition}", None)

    def would_read(self, path: Path) -> bool:
        return any(matches(each, self.folder, path) for each in self.paths)

    def path(self, partition: int) -> str:
        """Where a file is."""
        return os.path.join(self.folder, self._files[partition])

    def pin(self, identity: Identity, report: Report, stopping: Callable[[], bool]) -> Identity:
        self._files = [] if identity is None else _files_of(identity, self.name)
        told = False
        while not self._number_new() and not self._files:
            if self.mode == "static":
                raise SourceError(f"there is no file {self.name}")
            if not told:
                report(f"there is no file {self.name} yet: waiting for one")
                told = True
            if stopping():
                return None
            time.sleep(_WAIT)
        return self.identity

    def _number_new(self) -> list[int]:
        """Numbers the files that have none, in the order of their names."""
        known = set(self._files)
        new = sorted(name for name in found(self.paths, self.folder, known) if name not in known)
        first = len(self._files)
        self._files += new
        return list(range(first, first + len(new)))

    def watermarks(self, report: Report, stopping: Callable[[], bool]) -> dict[int, Watermarks]:
        return {p: self._measured(p) for p in range(len(self._files))}

    def _measured(self, partition: int) -> Watermarks:
        """How long a file is. Raises SourceError if it is not there, or has another name too."""
        name = self._files[partition]
        try:
            at = os.stat(self.path(partition))
        except OSError as error:
            raise SourceError(f"file {name!r} cannot be read: {error.strerror}: {AGAIN}") from error
        if not stat.S_ISREG(at.st_mode):
            raise SourceError(
                f"file {name!r} is a pipe or a device, which cannot be read again from an offset: write what comes "
                "from it to a file, and read that, or send it to a topic"
            )
        other = self._inodes.setdefault((at.st_dev, at.st_ino), name)
        if other != name:
            raise SourceError(
                f"file {other!r} is file {name!r} too: its records would count twice. A file that is read keeps its "
                "name, and has one alone"
            )
        return Watermarks(0, self._length(partition, at.st_size))

    def _length(self, partition: int, size: int) -> int:
        """The offset at which a file of so many bytes ends."""
        return size

    def starts(
        self, watermarks: Mapping[int, Watermarks], report: Report, stopping: Callable[[], bool]
    ) -> Mapping[int, int]:
        return dict.fromkeys(watermarks, 0)

    def new_partitions(self, known: Collection[int]) -> dict[int, Watermarks] | None:
        return {p: self._measured(p) for p in self._number_new()}

    def commit_offsets(self, offsets: Mapping[int, int]) -> None:
        return

    def close(self) -> None:
        return


def _files_of(identity: Identity, name: str) -> list[str]:
    """The files that a state knows by their numbers. Raises SourceError if it knows something else."""
    files = identity.get(_FILES) if isinstance(identity, dict) else None
    if (
        not isinstance(files, list)
        or not all(isinstance(each, str) and each and "\0" not in each for each in files)
        or len(set(files)) < len(files)
    ):
        raise SourceError(
            f"the state has read something else than the files {name}: it needs an empty state"
        )
    return [*files]
