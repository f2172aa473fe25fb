"""Sink: a file in parts is looked at, opened, and compared with what the state says of it, before it is changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from streamreg._exceptions import OutputError
from streamreg._plural import plural
from streamreg._sinks.append_file import AppendFile
from streamreg._sinks.file_place import kind_of
from streamreg._sinks.file_position import FilePosition
from streamreg._sinks.file_read_back import FileReadBack, unread
from streamreg._sinks.open_file import Found, check_file, open_file
from streamreg._sinks.output_file import output_errors
from streamreg._sinks.part_position import PartsPosition, part_path, parts_beside
from streamreg._sinks.parts_sink import PartsSink

if TYPE_CHECKING:
    from streamreg._sinks.contract import Changes, Position, RunTerms
    from streamreg._sinks.rotation import Rotation


class _Standing(NamedTuple):
    """What the file that has the name of the output must be."""

    position: Position | None
    """Where it was left; None: it begins."""

    found: Found
    """What becomes of what it holds then."""

    pending: bool = False
    """Whether it is the last finished part, which has yet to get its name."""


def check_parts(
    path: Path, header: bytes, position: Position | None, terms: RunTerms, found: Found
) -> None:
    """As `open_file.check_file`, for a file in parts.

    Finished parts that were taken away are not missed. Those that are there must have their length, and if the check is
    thorough their bytes.
    """
    _refuse_others(path)
    at = None if position is None else PartsPosition.of(position)
    if at is None:
        _old_parts(path, header, found)
    else:
        for part in at.parts:
            _check_finished(part_path(path, part.time), part.position, thorough=terms.thorough)
    standing = _standing(path, at, found)
    check_file(path, header, standing.position, terms, standing.found)


def open_parts(
    path: Path,
    header: bytes,
    position: Position | None,
    terms: RunTerms,
    found: Found,
    *,
    text_of: Callable[[Changes], bytes],
    rotation: Rotation | None,
) -> PartsSink | None:
    """As `open_file.open_file`, for a file in parts; `rotation` says when a part is finished."""
    _refuse_others(path)
    at = None if position is None else PartsPosition.of(position)
    old = _old_parts(path, header, found) if at is None else []
    standing = _standing(path, at, found)
    file = open_file(path, header, standing.position, terms, standing.found)
    if file is None:
        return None
    assert isinstance(file, AppendFile)
    return PartsSink(
        file,
        at or PartsPosition(FilePosition(0)),
        header,
        text_of,
        rotation,
        pending=standing.pending,
        obsolete=old,
    )


def _standing(path: Path, at: PartsPosition | None, found: Found) -> _Standing:
    if at is None:
        return _Standing(None, found)
    if not at.between:
        return _Standing(at.open.to_json(), found)
    last = at.parts[-1]
    if os.path.lexists(part_path(path, last.time)):
        return _Standing(None, "cut")
    try:
        length = path.stat().st_size
    except OSError:
        length = last.length
    if length == last.length:
        return _Standing(last.position.to_json(), found, pending=True)
    # The part was taken away since: then no more than a header can be here.
    return _Standing(None, "refuse")


def _refuse_others(path: Path) -> None:
    """Raises OutputError if it is no plain file, by its own name: another one could not take its place."""
    if kind_of(path) == "stream":
        raise OutputError(
            f"{path} is a pipe or a device, which has no parts: write to a plain file, or leave rotate away"
        )
    if path.is_symlink():
        raise OutputError(
            f"{path} is a link, which another file cannot take the place of: give rotate the path of the file itself"
        )


def _old_parts(path: Path, header: bytes, found: Found) -> list[Path]:
    """The finished parts of another output of this name. Raises OutputError if they cannot be replaced."""
    old = list(parts_beside(path).values())
    if old and found != "replace":
        raise OutputError(
            f"{old[0]} exists, a finished part of {path}, and there is no state to continue it from: move such parts "
            "away, or write to another path"
        )
    for part in old:
        with output_errors(part), part.open("rb") as file:
            if not file.readline(1 << 16).endswith(_end(header)):
                raise OutputError(f"{part} is no finished part of {path}: move it away")
    return old


def _end(header: bytes) -> bytes:
    """How the headers of all changelogs end."""
    return b",".join(header.rsplit(b",", 2)[1:])


def _check_finished(path: Path, position: FilePosition, *, thorough: bool) -> None:
    try:
        length = path.stat().st_size
    except OSError:
        return
    if length != position.length:
        raise OutputError(
            f"{path} has {plural(length, 'byte')}, but the state says that the run has finished this part with "
            f"{position.length:,}: put it back as it was, or move it away"
        )
    if thorough:
        try:
            FileReadBack(path, position, unread).check_bytes()
        except OutputError as error:
            raise OutputError(f"{path}: {error}: put it back as it was, or move it away") from None
