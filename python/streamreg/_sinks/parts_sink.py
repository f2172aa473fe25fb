"""Sink: a file in parts: the open one has the name of the output, a finished one that of its last change.

The order of things makes each row stand once, in one part: an epoch that makes the open part large or old enough ends
with a checkpoint that says it is finished, and where it ends; then it gets its name, and the next part begins. A run
that dies between leaves the part under the name of the output, whole; the next start gives it its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from streamreg._sinks.append_file import AppendFile, refuse_taken
from streamreg._sinks.outbox import time_of
from streamreg._sinks.output_file import output_errors
from streamreg._sinks.part_position import PartsPosition, part_path

if TYPE_CHECKING:
    from streamreg._sinks.contract import Changes, Position
    from streamreg._sinks.rotation import Rotation


class PartsSink:
    """A file in parts that is open."""

    def __init__(
        self,
        file: AppendFile,
        position: PartsPosition,
        header: bytes,
        text_of: Callable[[Changes], bytes],
        rotation: Rotation | None,
        *,
        pending: bool = False,
        obsolete: Sequence[Path] = (),
    ) -> None:
        """Nothing is changed yet.

        Args:
            file: the open part; if `pending`, the last finished one, which has yet to get its name.
            position: where the output stands.
            header: what each part begins with.
            text_of: gives what is written of changes.
            rotation: when a part is finished; None: never.
            pending: whether a part has yet to get its name.
            obsolete: parts of another output of this name, which this one replaces.
        """
        self._file = file
        self._at = position
        self._header = header
        self._text_of = text_of
        self._rotation = rotation
        self._pending = pending
        self._obsolete = list(obsolete)
        self._time: int | None = None
        self._durable = False

    @property
    def position(self) -> Position:
        return (self._at if self._pending else self._at.at(self._file.position)).to_json()

    def append(self, changes: Changes) -> None:
        if changes.lines:
            self._begin_next()
            self._time = time_of(changes.lines)
            self._file.append(self._text_of(changes))

    def flush(self, *, durable: bool) -> None:
        self._durable = durable
        while self._obsolete:
            path = self._obsolete[-1]
            with output_errors(path):
                path.unlink(missing_ok=True)
            self._obsolete.pop()
        self._begin_next()
        self._file.flush(durable=durable)

    def end_epoch(self, unix_ms: int) -> None:
        """After the flush of an epoch of this wall clock: the open part is finished, if it is large or old enough.

        Raises:
            OutputError: if something else has the name that it is to get.
        """
        time, self._time = self._time, None
        if time is None:  # The epoch has changed nothing here.
            return
        began = unix_ms if self._at.began is None else self._at.began
        self._at = replace(self._at, began=began)
        length = self._file.position.length
        if self._rotation is not None and self._rotation.due(length, began, unix_ms):
            refuse_taken(part_path(self._file.place, time))
            self._at = self._at.at(self._file.position).finished(time)
            self._pending = True

    def committed(self) -> None:
        """The last checkpoint says what `position` does: a part that it calls finished gets its name.

        Raises:
            OutputError: if it cannot get it, or the file is not as this run has left it.
        """
        self._begin_next()

    def close(self) -> None:
        self._file.close()

    def _begin_next(self) -> None:
        if self._pending:
            name = part_path(self._file.place, self._at.parts[-1].time).name
            self._file = self._file.followed(name, self._header, durable=self._durable)
            self._pending = False
