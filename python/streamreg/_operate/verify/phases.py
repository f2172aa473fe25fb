"""Verify: a job that was changed has read its topic in phases: each by its own columns, into the outputs it had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from streamreg._dataclass import dataclass
from streamreg._formats.contract import Input
from streamreg._formats.metadata import Metadata
from streamreg._formats.registry import described
from streamreg._operate.verify.check import Check
from streamreg._source.contract import Range
from streamreg._state.changed_source import SOURCE
from streamreg._state.program_data import IN_ORDER

if TYPE_CHECKING:
    from streamreg._plan.plan import Plan
    from streamreg._state.checkpoint import Checkpoint
    from streamreg._worker.partial import Partial
    from streamreg._worker.task import Task


@dataclass(frozen=True)
class Phase:
    """What was read between two changes of a job."""

    task: Task
    silent: tuple[int, ...] = ()
    """The row outputs that had not begun yet."""

    def heard(self, partial: Partial) -> Partial:
        """What a partial came to then."""
        for index in self.silent if partial.rows else ():
            partial.outputs[index] = []
        return partial


def phases(plan: Plan, checkpoint: Checkpoint, task: Task) -> Iterator[Phase]:
    """The phases of a reading, one after another; those in which nothing was read are left out."""
    since = [checkpoint.since.get(output.name, 0) for output in plan.row_outputs]
    cuts = [change["offsets"] for change in checkpoint.changed]
    for number in range(len(cuts) + 1):
        ranges = {}
        for partition, whole in task.ranges.items():
            end = whole.end or 0
            # A partition that a change does not know came after it.
            begin = cuts[number - 1].get(partition, whole.start) if number else whole.start
            until = cuts[number].get(partition, whole.start) if number < len(cuts) else end
            begin, until = min(begin, end), min(until, end)
            if begin < until:
                first = begin == whole.start
                ranges[partition] = (
                    replace(whole, end=until) if first else Range(begin, until, untouched=False)
                )
        if ranges:
            input = _input(plan, checkpoint, number)
            silent = tuple(index for index, begun in enumerate(since) if begun > number)
            yield Phase(replace(task, ranges=ranges, input=input or plan.input), silent)


def not_comparable(plan: Plan, checkpoint: Checkpoint) -> Check | None:
    """Why the topic cannot say what the messages before a change have come to; None if it can."""
    subject = "messages before the job was changed"
    if any(change.get("judged") for change in checkpoint.changed):
        why = "what the job computed then has rejected other messages than what it computes now"
    elif any(_input(plan, checkpoint, number) is None for number in range(len(checkpoint.changed))):
        why = "they were read by a format of the program's own with other columns"
    else:
        return None
    return Check(
        subject, f"not compared, and so nothing that follows from them: {why}", compared=False
    )


def _input(plan: Plan, checkpoint: Checkpoint, number: int) -> Input | None:
    """How the messages of a phase were read; None if nobody can tell."""
    for change in checkpoint.changed[number:]:
        if SOURCE in change:
            return _read_as(plan.input, change[SOURCE])
    return plan.input


def _read_as(input: Input, source: Mapping[str, Any]) -> Input | None:
    format = described(source, input.format)
    if format is None:
        return None
    parts = source.get("metadata")
    columns = {name: source["schema"][name] for name in source[IN_ORDER]}
    metadata = None if parts is None else Metadata(parts)
    return replace(input, format=format, columns=columns, metadata=metadata)
