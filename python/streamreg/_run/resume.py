"""Resume: where a run begins. At the start of everything, or where the state says that the last one ended."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamreg._epoch.outputs import OpenOutput, Outputs
from streamreg._exceptions import SourceError
from streamreg._sinks.append_file import (
    AppendFile,
    refuse_existing,
    refuse_shorter,
    sync_directory,
)
from streamreg._source.contract import Range
from streamreg._state.checkpoint import Checkpoint

if TYPE_CHECKING:
    from streamreg._plan.output import OutputSpec
    from streamreg._plan.plan import Plan
    from streamreg._sinks.contract import Position
    from streamreg._source.contract import Source, Watermarks
    from streamreg._worker.task import Task


def check_outputs(
    outputs: Sequence[OutputSpec], rejects: Path | None, checkpoint: Checkpoint | None
) -> None:
    """Before anything is opened or read: is each output what the state, or its absence, makes one expect?

    Raises:
        OutputError: if the run would overwrite something, or what it should go on from is missing or shorter.
    """
    positions = {} if checkpoint is None else checkpoint.positions
    for output in outputs:
        position = None if checkpoint is None else positions[output.name]
        output.sink.check(output.columns, position)
    if rejects is not None:
        if checkpoint is None:
            refuse_existing(rejects, b"")
        else:
            refuse_shorter(rejects, positions[str(rejects)])


def open_outputs(
    plan: Plan, rejects: Path | None, checkpoint: Checkpoint | None, *, durable: bool
) -> Outputs:
    """New outputs, or those of the last run cut to where its last epoch ended.

    Raises:
        OutputError: if one cannot be written.
    """
    positions = {} if checkpoint is None else checkpoint.positions
    with contextlib.ExitStack() as opened:

        def sinks(outputs: Sequence[OutputSpec]) -> list[OpenOutput]:
            found = []
            for output in outputs:
                sink = output.sink.open(output.columns, positions.get(output.name), durable=durable)
                opened.callback(sink.close)
                found.append(OpenOutput(output, sink))
            return found

        rows, scores = sinks(plan.row_outputs), sinks(plan.score_outputs)
        answers = sinks(plan.result_outputs)
        ledger = None
        if rejects is not None:
            ledger = AppendFile(rejects, resume_at=positions.get(str(rejects)))
            opened.callback(ledger.close)
            if durable and checkpoint is None:
                sync_directory(rejects.absolute().parent)
        opened.pop_all()
    return Outputs(rows, scores, answers, ledger, durable)


def ranges(
    source: Source, watermarks: Mapping[int, Watermarks], checkpoint: Checkpoint | None
) -> dict[int, Range]:
    """What is to be read of each partition.

    Raises:
        SourceError: if the topic lacks messages that were not read yet, or is not the one that was read.
    """
    offsets = {} if checkpoint is None else checkpoint.offsets
    gone = offsets.keys() - watermarks.keys()
    if gone:
        raise SourceError(
            f"topic {source.name!r} has no partition {min(gone)}, but the state has read from it: it is another topic"
        )
    found = {}
    for partition, watermark in watermarks.items():
        start, untouched = _start(source, partition, watermark, checkpoint)
        end = watermark.high if source.mode == "static" else None
        epoch = None if checkpoint is None else checkpoint.leader_epochs.get(partition)
        found[partition] = Range(start, end, untouched, epoch)
    return found


def positions(checkpoint: Checkpoint) -> dict[int, Range]:
    """Where a run would go on, with what the state knows of the messages before."""
    return {
        p: Range(offset, None, p in checkpoint.untouched, checkpoint.leader_epochs.get(p))
        for p, offset in checkpoint.offsets.items()
    }


def _start(
    source: Source, partition: int, watermark: Watermarks, checkpoint: Checkpoint | None
) -> tuple[int, bool]:
    """The first offset to read, and whether the partition's first message is still to be read."""
    if checkpoint is not None and partition in checkpoint.offsets:
        offset = checkpoint.offsets[partition]
        if watermark.low <= offset <= watermark.high:
            return offset, partition in checkpoint.untouched
        why = "were deleted (retention)" if offset < watermark.low else "do not exist"
        raise SourceError(
            f"topic {source.name!r}, partition {partition}: the state goes on at offset {offset}, but the broker has "
            f"{watermark.low} to {watermark.high}: the messages between {why}. Start anew with an empty state and new "
            "files"
        )
    if checkpoint is None and source.begins == "latest":
        return watermark.high, watermark.low == watermark.high
    return watermark.low, True


def first_checkpoint(
    job: Mapping[str, Any],
    task: Task,
    positions: dict[str, Position],
    last: Checkpoint | None,
    identity: str | None,
) -> Checkpoint:
    """The checkpoint at which this run begins: nothing read, or the last one with the partitions there are now."""
    offsets = {partition: r.start for partition, r in task.ranges.items()}
    untouched = {partition for partition, r in task.ranges.items() if r.untouched}
    known = {} if last is None else last.offsets
    began = {
        p: replace(r, end=None, leader_epoch=None) for p, r in task.ranges.items() if p not in known
    }
    if last is None:
        return Checkpoint(job, task.found, offsets, untouched, began, identity, positions=positions)
    began = last.began | began
    return replace(
        last,
        job=job,
        found=task.found,
        offsets=offsets,
        untouched=untouched,
        began=began,
        identity=identity or last.identity,
    )
