"""Resume: where a run begins. At the start of everything, or where the state says that the last one ended."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamreg._exceptions import SourceError
from streamreg._sinks.csv_file import (
    Files,
    FileSink,
    changelog_header,
    refuse_existing,
    refuse_shorter,
    sync_directory,
)
from streamreg._source.contract import Range
from streamreg._state.checkpoint import Checkpoint

if TYPE_CHECKING:
    from streamreg._plan.output import OutputSpec
    from streamreg._plan.plan import Plan
    from streamreg._source.contract import Extent, Source
    from streamreg._worker.pipeline import Task


def check_files(
    outputs: Sequence[OutputSpec], rejects: Path | None, checkpoint: Checkpoint | None
) -> None:
    """Before anything is opened or read: is each output what the state, or its absence, makes one expect?

    Raises:
        OutputError: if a file exists that the run would overwrite, or one that it should continue is missing or
            shorter than the state says.
    """
    for path, header in _paths(outputs, rejects):
        if checkpoint is None:
            refuse_existing(path, header)
        else:
            refuse_shorter(path, checkpoint.lengths[str(path)])


def open_files(
    plan: Plan, rejects: Path | None, checkpoint: Checkpoint | None, *, sync: bool
) -> Files:
    """New files, or those of the last run cut to where its last epoch ended.

    Raises:
        OutputError: if a file cannot be written.
    """
    with contextlib.ExitStack() as opened:

        def sinks(paths: Sequence[tuple[Path, bytes]]) -> list[FileSink]:
            found = []
            for path, header in paths:
                resume_at = None if checkpoint is None else checkpoint.lengths[str(path)]
                found.append(FileSink(path, header, resume_at=resume_at))
                opened.callback(found[-1].close)
            return found

        files = Files(
            sinks(_paths(plan.row_outputs, None)),
            sinks(_paths(plan.score_outputs, None)),
            sinks(_paths(plan.answer_outputs, None)),
            sinks(_paths([], rejects)),
            sync,
        )
        if sync and checkpoint is None:
            for directory in {file.path.absolute().parent for file in files.all()}:
                sync_directory(directory)
        opened.pop_all()
    return files


def _paths(outputs: Sequence[OutputSpec], rejects: Path | None) -> list[tuple[Path, bytes]]:
    """The files, and how a new one begins."""
    paths = [(Path(output.path), changelog_header(output.names)) for output in outputs]
    return paths if rejects is None else [*paths, (rejects, b"")]


def ranges(
    source: Source, extents: Mapping[int, Extent], checkpoint: Checkpoint | None
) -> dict[int, Range]:
    """What is to be read of each partition.

    Raises:
        SourceError: if the topic lacks messages that were not read yet, or is not the one that was read.
    """
    offsets = {} if checkpoint is None else checkpoint.offsets
    gone = offsets.keys() - extents.keys()
    if gone:
        raise SourceError(
            f"topic {source.name!r} has no partition {min(gone)}, but the state has read from it: it is another topic"
        )
    found = {}
    for partition, extent in extents.items():
        start, fresh = _start(source, partition, extent, checkpoint)
        found[partition] = Range(start, extent.high if source.mode == "static" else None, fresh)
    return found


def _start(
    source: Source, partition: int, extent: Extent, checkpoint: Checkpoint | None
) -> tuple[int, bool]:
    """The first offset to read, and whether the partition's first message may be a header still to come."""
    if checkpoint is not None and partition in checkpoint.offsets:
        offset = checkpoint.offsets[partition]
        if extent.low <= offset <= extent.high:
            return offset, checkpoint.fresh[partition]
        why = "were deleted (retention)" if offset < extent.low else "do not exist"
        raise SourceError(
            f"topic {source.name!r}, partition {partition}: the state goes on at offset {offset}, but the broker has "
            f"{extent.low} to {extent.high}: the messages between {why}. Start anew with an empty state and new files"
        )
    if checkpoint is None and source.begins == "latest":
        return extent.high, extent.low == extent.high
    return extent.low, True


def first_checkpoint(
    job: Mapping[str, Any], task: Task, lengths: dict[str, int], last: Checkpoint | None
) -> Checkpoint:
    """The checkpoint at which this run begins: nothing read, or the last one with the partitions there are now."""
    offsets = {partition: r.start for partition, r in task.ranges.items()}
    fresh = {partition: r.fresh for partition, r in task.ranges.items()}
    known = {} if last is None else last.offsets
    began = {p: replace(r, end=None) for p, r in task.ranges.items() if p not in known}
    if last is None:
        return Checkpoint(job, task.header, offsets, fresh, began, lengths=lengths)
    return replace(last, job=job, offsets=offsets, fresh=fresh, began=last.began | began)
