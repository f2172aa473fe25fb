"""Sink: a file in parts read back, in order, up to where it stands; a run that writes it goes on undisturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from streamreg._plural import plural
from streamreg._sinks.file_read_back import FileReadBack
from streamreg._sinks.part_position import PartsPosition, part_path, parts_beside
from streamreg._sinks.records import RecordError


class PartsReadBack:
    """The finished parts, and the beginning of the open one."""

    def __init__(
        self,
        path: Path,
        position: PartsPosition,
        records: Callable[[Iterator[bytes]], Iterator[Sequence[bytes]]],
    ) -> None:
        """`records` takes the bytes of a part, cut anywhere, apart into changes."""
        self._path = path
        self._position = position
        self._records = records

    @property
    def extent(self) -> str:
        length = sum(part.length for part in self._position.parts) + self._position.open.length
        parts = len(self._position.parts) + bool(self._position.open.length)
        return f"{plural(length, 'byte')} in {plural(parts, 'part')}"

    def changes(self) -> Iterator[Sequence[bytes]]:
        for path, part in self._parts():
            with _named(path):
                yield from part.changes()

    def last_changes(self, most: int) -> Sequence[bytes]:
        """As `FileReadBack.last_changes`; none from before a part that was moved away."""
        found: list[Sequence[bytes]] = []
        for path, part in reversed(list(self._parts())):
            if most <= 0 or not path.exists():
                break
            with _named(path):
                found.append(part.last_changes(most))
            most -= part.length
        return [change for changes in reversed(found) for change in changes]

    def check_bytes(self) -> str:
        for path, part in self._parts():
            with _named(path):
                part.check_bytes()
        return f"those that the run has written: {self.extent}"

    def _parts(self) -> Iterator[tuple[Path, FileReadBack]]:
        at = self._position
        beside = parts_beside(self._path)
        for part in at.parts:
            path = part_path(self._path, part.time)
            if part is at.parts[-1] and at.between and part.time not in beside:
                path = self._path  # It has yet to get its name.
            yield path, FileReadBack(path, part.position, self._records)
        if at.open.length:
            last = at.parts[-1].time if at.parts else -1
            # A run may have finished it since.
            finished = [path for time, path in beside.items() if time > last]
            path = finished[0] if finished else self._path
            yield path, FileReadBack(path, at.open, self._records)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Says in errors which of the parts it is."""
    try:
        yield
    except RecordError as error:
        raise RecordError(f"{path.name}: {error}") from None
